from __future__ import annotations

import re
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.media.attributes import RESERVED, clean, column_names, tags, typed_column

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["1", "-20", "+3"], [1, -20, 3]),
        (["1", "2.5", "-1e3", ".5"], [1.0, 2.5, -1000.0, 0.5]),
        (["true", "False", "TRUE"], [True, False, True]),
        (["2026-11-01"], [date(2026, 11, 1)]),
        (["2026-11-01T10:30:00"], [datetime(2026, 11, 1, 10, 30)]),
        (
            ["2026-11-01 10:30", "2026-11-02"],
            [datetime(2026, 11, 1, 10, 30), datetime(2026, 11, 2)],
        ),
        (["2026-11-01T10:30:00+02:00"], [datetime(2026, 11, 1, 8, 30)]),
        (["2026-11-01T10:30:00Z"], [datetime(2026, 11, 1, 10, 30)]),
        (['["a", "b"]', '["c"]'], [("a", "b"), ("c",)]),
        (["red", "blue"], ["red", "blue"]),
        (["007", "12"], ["007", "12"]),
        (["1", "two"], ["1", "two"]),
        (["2026-02-30"], ["2026-02-30"]),
        (["nan", "1"], ["nan", "1"]),
        (["inf"], ["inf"]),
        (["1,5"], ["1,5"]),
        (["1_000"], ["1_000"]),
        (["١٢"], ["١٢"]),
        (["99999999999999999999"], ["99999999999999999999"]),
        (["12345678901234567", "0.5"], ["12345678901234567", "0.5"]),
        (["true", "1"], ["true", "1"]),
        (["a; b"], ["a; b"]),
    ],
)
def test_a_csv_column_takes_the_narrowest_type_that_holds_all_of_it(
    written: list[str], expected: list[object]
) -> None:
    values = typed_column("price", written)
    assert values == expected
    assert [type(value) for value in values] == [type(value) for value in expected]


def test_an_empty_cell_is_absent_and_decides_nothing() -> None:
    assert typed_column("price", ["", "  ", None, "3"]) == [None, None, None, 3]
    assert typed_column("price", ["", None]) == [None, None]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([1, 2], [1, 2]),
        ([1, 2.5], [1.0, 2.5]),
        (["12", "13"], ["12", "13"]),
        ([True, None], [True, None]),
        ([True, 1], ["true", "1"]),
        ([["a", 1], ["b"]], [("a", "1"), ("b",)]),
        ([{"a": 1}], ['{"a": 1}']),
        (["2026-11-01"], [date(2026, 11, 1)]),
        ([float("nan"), 1.0], ["NaN", "1.0"]),
        ([2**70], [str(2**70)]),
        ([10**400], [str(10**400)]),
    ],
)
def test_a_json_column_keeps_the_types_it_was_written_with(
    cells: list[object], expected: list[object]
) -> None:
    values = typed_column("price", cells, quoted=True)
    assert values == expected
    assert [type(value) for value in values] == [type(value) for value in expected]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("a;b", ("a", "b")),
        ("a | b|a", ("a", "b")),
        ('["a", "b;c"]', ("a", "b;c")),
        (["a", 2], ("a", "2")),
        ("single tag", ("single tag",)),
        ("[not json", ("[not json",)),
        ("; ;", ()),
        (None, ()),
        (7, ("7",)),
    ],
)
def test_tags_are_split(cell: object, expected: tuple[str, ...]) -> None:
    assert tags(cell) == expected


def test_a_column_called_keywords_is_a_list_even_of_one() -> None:
    assert typed_column("keywords", ["x;y", "z", ""]) == [("x", "y"), ("z",), None]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Price", "price"),
        ("Größe (cm)", "grosse_cm_"),
        ("Prix €", "prix"),
        ("2nd colour", "_2nd_colour"),
        ("価格", "column_1"),
        ("", "column_1"),
        ("kind", "kind_"),
        ("uri", "uri_"),
        ("id_", "id_"),
        ("_score", "_score_"),
    ],
)
def test_a_header_becomes_a_safe_name(header: str, name: str) -> None:
    assert column_names([header]) == {header: name}


def test_a_clash_with_an_item_field_gets_a_trailing_underscore() -> None:
    names = column_names(["kind", "kind_", "width", "caption_number", "id_"])
    assert names == {
        "kind": "kind_",
        "kind_": "kind__2",
        "width": "width_",
        "caption_number": "caption_number",
        "id_": "id_",
    }


@given(st.lists(st.text(max_size=20), unique=True, max_size=10))
def test_names_are_distinct_safe_and_never_reserved(headers: list[str]) -> None:
    names = column_names(headers)
    assert set(names) == set(headers)
    assert len(set(names.values())) == len(headers)
    for name in names.values():
        assert re.fullmatch(r"[a-z_][a-z0-9_]*", name)
        assert name not in RESERVED


@given(st.lists(JSON, max_size=6), st.booleans())
def test_any_column_has_one_type_and_can_be_stored(cells: list[object], quoted: bool) -> None:
    values = typed_column("anything", cells, quoted=quoted)
    assert len(values) == len(cells)
    assert len({type(value) for value in values if value is not None}) <= 1
    for value in values:
        assert value is None or type(value) in {bool, int, float, str, tuple, date, datetime}
        if isinstance(value, int):
            assert -(2**63) <= value < 2**63
        if isinstance(value, str):
            assert value.encode()
            assert "\x00" not in value


@given(st.text(alphabet=st.characters(), max_size=20))
def test_clean_text_can_be_encoded(text: str) -> None:
    cleaned = clean(text)
    assert cleaned == cleaned.encode().decode()
    assert cleaned == cleaned.strip()
    assert clean(cleaned) == cleaned


def test_half_a_surrogate_pair_is_replaced_and_a_whole_one_joined() -> None:
    assert clean("a\ud800") == "a\ufffd"
    assert clean("\ud83d\ude00") == "😀"
