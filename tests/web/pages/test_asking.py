"""The search form as it was sent, and the query and the addresses it means."""

from __future__ import annotations

import io
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from scrubjay.core.errors import BadMedia
from scrubjay.core.types import Kind
from scrubjay.store.where import Column, compile_where
from scrubjay.web.pages.asking import PAGE, Asked, Example, Filters, read_asked, read_example

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)
COLUMNS = {
    name: Column(name, "list<string>" if name == "tag" else "string")
    for name in ("month", "language", "tag", "kind", "colour")
}


def asked_at(address: str) -> Asked:
    """What an address asks when it is opened."""
    pairs = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    return read_asked(dict(pairs), [value for name, value in pairs if name == "kind"])


def test_nothing_sent_asks_nothing() -> None:
    asked = read_asked({"q": "  ", "month": "", "words": ""}, [])
    assert asked.idle
    assert not asked.filters.chosen
    assert asked.here == "/"


def test_words_become_a_query_with_a_cutoff_unless_all_is_wanted() -> None:
    query = read_asked({"q": " a red star "}, ["image", "nothing"]).query()
    assert (query.text, query.k, query.cutoff) == ("a red star", PAGE, True)
    assert query.kinds == {Kind.IMAGE}
    assert not read_asked({"q": "x", "all": "1"}, []).query().cutoff


@pytest.mark.parametrize(
    ("sent", "weights"),
    [
        ({"q": "night", "like": "a"}, {}),
        ({"q": "night", "like": "a", "words": "80"}, {"text": 0.8, "like": pytest.approx(0.2)}),
        ({"q": "night", "words": "80"}, {}),
        ({"q": "night", "like": "a", "words": "-1"}, {}),
        ({"q": "night", "like": "a", "words": "9999"}, {"text": 1.0, "like": 0.0}),
        ({"q": "night", "like": "a", "words": "\u0663"}, {}),
    ],
)
def test_words_beside_an_item_count_as_much_as_was_said(
    sent: dict[str, str], weights: dict[str, float]
) -> None:
    assert dict(read_asked(sent, []).query().weights) == weights


@given(
    text=TEXTS.map(str.strip),
    like=TEXTS,
    words=st.integers(0, 100),
    kinds=st.lists(st.sampled_from(list(Kind)), unique=True),
    tag=TEXTS.map(str.strip),
    where=TEXTS.map(str.strip),
)
def test_an_address_asks_what_it_was_made_of(
    text: str, like: str, words: int, kinds: list[Kind], tag: str, where: str
) -> None:
    filters = Filters(tuple(one.value for one in kinds), "2026-11", "de", tag, where)
    asked = Asked(text, like, words=words, filters=filters)
    there = asked_at(asked.here)
    assert there.filters == filters
    assert there.text == text
    assert there.like_id == like
    assert not asked.mixed or there.words == words
    assert asked_at(asked.anyway).everything
    assert asked_at(asked.here_after("c")).after == "c"
    assert not asked_at(asked.without_filters).filters.chosen
    assert asked_at(asked.without_like).like_id == ""


@given(tag=TEXTS.map(str.strip).filter(bool), month=TEXTS.map(str.strip).filter(bool))
def test_whatever_is_chosen_is_a_value_and_never_a_condition(tag: str, month: str) -> None:
    condition = Filters(("image",), month=month, tag=tag).condition(with_kinds=True)
    assert condition is not None
    compiled = compile_where(condition, COLUMNS)
    assert compiled.count(" AND ") - tag.count(" AND ") - month.count(" AND ") >= 2


def test_a_file_is_known_by_its_bytes() -> None:
    picture, sound = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    soundfile.write(sound, np.zeros(800), 16_000, format="WAV")
    shown = Asked(example=read_example("beach.png", picture.getvalue()))
    said = Asked(text="at night", example=read_example("recording.wav", sound.getvalue()))
    assert (shown.query().picture_name, shown.query().sound) == ("beach.png", None)
    assert (said.query().sound_name, said.query().text) == ("recording.wav", "at night")
    assert "beach.png" in shown.subject
    assert said.subject == "what you said and \u201cat night\u201d"
    with pytest.raises(BadMedia, match=r"notes\.txt"):
        read_example("notes.txt", b"hello")


def test_an_example_and_words_are_weighed_against_each_other() -> None:
    asked = Asked("night", example=Example("a.png", b"", Kind.IMAGE), words=30)
    assert dict(asked.query().weights) == {"text": 0.3, "image": 0.7}
