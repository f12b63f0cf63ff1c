"""A collection asks itself: its held-out items' questions, with and without what they are about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.protocols import Encoder, Progress, silent
from scrubjay.core.types import Item, Kind, Modality
from scrubjay.evaluate.cutoff import FEWEST, LEAST, Law, chosen, fit_laws
from scrubjay.search.absence import Encode, Questions, Rows, observe, words_of
from scrubjay.search.cutoff import Calibration, direction, rows_cut
from scrubjay.search.embed import BATCH_SIZE, middle
from scrubjay.store.index import Generation

KIND_OF: Final = {modality: Kind(modality.value) for modality in Modality}
"""The kind of item that is wholly of a tower; a video is of several, and is never cut."""

QUESTIONS: Final = 300
"""Of each sort."""
MOST_ROWS: Final = 100_000
"""Of a larger collection so many items are looked at; the law says the rest."""
PAGE: Final = 10_000
NO_QUESTIONS: Final = "too few questions"
TOO_ALIKE: Final = "cannot tell them apart"


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """One kind of item of a generation, a row an item.

    Attributes:
        items: n of them.
        vectors: (n, dim) unit rows; of a recording with several windows their middle.
    """

    items: tuple[Item, ...]
    vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was fitted, and everything that was tried.

    Attributes:
        tried: `text->image` -> every law that could be fitted, the simplest first.
    """

    calibration: Calibration
    tried: Mapping[str, tuple[Law, ...]]

    def to_json(self) -> list[dict[str, Any]]:
        """The documented JSON objects: a direction each, with both shares or why nothing is cut."""
        laws = {
            name: {
                "way": some[0].way,
                "rows": some[0].rows,
                "kept": some[0].measured.kept,
                "empty": some[0].measured.empty,
            }
            for name, some in self.calibration.laws.items()
        }
        untold = {name: {"why": why} for name, why in self.calibration.untold.items()}
        return [{"name": name, **(laws | untold)[name]} for name in self.tried]


def calibrate(
    generation: Generation,
    items: Iterable[Item],
    encoder: Encoder,
    *,
    asking: frozenset[str],
    seed: int = 0,
    progress: Progress = silent,
) -> Fitted:
    """Fit a cutoff for every sort of question and every kind of item a generation holds.

    Questions are what the asking items' groups say (text), show (pictures) or sound like. The same
    generation, items and seed give the same answer.

    Args:
        items: of the catalog; those without a row in the generation count for nothing.
        asking: ids of items the encoder did not learn from.
    """
    progress("fitting the cutoff", 0, None)
    counted, there = rows_cut(generation), generation.embedded().keys()
    every = {item.id: item for item in items if item.id in there and item.kind in KIND_OF.values()}
    kinds = dict(sorted(Counter(item.kind for item in every.values()).items()))
    held = {}
    if len(every.keys() & asking) >= FEWEST:
        held = _held(generation, every, asking, seed)
    said = _said(every.values())
    groups = {group: at for at, group in enumerate(sorted(said))}
    laws: dict[str, tuple[Law, ...]] = {}
    tried: dict[str, tuple[Law, ...]] = {}
    untold: dict[str, str] = {}
    encode = _encode(encoder)
    sorts = [(asked, kind) for asked in Modality for kind in kinds]
    for done, (asked, kind) in enumerate(sorts, start=1):
        name = direction(asked, kind)
        tried[name] = ()
        random = np.random.default_rng([seed, done])
        questions = None
        if kind in held and asked is Modality.TEXT and encode is not None:
            questions = _typed(held[kind], asking, groups, said, encode, random)
        elif kind in held and asked is not Modality.TEXT and KIND_OF[asked] in held:
            questions = _shown(held[KIND_OF[asked]], held[kind], asking, groups, said, random)
        if questions is not None and len(questions) >= FEWEST:
            rows = _rows(held[kind], groups, said)
            tried[name] = fit_laws(observe(questions, rows, encode=encode, seed=seed), seed=seed)
        if good := chosen(tried[name]):
            laws[name] = good
        else:
            untold[name] = why_untold(tried[name])
        progress("fitting the cutoff", done, len(sorts))
    spec = encoder.spec
    calibration = Calibration(spec.version, spec.fingerprint, counted, kinds, laws, untold)
    return Fitted(calibration, tried)


def why_untold(tried: Sequence[Law]) -> str:
    """Why nothing is cut, in words."""
    if not tried:
        return (
            f"{NO_QUESTIONS}: at least {FEWEST} held-out questions with an answer and as many "
            f"without are needed"
        )
    best = max(tried, key=lambda law: law.measured.worse).measured
    return (
        f"{TOO_ALIKE}: at best {100 * best.kept:.0f}% of what can be answered would be kept and "
        f"{100 * best.empty:.0f}% of what is absent come back empty; below {100 * LEAST:.0f}% "
        f"nothing is cut"
    )


