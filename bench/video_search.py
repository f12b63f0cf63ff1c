"""Questions about a film, asked as people would, and whether the right moment comes first."""

from __future__ import annotations

import io
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.ask.optimise import Score
from scrubjay.core.types import SAMPLE_RATE, Hit, Kind
from scrubjay.media.world.draw import draw
from scrubjay.media.world.film import Film, FilmShot
from scrubjay.media.world.speak import Speaker, any_voice
from scrubjay.media.world.things import Language
from scrubjay.search.query import Query

if TYPE_CHECKING:
    from scrubjay.search.query import Searcher

DEPTH = 5
LEAST_IOU = 0.5
VIDEOS = frozenset({Kind.VIDEO})


@dataclass(frozen=True, slots=True)
class Question:
    """A query and the shot it is about."""

    query: Query
    shot: FilmShot


def ways(film: Film, *, most: int, seed: int) -> Iterator[tuple[str, list[Question]]]:
    """(how it is asked, questions), each way about shots drawn at random.

    Args:
        most: questions of a way.
    """
    random = np.random.default_rng([seed, 1])
    speaker = Speaker()

    def some(shots: Sequence[FilmShot]) -> list[FilmShot]:
        return [shots[int(at)] for at in random.permutation(len(shots))[:most]]

    def spoken(text: str) -> bytes:
        voice = any_voice(Language.ENGLISH, random, held_out=True)
        return wave(speaker.say(text, voice).sound)

    talking = [shot for shot in film.shots if shot.spoken is not None]
    signed = [shot for shot in film.shots if shot.sign is not None]
    yield (
        "what is seen, typed",
        [Question(typed(shot.caption), shot) for shot in some(film.shots)],
    )
    yield (
        "what is seen, by another picture of it",
        [
            Question(
                Query(picture=png(draw(shot.scene, random).picture), k=DEPTH, kinds=VIDEOS), shot
            )
            for shot in some(film.shots)
        ],
    )
    yield (
        "what is seen, spoken by a voice never heard",
        [Question(heard(spoken(shot.caption)), shot) for shot in some(film.shots)],
    )
    yield (
        "what is said, typed",
        [Question(typed(shot.spoken or ""), shot) for shot in some(talking)],
    )
    yield (
        "what is said, spoken by a voice never heard",
        [Question(heard(spoken(shot.spoken or "")), shot) for shot in some(talking)],
    )
    yield (
        "what is written, typed",
        [Question(typed(shot.sign or ""), shot) for shot in some(signed)],
    )


def typed(text: str) -> Query:
    return Query(text=text, k=DEPTH, kinds=VIDEOS)


def heard(sound: bytes) -> Query:
    return Query(sound=sound, k=DEPTH, kinds=VIDEOS)


def asked(searcher: Searcher, questions: Sequence[Question]) -> dict[str, Any]:
    """How often the moment is the first one, and among five; by what it was found; how fast."""
    first: list[bool] = []
    among: list[bool] = []
    by: Counter[str] = Counter()
    took: list[float] = []
    for one in questions:
        result = searcher.search(one.query)
        right = [overlap(hit, one.shot) >= LEAST_IOU for hit in result.hits]
        first.append(bool(right) and right[0])
        among.append(any(right[:DEPTH]))
        if True in right:
            by[result.hits[right.index(True)].evidence[0].kind] += 1
        took.append(result.took_ms.total)
    return {
        "first": Score(tuple(first)).to_json(),
        f"among {DEPTH}": Score(tuple(among)).to_json(),
        "found by": dict(by.most_common()),
        "ms": round(statistics.median(took), 2) if took else None,
    }


def overlap(hit: Hit, shot: FilmShot) -> float:
    """Intersection over union of a moment and a shot, in time."""
    if hit.start_s is None or hit.end_s is None:
        return 0.0
    shared = min(hit.end_s, shot.end_s) - max(hit.start_s, shot.start_s)
    both = max(hit.end_s, shot.end_s) - min(hit.start_s, shot.start_s)
    return max(0.0, shared / both)


def png(picture: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(picture).save(data, "PNG")
    return data.getvalue()


def wave(sound: NDArray[np.float32]) -> bytes:
    import soundfile

    data = io.BytesIO()
    soundfile.write(data, sound, SAMPLE_RATE, format="WAV")
    return data.getvalue()
