"""Hard negatives mined from an index, against brute force."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scrubjay.core.errors import BadConfig
from scrubjay.core.types import Item, Kind, Modality, Split
from scrubjay.search.hard_negatives import hard_negatives, marked_wrong
from scrubjay.store.feedback import Judgement
from scrubjay.store.generations import Generations
from scrubjay.store.index import Generation, Row
from tests.store.made import item, units

DIM = 8


def indexed(folder: Path, items: list[Item], vectors: NDArray[np.float32]) -> Generation:
    made = Generations(folder / "generations").create("v1", dim=DIM, attribute_types={})
    rows = [
        Row(one, Modality.SPEECH if one.kind is Kind.SPEECH else Modality.IMAGE, "v1")
        for one in items
    ]
    made.add(rows, vectors)
    return made


def things(n: int, *, each: int = 1) -> list[Item]:
    """n groups of so many pictures, all of the train split, no two captions alike."""
    return [
        replace(item(at), group=f"g{at // each}", split=Split.TRAIN, captions=(f"no {at}",))
        for at in range(n * each)
    ]


def brute(
    items: list[Item], vectors: NDArray[np.float32], nearest: int, ceiling: float
) -> dict[str, tuple[str, ...]]:
    groups = list(dict.fromkeys(one.group for one in items))
    means = {}
    for group in groups:
        mean = sum(vectors[at] for at, one in enumerate(items) if one.group == group)
        means[group] = mean / np.linalg.norm(mean)
    found = {}
    for group in groups:
        scores = {one: float(means[group] @ means[one]) for one in groups if one != group}
        kept = [one for one, score in scores.items() if score <= ceiling]
        kept.sort(key=lambda one: -scores[one])
        if kept:
            found[group] = tuple(kept[:nearest])
    return found


@pytest.mark.parametrize(("each", "block"), [(1, 2048), (3, 7), (2, 1)])
def test_the_nearest_are_those_of_brute_force(tmp_path: Path, each: int, block: int) -> None:
    items, vectors = things(40, each=each), units(40 * each, DIM)
    generation = indexed(tmp_path, items, vectors)
    found = hard_negatives(items, generation, nearest=5, ceiling=0.9, block=block)
    assert found == brute(items, vectors, 5, 0.9)


def test_what_looks_or_says_the_same_is_no_negative(tmp_path: Path) -> None:
    items = things(6)
    base = np.zeros((6, DIM), np.float32)
    base[:, 0] = 1.0
    base[range(6), range(1, 7)] = 0.5  # all alike, none too near
    base[5] = base[0] + 0.01  # above the ceiling
    vectors = base / np.linalg.norm(base, axis=1, keepdims=True)
    items[1] = replace(items[1], captions=("No 0.", "another"))  # says what the first says
    items[2] = replace(items[2], phash=0b1011)
    items[3] = replace(items[3], phash=0b1000)  # looks as the one before
    found = hard_negatives(items, indexed(tmp_path, items, vectors), ceiling=0.95)
    assert set(found["g0"]) == {"g2", "g3", "g4"}
    assert set(found["g1"]) == {"g2", "g3", "g4", "g5"}
    assert set(found["g2"]) == {"g0", "g1", "g4", "g5"}
    assert set(found["g5"]) == {"g1", "g2", "g3", "g4"}


def test_what_is_held_out_is_neither_asked_nor_named(tmp_path: Path) -> None:
    items, vectors = things(10), units(10, DIM)
    items[3] = replace(items[3], split=Split.TEST)
    items[4] = replace(items[4], split=Split.VAL)
    found = hard_negatives(items, indexed(tmp_path, items, vectors))
    assert set(found) == {f"g{at}" for at in (0, 1, 2, 5, 6, 7, 8, 9)}
    assert not {"g3", "g4"} & {one for others in found.values() for one in others}


def test_items_without_a_row_are_passed_over(tmp_path: Path) -> None:
    items, vectors = things(6), units(6, DIM)
    found = hard_negatives(items, indexed(tmp_path, items[:4], vectors[:4]))
    assert found == brute(items[:4], vectors[:4], 20, 0.98)
    assert hard_negatives(items[4:], indexed(tmp_path / "b", items[:4], vectors[:4])) == {}


def test_recordings_are_compared_with_recordings(tmp_path: Path) -> None:
    items, vectors = things(8), units(8, DIM)
    items[4:] = [replace(one, kind=Kind.SPEECH) for one in items[4:]]
    found = hard_negatives(items, indexed(tmp_path, items, vectors), ceiling=1.0)
    assert set(found["g0"]) == {"g1", "g2", "g3"}
    assert set(found["g5"]) == {"g4", "g6", "g7"}


def test_what_people_marked_comes_first(tmp_path: Path) -> None:
    items, vectors = things(6), units(6, DIM)
    generation = indexed(tmp_path, items, vectors)
    mined = hard_negatives(items, generation, nearest=2)
    other = next(one for one in ("g1", "g2", "g3", "g4") if one not in mined["g0"])
    marked = {"g0": (other, "g0", "gone"), "gone": ("g0",)}
    found = hard_negatives(items, generation, nearest=2, first=marked)
    assert found["g0"] == (other, *mined["g0"])
    assert found["g1"] == mined["g1"]
    assert "gone" not in found


def test_wrong_hits_are_negatives_of_what_was_asked_for() -> None:
    items = [replace(one, captions=(text,)) for one, text in zip(things(3), "abc", strict=True)]
    wrong, right = (
        lambda query, at: Judgement(query, items[at].id, False),
        lambda query, at: Judgement(query, items[at].id, True),
    )
    assert marked_wrong([wrong("A ", 1)], items) == {"g0": ("g1",), "g1": ("g0",)}
    assert marked_wrong([wrong("x", 1)], items) == {}
    assert marked_wrong([right("x", 2), wrong("x", 1)], items) == {"g2": ("g1",), "g1": ("g2",)}
    newest = marked_wrong([wrong("a", 1), wrong("a", 2)], items)
    assert newest["g0"] == ("g2", "g1")
    assert marked_wrong([wrong("a", 0), Judgement("a", "gone", False)], items) == {}


@pytest.mark.parametrize("wrong", [{"nearest": 0}, {"block": 0}, {"ceiling": 1.5}])
def test_settings_that_cannot_be_are_refused(tmp_path: Path, wrong: dict[str, float]) -> None:
    generation = indexed(tmp_path, things(2), units(2, DIM))
    with pytest.raises(BadConfig, match="hard negatives"):
        hard_negatives(things(2), generation, **wrong)  # type: ignore[arg-type]
