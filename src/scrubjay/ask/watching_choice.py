"""Which scenes of a long video a question is about.

Rankings by what is shown, said and written in them are put together by reciprocal rank fusion
(Cormack, Clarke & Buettcher 2009): by the words a question shares with them, by an encoder's text
tower, and, of a video that is indexed, by the search over its moments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.ask.combining import content_words
from scrubjay.ask.moving import about_movement, named_in_question
from scrubjay.ask.question import Asks, Question, looked_for
from scrubjay.ask.watching_film import Scene
from scrubjay.core.protocols import Encoder
from scrubjay.core.types import Modality

RANK: Final = 60
"""The constant of the fusion."""
BESIDE: Final = 0.5
"""What a ranking counts that the question does not ask for: speech, where it asks what is seen."""
AT_ONCE: Final = 64

Values = NDArray[np.floating[Any]]

Moments = Sequence[tuple[float, float]]
"""(start_s, end_s) of moments a search found, best first."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The scenes to look at, best first.

    Attributes:
        by: what the ranking went by, for people; empty: nothing tells them apart, and they lie
            evenly over the video, in order of time.
    """

    scenes: tuple[Scene, ...]
    by: tuple[str, ...]


def choose(
    scenes: Sequence[Scene],
    question: Question,
    k: int,
    *,
    encoder: Callable[[], Encoder | None] | None = None,
    found: Callable[[], Moments] | None = None,
) -> Chosen:
    """At most `k` scenes that a question is about.

    Args:
        scenes: in order of time.
        encoder: its text tower compares; None: shared words do alone.
        found: moments of the video that a search finds for the question.
    """
    asks = question.asks
    left = [one for one in scenes if _can_answer(one, asks)] or list(scenes)
    moving = about_movement(question.text) is not None
    wanted = (
        named_in_question(question.text) if moving else content_words(looked_for(question.text))
    )
    if len(left) <= k:
        return Chosen(tuple(left), ())
    if not wanted and moving:
        return Chosen(tuple(_changing(left, k)), ())
    if not wanted:
        return Chosen(tuple(_spread(left, k)), ())
    said_counts = 1.0 if asks is Asks.SPEECH else BESIDE
    seen_counts = BESIDE if asks in {Asks.SPEECH, Asks.TEXT} else 1.0
    read_counts = 1.0 if asks is Asks.TEXT else BESIDE
    views = (
        ([_caption(one) for one in left], seen_counts),
        ([one.words for one in left], said_counts),
        ([one.signs for one in left], read_counts),
    )
    points = np.zeros(len(left))
    by = []
    for texts, counts in views:
        shares = np.array([_share(wanted, text) for text in texts])
        points += counts * _points(shares) * shares
        by += ["words"] if shares.any() else []
    tower = None if encoder is None else encoder()
    if tower is not None and Modality.TEXT in tower.spec.modalities:
        query = tower.encode(Modality.TEXT, [looked_for(question.text)])[0]
        for texts, counts in views:
            points += counts * _points(_nearness(tower, query, texts))
        by.append(tower.spec.version or tower.spec.name)
    if found is not None and (moments := found()):
        points += seen_counts * _points(_ranked(left, moments))
        by.append("search")
    order = sorted(range(len(left)), key=lambda at: (-points[at], at))[:k]
    if not by:
        return Chosen(tuple(_spread(left, k)), ())
    return Chosen(tuple(left[at] for at in order), tuple(dict.fromkeys(by)))


def _can_answer(scene: Scene, asks: Asks) -> bool:
    """Whether a scene has what is asked for at all."""
    if asks is Asks.SPEECH:
        return bool(scene.said)
    if asks is Asks.TEXT:
        return bool(scene.read) or "sign" in _caption(scene)
    return True


def _caption(scene: Scene) -> str:
    return scene.caption.text if scene.caption is not None else ""


def _share(wanted: frozenset[str], text: str) -> float:
    return len(wanted & content_words(text)) / len(wanted)


def _points(values: Values) -> Values:
    """1 / (RANK + rank) of each, 0 where the value is none; equal values rank alike."""
    ranks = np.array([1 + int((values > value).sum()) for value in values])
    return np.where(values > 0, 1 / (RANK + ranks), 0.0)


def _nearness(tower: Encoder, query: Values, texts: Sequence[str]) -> Values:
    """Cosine with the question, above 0; 0 where there is no text."""
    near = np.zeros(len(texts))
    there = [at for at, text in enumerate(texts) if text]
    for first in range(0, len(there), AT_ONCE):
        some = there[first : first + AT_ONCE]
        vectors = tower.encode(Modality.TEXT, [texts[at] for at in some])
        near[some] = np.maximum(vectors @ query, 0.0)
    return near


def _ranked(scenes: Sequence[Scene], moments: Moments) -> Values:
    """The higher, the earlier a search found the scene; 0: it did not."""
    values = np.zeros(len(scenes))
    for place, (start, end) in enumerate(moments):
        shared = [one.moment.shared_s(start, end) for one in scenes]
        best = int(np.argmax(shared))
        if shared[best] > 0:
            values[best] = max(values[best], len(moments) - place)
    return values


def _changing(scenes: Sequence[Scene], k: int) -> list[Scene]:
    """Those in which most different pictures stand for the moment."""
    order = sorted(range(len(scenes)), key=lambda at: (-len(scenes[at].keys), at))
    return [scenes[at] for at in sorted(order[:k])]


def _spread(scenes: Sequence[Scene], k: int) -> list[Scene]:
    """Evenly over the video."""
    places = np.linspace(0, len(scenes) - 1, k).round().astype(int)
    return [scenes[at] for at in dict.fromkeys(places.tolist())]
