"""Without its subject, a question meets exactly what is left."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from scrubjay.evaluate.cutoff import DEPTH, READ
from scrubjay.search.absence import (
    SMALLEST,
    Questions,
    Rows,
    WordIndex,
    clues,
    gallery_sizes,
    observe,
    words_of,
)

DIM = 8


def units(n, seed):
    rows = np.random.default_rng(seed).standard_normal((n, DIM)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def encode(texts):
    """Any text, always the same way."""
    return np.concatenate([units(1, zlib.crc32(text.encode())) for text in texts])


def rows_saying(captions, seed=0):
    return Rows(
        units(len(captions), seed),
        np.arange(len(captions)),
        tuple(captions),
        tuple(words_of([one]) for one in captions),
    )


def asking(texts, groups, seed=1, places=None):
    return Questions(
        units(len(texts), seed),
        np.array(groups),
        tuple(texts),
        tuple(words_of([one]) for one in texts),
        np.full(len(texts), -1) if places is None else np.array(places),
    )


def test_words_are_those_that_can_tell() -> None:
    said = words_of(["Two HAMMERS, an Äpfel-tree", "in 2026"])
    assert said == {"two", "hammers", "äpfel", "tree"}


@pytest.mark.parametrize(
    ("word", "others"),
    [
        ("hammer", {"hammers"}),
        ("berries", {"berry"}),
        ("hund", {"hunde"}),
        ("cat", {"cats"}),
        ("horse", set()),
    ],
)
def test_a_word_is_found_in_its_other_endings(word, others) -> None:
    vocabulary = [word, "hammers", "berry", "hunde", "cats", "house", "hamster", "beryllium"]
    index = WordIndex([{one} for one in vocabulary])
    found = {vocabulary[at] for at in index.saying(word)}
    assert found == {word, *others}


def test_rare_words_tell_what_a_question_is_about_and_common_ones_do_not() -> None:
    said = [{"five", "hammers"}, {"five", "ducks"}] * 5 + [{"five", "geese"}] * 290
    said[0] = {"five", "hammers", "anvil"}
    index = WordIndex(said)
    assert list(index.about({"five", "hammer"})) == [0, 2, 4, 6, 8]
    assert list(index.about({"anvil", "duck"})) == [0, 1, 3, 5, 7, 9]
    assert list(index.about({"five"})) == []
    assert list(index.about({"nowhere"})) == []


def test_the_rarest_word_tells_where_none_is_rare() -> None:
    index = WordIndex([{"red", "kite"}] * 2 + [{"red", "boat"}] * 18)
    assert list(index.about({"red", "kites"})) == [0, 1]


def test_galleries_hold_one_another_and_the_last_holds_everything() -> None:
    assert gallery_sizes(100_000) == (1_562, 6_250, 25_000, 100_000)
    assert gallery_sizes(60) == (60,)
    assert gallery_sizes(10) == (10,)
    assert min(gallery_sizes(4 * SMALLEST)) == SMALLEST


def test_what_is_observed_is_what_a_plain_search_finds() -> None:
    """Against the same, one question after the other and nothing clever."""
    random = np.random.default_rng(3)
    things = ["hammer", "duck", "kite", "boat", "sun", "bell", "rose", "crab"]
    captions = [f"a {things[int(random.integers(8))]} number{at}" for at in range(200)]
    rows = rows_saying(captions)
    asked = list(range(60))
    questions = asking([f"the {captions[at].split()[1]}s" for at in asked], asked)
    seen = observe(questions, rows, encode=encode, seed=4)
    order = np.random.default_rng(4).permutation(200)
    assert seen.sizes == (50, 200)
    for step, size in enumerate(seen.sizes):
        for place, group in enumerate(seen.absent_groups):
            thing = captions[asked[group]].split()[1]
            left = [at for at in order[:size] if captions[at].split()[1] != thing]
            naive = naive_clues(questions.vectors[group], rows, left)
            assert seen.absent[step][place] == pytest.approx(naive, abs=1e-5)
        for place, group in enumerate(seen.answerable_groups):
            there = sorted({*order[:size].tolist(), asked[group]})
            naive = naive_clues(questions.vectors[group], rows, there)
            assert seen.answerable[step][place] == pytest.approx(naive, abs=1e-5)


def naive_clues(query, rows, there):
    best = sorted(there, key=lambda at: -float(rows.vectors[at] @ query))[:DEPTH]
    cosines = [float(rows.vectors[at] @ query) for at in best]
    read = [float(encode([rows.captions[at]])[0] @ query) for at in best[:READ]]
    return [cosines[0], np.mean(cosines[1:]), max(read), np.mean(read)]


def test_a_picture_is_no_answer_to_itself() -> None:
    rows = rows_saying([f"word{at}" for at in range(100)])
    itself = Questions(rows.vectors[:50], np.arange(50), ("",) * 50, rows.words[:50], np.arange(50))
    seen = observe(itself, rows, encode=None)
    assert len(seen.answerable_groups) == 0
    assert seen.absent[-1][:, 0].max() < 0.999
    two = Rows(
        np.concatenate([rows.vectors, rows.vectors[:50]]),
        np.concatenate([rows.groups, rows.groups[:50]]),
        rows.captions + rows.captions[:50],
        rows.words + rows.words[:50],
    )
    twice = observe(itself, two, encode=None)
    assert twice.answerable[-1][:, 0] == pytest.approx(np.ones(50), abs=1e-5)
    assert twice.absent[-1][:, 0].max() < 0.999


def test_the_very_words_that_are_asked_with_are_not_read() -> None:
    captions = [f"thing{at}" for at in range(60)]
    rows = rows_saying(captions)
    questions = Questions(
        rows.vectors[:50],
        np.arange(50),
        tuple(one.upper() for one in captions[:50]),
        rows.words[:50],
        np.full(50, -1),
    )
    seen = observe(questions, rows, encode=encode)
    own = np.concatenate([encode([one]) for one in captions[:50]])
    told = (own * questions.vectors).sum(axis=1)
    assert (np.abs(seen.answerable[-1][:, 2] - told) > 1e-6).all()


def test_what_nobody_described_is_left_out() -> None:
    rows = rows_saying([*(f"thing{at}" for at in range(60)), *[""] * 40])
    questions = asking([f"thing{at}" for at in range(50)], range(50))
    assert observe(questions, rows, encode=None).sizes[-1] == 60


def test_clues_of_one_hit_without_a_caption() -> None:
    query = units(1, 0)[0]
    made = clues(query, np.array([0.5], np.float32), None)
    assert made[:2] == pytest.approx([0.5, 0.5])
    assert np.isnan(made[2:]).all()
