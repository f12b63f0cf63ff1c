"""Texts of any language become the same rows everywhere."""

import unicodedata
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.core.errors import BadMedia, Damaged
from scrubjay.models.builtin.text import HashedText, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A Red  apple!", ["a", "red", "apple"]),
        ("", []),
        (" ?! ... ", []),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("ﬁne №5", ["fine", "no5"]),
        ("I ❤ jays 😀", ["i", "❤", "jays", "😀"]),
        ("Привет, мир", ["привет", "мир"]),
        ("ネコが好き", ["ネコ", "コが", "が好", "好き", "き"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("مَرْحَبًا بك", ["مَرْحَبًا", "بك"]),
        ("well-known", ["well", "known"]),
    ],
)
def test_words_are_found_in_any_script(text, words):
    assert words_of(text, limit=99) == [unicodedata.normalize("NFKC", word) for word in words]


def test_both_ways_to_write_an_accent_are_one():
    read = HashedText()
    composed, apart = "café", unicodedata.normalize("NFD", "café")
    assert composed != apart
    assert np.array_equal(read([composed])["features"], read([apart])["features"])


def test_a_word_s_rows_are_its_own_and_those_of_its_ngrams():
    rows = HashedText(buckets=1000)(["jay"])["features"]
    parts = ["<jay>", "<ja", "jay", "ay>", "<jay", "jay>"]  # the 5-gram is the word itself
    assert rows.tolist() == [[[1 + zlib.crc32(part.encode()) % 999 for part in parts]]]


def test_related_spellings_share_rows():
    jay, jays, owl = (
        set(HashedText()([word])["features"].ravel()) for word in ("jay", "jays", "owl")
    )
    assert len(jay & jays) >= 3
    assert not jay & owl


def test_a_batch_is_padded_with_the_empty_row_and_no_further_than_needed():
    features = HashedText()(["jay", "", "a red apple"])["features"]
    assert features.dtype == np.int64
    assert features.shape == (3, 3, 13)
    assert not features[1].any()
    assert not features[0, 1:].any()


def test_what_is_too_long_is_cut():
    read = HashedText(words=4, features=8)
    assert read(["one two three four five"])["features"].shape[1] == 4
    assert read(["incomprehensibilities"])["features"].shape[2] == 8
    assert read(["x" * 1_000_000])["features"].shape[:2] == (1, 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=5))
def test_any_text_is_read_and_rows_stay_in_the_table(texts):
    features = HashedText(words=5, buckets=64)(texts)["features"]
    assert features.shape[0] == len(texts)
    assert features.shape[1] <= 5
    assert ((features >= 0) & (features < 64)).all()


def test_half_a_surrogate_pair_is_read_too():
    assert HashedText()(["broken \ud83d name"])["features"].any()


def test_what_is_no_text_is_refused():
    with pytest.raises(BadMedia, match="ndarray"):
        HashedText()([np.zeros(4, np.float32)])


def test_settings_travel_as_json():
    read = HashedText(words=7, features=9, buckets=33)
    assert HashedText.from_json(read.to_json()) == read
    for broken in ({}, {**read.to_json(), "words": 0}, {**read.to_json(), "buckets": "many"}):
        with pytest.raises(Damaged):
            HashedText.from_json(broken)
