from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Kind
from scrubjay.store.attributes import (
    EXACT_INT,
    MAX_ATTRIBUTES,
    arrow_types,
    column_name,
    columns_in,
    fitting,
    new_fields,
    normalised,
    read_back,
    settled_types,
    type_of,
    types_in,
)
from tests.store.made import item


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "bool"),
        (1, "int64"),
        (1.0, "float64"),
        ("1", "string"),
        (date(2026, 1, 1), "date32"),
        (datetime(2026, 1, 1), "timestamp"),
        (("a",), "list<string>"),
        ((), "list<string>"),
        (Kind.IMAGE, "string"),
    ],
)
def test_each_python_type_has_its_column_type(value, kind):
    assert type_of(value) == kind


values = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    st.dates(),
    st.datetimes(),
    st.lists(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))).map(
        tuple
    ),
)


@given(values)
def test_a_value_comes_back_from_its_column_as_it_went_in(value):
    kind = type_of(value)
    array = pa.array([fitting(value, kind), None], arrow_types()[kind])
    back, absent = map(read_back, array.to_pylist())
    assert back == value
    assert type(back) is type(value)
    assert absent is None


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(st.sets(names, max_size=5))
def test_any_name_becomes_a_column_of_its_own_and_comes_back(attributes):
    schema = pa.schema(
        [pa.field("kind", pa.string()), *new_fields(dict.fromkeys(attributes, "bool"))]
    )
    assert types_in(schema) == dict.fromkeys(attributes, "bool")
    assert len(set(columns_in(schema).values())) == len(attributes)
    for column in columns_in(schema).values():
        assert not set(column) & set(".`'\"")


def test_a_widened_column_hides_the_one_it_came_from():
    narrow, wide = column_name("price"), column_name("price", wide=True)
    for order in ([narrow, wide], [wide, narrow]):
        types = {narrow: pa.int64(), wide: pa.float64()}
        schema = pa.schema([pa.field(name, types[name]) for name in order])
        assert columns_in(schema) == {"price": wide}
        assert types_in(schema) == {"price": "float64"}


def settled(have, *rows):
    return settled_types(have, [(f"item-{n}", row) for n, row in enumerate(rows)])


def test_integers_and_fractions_share_a_fraction_column_in_any_order():
    assert settled({}, {"price": 1}, {"price": 1.5}) == {"price": "float64"}
    assert settled({}, {"price": 1.5}, {"price": 1}) == {"price": "float64"}
    assert settled({"price": "int64"}, {"price": 1.5}) == {"price": "float64"}
    assert settled({"price": "float64"}, {"price": 1}) == {"price": "float64"}


@pytest.mark.parametrize(
    ("first", "second"),
    [(1, "cheap"), (True, 1), (date(2026, 1, 1), datetime(2026, 1, 1)), ("a", ("a",))],
)
def test_other_clashes_name_the_column_the_item_and_the_value(first, second):
    with pytest.raises(WrongUse) as caught:
        settled({}, {"price": first}, {"price": second})
    for word in ("'price'", "'item-1'", repr(second), type_of(first), type_of(second)):
        assert word in str(caught.value)


def test_an_integer_that_a_fraction_column_cannot_keep_exactly_is_refused():
    assert settled({"price": "float64"}, {"price": EXACT_INT}) == {"price": "float64"}
    for rows in (
        [{"price": EXACT_INT + 1}, {"price": 0.5}],
        [{"price": 0.5}, {"price": -EXACT_INT - 1}],
    ):
        with pytest.raises(WrongUse, match="'price'"):
            settled({}, *rows)


def test_a_table_turned_on_its_side_is_refused():
    with pytest.raises(WrongUse, match="attribute columns"):
        settled({}, {str(n): 1 for n in range(MAX_ATTRIBUTES + 1)})


def test_attributes_are_normalised_to_what_a_column_gives_back():
    moment = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    given_ = {"at": moment, "nothing": float("nan"), "price": 1, "utc": moment.astimezone(UTC)}
    assert normalised(item(1, attributes=given_)) == {
        "at": datetime(2026, 1, 1, 10),
        "utc": datetime(2026, 1, 1, 10),
        "price": 1,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("", 1),
        ("\ud800", 1),
        ("a\x00b", 1),
        ("price", 2**63),
        ("price", "half \udfff"),
        ("price", "nul \x00"),
        ("price", ("fine", 3)),
    ],
)
def test_what_no_column_can_hold_is_refused_naming_item_and_attribute(name, value):
    with pytest.raises(WrongUse, match="item-000001") as caught:
        normalised(item(1, attributes={name: value}))
    assert repr(name) in str(caught.value)


def test_a_value_of_no_known_type_is_refused():
    with pytest.raises(WrongUse, match="cannot be a dict"):
        normalised(item(1, attributes={"price": {}}))
