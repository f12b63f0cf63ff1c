"""Who is taken for whom: against a count by hand."""

from __future__ import annotations

import numpy as np

from scrubjay.core.types import Modality
from scrubjay.evaluate.confusions import Tally, most_confused, tally
from scrubjay.evaluate.examples import View


def view(modality: Modality, vectors, groups) -> View:
    made = np.asarray(vectors, np.float32)
    n = len(groups)
    return View(modality, made, tuple(groups), ("",) * n, ("",) * n)


def test_counts_are_those_of_a_loop() -> None:
    rng = np.random.default_rng(0)
    asked = [f"g{i % 7}" for i in range(60)]
    offered = [f"g{i % 6}" for i in range(40)]
    queries, gallery = rng.standard_normal((60, 5)), rng.standard_normal((40, 5))
    expected: dict[tuple[str, str], int] = {}
    n = missed = 0
    for q, group in enumerate(asked):
        if group not in offered:
            continue
        n += 1
        scores = gallery.astype(np.float32) @ queries[q].astype(np.float32)
        best = max(range(40), key=lambda at: scores[at])
        if offered[best] != group:
            missed += 1
            pair = tuple(sorted((group, offered[best])))
            expected[pair] = expected.get(pair, 0) + 1
    found: dict[tuple[str, str], Tally] = {}
    counted = tally(
        found,
        "text->image",
        view(Modality.TEXT, queries, asked),
        view(Modality.IMAGE, gallery, offered),
    )
    assert counted == (n, missed)
    assert {pair: one.count for pair, one in found.items()} == expected
    assert [one.count for one in most_confused(found, 3)] == sorted(expected.values())[::-1][:3]


def test_both_directions_of_a_pair_are_one_pair() -> None:
    found: dict[tuple[str, str], Tally] = {}
    crossed = view(Modality.TEXT, [[0, 1], [1, 0]], ["a", "b"])
    shown = view(Modality.IMAGE, [[1, 0], [0, 1]], ["a", "b"])
    tally(found, "text->image", crossed, shown)
    tally(found, "image->text", shown, crossed)
    (one,) = found.values()
    assert (one.first, one.second, one.count) == ("a", "b", 4)
    assert one.by_direction == {"text->image": 2, "image->text": 2}


def test_a_tie_counts_as_taken_for_the_other() -> None:
    found: dict[tuple[str, str], Tally] = {}
    same = view(Modality.TEXT, [[1, 0], [1, 0]], ["a", "b"])
    assert tally(found, "d", same, view(Modality.IMAGE, [[1, 0], [1, 0]], ["a", "b"])) == (2, 2)
