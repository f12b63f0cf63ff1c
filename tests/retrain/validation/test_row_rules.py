"""One row at a time: each rule at its boundary."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime

import pytest

from scrubjay.core.errors import MissingExtra
from scrubjay.core.types import Kind
from scrubjay.retrain.validation import item_row
from scrubjay.retrain.validation.row_rules import bad_items, says_nothing
from scrubjay.retrain.validation.settings import ValidateSettings
from tests.retrain.made import item

DEFAULT = ValidateSettings()


def reason(settings=DEFAULT, blank=frozenset(), **said):
    bad = bad_items([item(1, **said)], settings, blank=blank)
    return bad[0].reason if bad else None


@pytest.mark.parametrize("text", ["", " ", "\n\t", "-", "...", "\u2013", "\u200b", "\u00a0", "?!"])
def test_a_description_that_says_nothing_is_empty(text):
    assert says_nothing(text)
    assert reason(captions=("a dog", text)) == "an empty description"


@pytest.mark.parametrize("text", ["a", "7", "犬", "🐕", "©", "½", "ـا"])
def test_one_letter_digit_or_symbol_is_a_description(text):
    assert not says_nothing(text)
    assert reason(captions=(text,)) is None


def test_a_description_may_be_as_long_as_allowed_and_not_one_character_longer():
    settings = ValidateSettings(max_description=100)
    assert reason(settings, captions=("a dog", "x" * 100)) is None
    long = reason(settings, captions=("a dog", "x" * 101))
    assert long == "a description of over 100 characters"


def test_length_is_counted_in_characters_not_bytes():
    assert reason(ValidateSettings(max_description=3), captions=("犬犬犬",)) is None


def test_only_a_picture_without_description_fails_and_only_where_one_is_required():
    required = ValidateSettings(require_description=True)
    assert reason(captions=()) is None
    assert reason(required, captions=()) == "no description"
    assert reason(required, captions=("a dog",)) is None
    assert reason(required, captions=(), kind=Kind.SPEECH, duration_s=2.0) is None


def test_an_item_named_blank_that_has_another_description_is_described():
    blank = frozenset({"item-00001"})
    assert reason(blank=blank, captions=()) == "an empty description"
    assert reason(blank=blank, captions=("a dog",)) is None
    assert reason(blank=frozenset({"item-00002"}), captions=()) is None


@pytest.mark.parametrize(
    ("field", "last_good", "first_bad"),
    [
        ("id", "x" * 200, "x" * 201),
        ("id", "x", ""),
        ("tags", ("x" * item_row.MAX_TAG,), ("x" * (item_row.MAX_TAG + 1),)),
        ("tags", ("x",), ("",)),
        ("language", "x" * item_row.MAX_LANGUAGE, "x" * (item_row.MAX_LANGUAGE + 1)),
        ("language", None, ""),
        ("month", "2026-12", "2026-13"),
        ("month", "2026-01", "2026-1"),
        ("sha256", "a" * 64, "a" * 63),
        ("sha256", "0" * 64, "A" * 64),
        ("size", 1, 0),
        ("width", 1, 0),
        ("height", None, -1),
        ("duration_s", 0.0, -0.1),
        ("duration_s", 1.0, float("inf")),
        ("phash", 2**64 - 1, 2**64),
        ("phash", 0, -1),
        ("group", "g", ""),
        ("uris", ("a",), ()),
        ("captions", ("a",), (1,)),
        ("attributes", {"price": 1.5}, {"price": float("nan")}),
        ("attributes", {"many": ("a", "b")}, {"many": ["a", "b"]}),
        ("kind", Kind.IMAGE, "image"),
    ],
)
def test_every_field_has_its_type_and_range(field, last_good, first_bad):
    assert reason(**{field: last_good}) is None
    assert reason(**{field: first_bad}).startswith(field)


@pytest.mark.parametrize(
    "value",
    ["text", True, 7, 2**62, 1.25, date(2026, 11, 1), datetime(2026, 11, 1, 8), ("a", "b"), ()],
)
def test_every_kind_of_attribute_an_item_may_have_passes(value):
    assert reason(attributes={"it": value}) is None


def test_a_reason_does_not_repeat_the_value():
    secret = "x" * 300 + "secret"
    assert "secret" not in reason(tags=(secret,))
    assert len(reason(tags=(secret,))) < 100


def test_rows_are_listed_with_id_and_name_in_the_items_order():
    items = [item(n, captions=("-",) if n % 2 else ("a dog",)) for n in range(6)]
    found = bad_items(items, DEFAULT)
    assert [row.id for row in found] == ["item-00001", "item-00003", "item-00005"]
    assert found[0].path == "/pictures/00001.jpg"


def test_without_pydantic_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydantic", None)
    monkeypatch.delitem(sys.modules, "scrubjay.retrain.validation.item_row", raising=False)
    with pytest.raises(MissingExtra, match=r"scrubjay\[month\]"):
        bad_items([item(1)], DEFAULT)


def test_neither_pydantic_nor_the_language_model_is_imported_before_rows_are_checked():
    code = (
        "import sys, scrubjay.retrain.validation.validate\n"
        "print({'pydantic', 'py3langid', 'torch', 'lancedb'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