def _encode(encoder: Encoder) -> Encode | None:
    if Modality.TEXT not in encoder.spec.modalities:
        return None

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        pieces = [
            encoder.encode(Modality.TEXT, texts[start : start + BATCH_SIZE])
            for start in range(0, len(texts), BATCH_SIZE)
        ]
        return np.concatenate(pieces) if pieces else np.empty((0, encoder.spec.dim), np.float32)

    return encode


def _held(
    generation: Generation, items: Mapping[str, Item], asking: Collection[str], seed: int
) -> dict[Kind, Held]:
    """Every item of a small collection; of a large one those that ask, and others at random."""
    there = sorted(items)
    if len(there) > MOST_ROWS:
        order = np.random.default_rng(seed).permutation(len(there))
        asked = [one for one in there if one in asking]
        there = sorted({*asked[: MOST_ROWS // 2], *(there[at] for at in order[: MOST_ROWS // 2])})
    wanted = set(there)
    found: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    for page in generation.pages(PAGE):
        ids = page.rows["id"].to_pylist()
        flat = page.rows["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        vectors = flat.reshape(len(ids), generation.dim).astype(np.float32, copy=False)
        for item_id, vector in zip(ids, vectors, strict=True):
            if item_id in wanted:
                found[item_id].append(vector)
    held: dict[Kind, list[str]] = defaultdict(list)
    for item_id in sorted(found):
        held[items[item_id].kind].append(item_id)
    return {
        kind: Held(
            tuple(items[one] for one in ids),
            np.stack([middle(_settled(found[one])) for one in ids]),
        )
        for kind, ids in held.items()
    }


def _settled(windows: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """(n, dim) an item's rows in an order of their own, whatever order they were written in."""
    rows = np.stack(windows)
    return rows[np.lexsort(rows.T)]


def _said(items: Iterable[Item]) -> dict[str, tuple[str, ...]]:
    """Content group -> every caption of it."""
    said: dict[str, dict[str, None]] = defaultdict(dict)
    for item in sorted(items, key=lambda one: one.id):
        said[item.group].update(dict.fromkeys(item.captions))
    return {group: tuple(captions) for group, captions in said.items()}


def _rows(held: Held, groups: Mapping[str, int], said: Mapping[str, Sequence[str]]) -> Rows:
    return Rows(
        held.vectors,
        np.array([groups[item.group] for item in held.items], np.int64),
        tuple(item.captions[0] if item.captions else "" for item in held.items),
        tuple(words_of(said[item.group]) for item in held.items),
    )


def _typed(
    held: Held,
    asking: Collection[str],
    groups: Mapping[str, int],
    said: Mapping[str, Sequence[str]],
    encode: Encode,
    random: np.random.Generator,
) -> Questions | None:
    """What somebody might type of each content group: rather not the wording its hit shows."""
    shown = {item.group: item.captions[:1] for item in reversed(held.items)}
    mine = sorted({item.group for item in held.items if item.id in asking and said[item.group]})
    texts: list[tuple[str, str]] = []
    for group in _some(mine, random):
        others = [one for one in said[group] if one not in shown[group]] or said[group]
        texts.append((group, others[int(random.integers(len(others)))]))
    if not texts:
        return None
    return Questions(
        encode([text for _, text in texts]),
        np.array([groups[group] for group, _ in texts], np.int64),
        tuple(text for _, text in texts),
        tuple(words_of([text]) for _, text in texts),
        np.full(len(texts), -1),
    )


def _shown(
    asker: Held,
    held: Held,
    asking: Collection[str],
    groups: Mapping[str, int],
    said: Mapping[str, Sequence[str]],
    random: np.random.Generator,
) -> Questions | None:
    """A picture or recording of each content group that has another item as its answer."""
    answers = Counter(item.group for item in held.items)
    itself = asker is held
    of_group: dict[str, int] = {}
    for at, item in enumerate(asker.items):
        if item.id in asking and answers[item.group] > itself:
            of_group.setdefault(item.group, at)
    places = [of_group[group] for group in _some(sorted(of_group), random)]
    if not places:
        return None
    items = [asker.items[at] for at in places]
    return Questions(
        asker.vectors[places],
        np.array([groups[item.group] for item in items], np.int64),
        ("",) * len(places),
        tuple(words_of(said[item.group]) for item in items),
        np.array(places, np.int64) if itself else np.full(len(places), -1),
    )


def _some(groups: Sequence[str], random: np.random.Generator) -> list[str]:
    """At most QUESTIONS of them, in order."""
    return [groups[at] for at in sorted(random.permutation(len(groups))[:QUESTIONS])]
