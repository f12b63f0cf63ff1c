"""An answer's text: plain, citing only what there is, the same whole or in pieces."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.ask.writing import Writing, cited, percent, plain, written

TEXTS = st.text(st.sampled_from(list("ab [],123]\x1b[m;\x07\n\t\r\u202e\u200b\\é<|>")), max_size=60)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("red", "red"),
        ("red \x07", "red"),
        ("  red \n", "red"),
        ("red [1].", "red [1]."),
        ("red [9].", "red."),
        ("red [1, 9] and [2,1]", "red [1] and [2] [1]"),
        ("a [x] b", "a [x] b"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;owned\x07red", "red"),
        ("one\r\ntwo\tthree", "one\ntwo three"),
        ("pass\u202eword", "password"),
        ("x\x00y\x7f", "xy"),
        ("\x1b", ""),
        ("[", "["),
        ("[1", "[1"),
    ],
)
def test_what_is_kept_of_a_text(said, text):
    assert written(said, (1, 2)) == text


@given(TEXTS, st.lists(st.integers(1, 60), max_size=8), st.sets(st.integers(1, 4)))
def test_pieces_join_to_the_text_and_never_cite_or_steer(said, cuts, numbers):
    pieces = []
    writing = Writing(numbers, pieces.append)
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(said)], strict=True):
        writing.add(said[start:end])
    text = writing.end()
    assert "".join(pieces) == text
    assert set(cited(text)) <= numbers
    odd = {unicodedata.category(one) for one in text if one != "\n"}
    assert not odd & {"Cc", "Cf", "Cs", "Co", "Cn"}
    assert text == text.strip()


@given(TEXTS)
def test_a_plain_text_stays_as_it_is(said):
    once = plain(said)
    assert plain(once) == once


def test_letters_of_every_script_and_joiners_stay():
    text = "नमस्ते क्\u200dष العربية 中文 emoji 🐦 é"
    assert plain(text) == text
    assert written(text, ()) == text


@given(st.floats(0, 1))
def test_only_a_certainty_is_a_hundred_percent(chance):
    shown = percent(chance)
    assert (shown == "100%") == (chance >= 1)
    assert abs(int(shown[:-1]) - 100 * chance) <= 1
