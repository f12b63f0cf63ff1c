from __future__ import annotations

import json

import numpy as np
import pytest

from scrubjay.core.errors import Damaged
from scrubjay.models.builtin_vqa.lexicon import COLOUR, LONGEST, SHAPE, THING, UNKNOWN, Lexicon
from tests.models.builtin_vqa.small import WORDS


def test_a_name_of_several_words_is_one_token() -> None:
    asked = WORDS.read("How many ice creams are there?")
    known = WORDS.known
    assert asked.words.tolist() == [known["how"], known["many"], THING, UNKNOWN, known["there"]]
    assert asked.slots[2].tolist() == [1, -1, -1, -1]
    assert asked.unknown == ("are",)


def test_a_word_may_mean_several_things() -> None:
    orange, left = WORDS.read("orange left").slots
    assert orange.tolist() == [2, -1, 1, -1]
    assert left.tolist() == [-1, -1, -1, 1]
    words = WORDS.read("the red crosses left of a dog").words.tolist()
    known = WORDS.known
    assert words == [known["the"], COLOUR, SHAPE, known["left"], known["of"], known["a"], THING]


def test_case_punctuation_and_length_do_not_matter() -> None:
    assert np.array_equal(WORDS.read("THE DOG?!").words, WORDS.read("the dog").words)
    assert len(WORDS.read("dog " * 500).words) == LONGEST
    assert WORDS.read("?").words.tolist() == [UNKNOWN]


def test_answers_that_cells_show_come_first() -> None:
    sorts = [one.sort for one in WORDS.answers[: WORDS.seen]]
    assert sorts == ["concept"] * 7 + ["word"] * 2 + ["shape"] * 2 + ["colour"] * 2
    assert WORDS.concepts == 9
    assert len(set(WORDS.answers)) == len(WORDS.answers)


def test_it_is_the_same_after_a_file() -> None:
    again = Lexicon.from_json(json.loads(json.dumps(WORDS.to_json())))
    assert again == WORDS
    with pytest.raises(Damaged):
        Lexicon.from_json({"things": [["dog"]]})
