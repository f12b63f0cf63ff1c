import re
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scrubjay.core.errors import BadFilter
from scrubjay.store.catalog import Catalog
from scrubjay.store.where import MAX_DEPTH, MAX_LENGTH, Column, compile_where
from tests.store.made import item

WORDS = ["red", "blue", "it's", "50%", "a_b", "ab", "", "back\\slash", "two\nlines", "ü", '"q"']
DATES = [date(1969, 7, 20) + timedelta(days=9_000 * n) for n in range(4)]
MOMENTS = [datetime(1960, 1, 1, 0, 0, 0, 1), datetime(2026, 11, 30, 12), datetime(2026, 11, 30)]
NUMBERS = [-3, 0, 1, 7, 2**53 + 1, -(2**63) + 1]
REALS = [-1.5, 0.0, 1.0, 2.5, 1e300, float("inf")]
TYPES = {
    "number": "int64",
    "real": "float64",
    "flag": "bool",
    "day": "date32",
    "moment": "timestamp",
    "colour": "string",
    "parts": "list<string>",
    "date": "date32",
}
FIELD_TYPES = {"tags": "list<string>", "kind": "string", "size": "int64", "language": "string"}
VALUES = {
    "int64": st.sampled_from(NUMBERS) | st.integers(-5, 8),
    "float64": st.sampled_from(REALS),
    "bool": st.booleans(),
    "date32": st.sampled_from(DATES),
    "timestamp": st.sampled_from(MOMENTS),
    "string": st.sampled_from(WORDS),
    "list<string>": st.lists(st.sampled_from(WORDS), max_size=3).map(tuple),
}


def made_rows():
    """60 items whose attributes come and go."""
    import random

    draw = random.Random(5)
    pools = {
        "int64": NUMBERS,
        "float64": REALS,
        "bool": [True, False],
        "date32": DATES,
        "timestamp": MOMENTS,
        "string": WORDS,
    }
    rows = []
    for n in range(60):
        attributes = {
            name: tuple(draw.sample(WORDS, draw.randint(0, 3)))
            if kind == "list<string>"
            else draw.choice(pools[kind])
            for name, kind in TYPES.items()
            if draw.random() < 0.7
        }
        tags = tuple(draw.sample(WORDS, draw.randint(0, 3)))
        language = draw.choice([None, "en", "de"])
        rows.append(item(n, attributes=attributes, tags=tags, language=language, size=n % 7))
    return rows


ROWS = made_rows()


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    made = Catalog(tmp_path_factory.mktemp("where") / "catalog.lance")
    made.upsert(ROWS)
    return made


# A naive evaluator: the tree itself, in SQL's three-valued logic with None as unknown.


def value_of(row, name):
    if name in FIELD_TYPES:
        found = getattr(row, name)
        return found.value if name == "kind" else found
    return row.attributes.get(name)


def like(text, pattern):
    pieces = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    regex = "".join(
        wild.get(p) or re.escape(p[1] if p[0] == "\\" and len(p) > 1 else p) for p in pieces
    )
    return re.fullmatch(regex, text, re.DOTALL) is not None


COMPARE = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def holds(tree, row):
    what, *parts = tree
    if what == "and":
        results = [holds(part, row) for part in parts]
        return False if False in results else None if None in results else True
    if what == "or":
        results = [holds(part, row) for part in parts]
        return True if True in results else None if None in results else False
    if what == "not":
        result = holds(parts[0], row)
        return None if result is None else not result
    there = value_of(row, parts[0])
    if what == "missing":
        return there is None or there == ()
    if there is None:
        return None
    if what == "flag":
        return there
    if what == "like":
        return like(there, parts[1])
    if what == "in":
        return any(there == one for one in parts[1])
    if what == "between":
        return parts[1] <= there <= parts[2]
    if what == "has":
        return any(one in there for one in parts[1])
    return COMPARE[parts[1]](there, parts[2])


def literal(value):
    if isinstance(value, bool):
        return "TRUE" if value else "false"
    if isinstance(value, datetime):
        return f"'{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)


def rendered(tree):
    what, *parts = tree
    if what in {"and", "or"}:
        return "(" + f" {what.upper()} ".join(map(rendered, parts)) + ")"
    if what == "not":
        return f"NOT ({rendered(parts[0])})"
    name = parts[0]
    if what == "missing":
        return f"{name} is null"
    if what == "flag":
        return name
    if what == "like":
        return f"{name} LIKE {literal(parts[1])}"
    if what in {"in", "has"}:
        return f"{name} IN ({', '.join(map(literal, parts[1]))})"
    if what == "between":
        return f"{name} BETWEEN {literal(parts[1])} AND {literal(parts[2])}"
    return f"{name} {parts[1]} {literal(parts[2])}"


def finite(values):
    return values.filter(lambda one: one != float("inf"))


def single_tests():
    names = {**TYPES, **FIELD_TYPES}
    lists = [name for name, kind in names.items() if kind == "list<string>"]
    texts = [name for name, kind in names.items() if kind == "string"]
    ordered = [name for name in names if name not in lists and names[name] != "bool"]
    any_name = st.sampled_from(list(names))
    patterns = st.lists(st.sampled_from(["%", "_", "a", "b", r"\%", r"\_", "\\\\", "'", "\n"]))

    def compared(name):
        return st.tuples(
            st.just("compare"),
            st.just(name),
            st.sampled_from(list(COMPARE)),
            finite(VALUES[names[name]]),
        )

    def mixed_numbers(name):
        values = VALUES["float64"] if names[name] == "int64" else VALUES["int64"]
        return st.tuples(
            st.just("compare"), st.just(name), st.sampled_from(list(COMPARE)), finite(values)
        )

    def between(name):
        values = finite(VALUES[names[name]])
        return st.tuples(st.just("between"), st.just(name), values, values)

    def among(name):
        values = st.lists(finite(VALUES[names[name]]), min_size=1, max_size=3)
        return st.tuples(st.just("in"), st.just(name), values)

    return st.one_of(
        any_name.map(lambda name: ("missing", name)),
        st.just(("flag", "flag")),
        st.sampled_from(ordered).flatmap(compared),
        st.sampled_from(["real", "size"]).flatmap(mixed_numbers),
        st.sampled_from(ordered).flatmap(between),
        st.sampled_from(ordered).flatmap(among),
        st.tuples(st.just("like"), st.sampled_from(texts), patterns.map("".join)),
        st.tuples(
            st.just("has"),
            st.sampled_from(lists),
            st.lists(VALUES["string"], min_size=1, max_size=3),
        ),
    )


trees = st.recursive(
    single_tests(),
    lambda inner: st.one_of(
        st.tuples(st.just("and"), inner, inner),
        st.tuples(st.just("or"), inner, inner),
        st.tuples(st.just("not"), inner),
    ),
    max_leaves=6,
)


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tree=trees)
@example(tree=("like", "colour", r"back\\slash"))
@example(tree=("like", "colour", "two_lines"))
@example(tree=("like", "colour", r"50\%"))
@example(tree=("not", ("has", "parts", ["it's"])))
@example(tree=("compare", "moment", ">", MOMENTS[0]))
@example(tree=("compare", "number", "=", -(2**63) + 1))
def test_a_filter_keeps_what_a_naive_evaluator_keeps(catalog, tree):
    kept = [one.id for one in catalog.items(where=rendered(tree))]
    assert kept == [one.id for one in ROWS if holds(tree, one) is True]


def ids(catalog, where):
    return {one.id for one in catalog.items(where=where)}


def test_tag_and_tags_mean_membership(catalog):
    expected = {one.id for one in ROWS if "it's" in one.tags}
    assert expected
    assert ids(catalog, "tag = 'it''s'") == expected
    assert ids(catalog, "tags = 'it''s'") == expected
    assert ids(catalog, "TAG IN ('it''s', 'no such tag')") == expected
    assert ids(catalog, "tag != 'it''s'") == {one.id for one in ROWS} - expected


def test_a_day_stands_for_its_midnight_where_moments_are_compared(catalog):
    expected = {one.id for one in ROWS if one.attributes.get("moment") == datetime(2026, 11, 30)}
    assert expected
    assert ids(catalog, "moment = '2026-11-30'") == expected
    assert ids(catalog, "moment = TIMESTAMP '2026-11-30T00:00'") == expected


def test_a_column_called_date_can_be_named(catalog):
    expected = {one.id for one in ROWS if one.attributes.get("date") == DATES[0]}
    assert ids(catalog, "date = '1969-07-20'") == expected
    assert ids(catalog, "date = date '1969-07-20'") == expected


def test_names_may_be_quoted_and_attributes_named_in_full(catalog):
    expected = ids(catalog, "colour = 'red'")
    assert expected
    assert ids(catalog, "`colour` = 'red'") == expected
    assert ids(catalog, "\"colour\" = 'red'") == expected
    assert ids(catalog, "attributes.colour = 'red'") == expected
    assert ids(catalog, "COLOUR == 'red'") == expected


COLUMNS = {
    "price": Column("attr_price", "int64"),
    "colour": Column("attr_colour", "string"),
    "sold": Column("attr_sold", "bool"),
    "day": Column("attr_day", "date32"),
    "moment": Column("attr_moment", "timestamp"),
    "weight": Column("attr_weight", "float64"),
    "tags": Column("tags", "list<string>"),
}


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("prise > 3", "no column 'prise' to filter by; did you mean price?"),
        ("zzz = 1", "columns: colour, day, moment, price, sold, tags, weight"),
        ('colour = "red"', "text goes in single quotes"),
        ("colour = red", "text goes in single quotes"),
        ('"red" = colour', "text goes in single quotes"),
        ("price > 'three'", "expected a number"),
        ("price > 3 AND", "expected a column's name"),
        ("price >", "expected a value"),
        ("price", "expected a comparison"),
        ("sold NOT AND sold", "expected a comparison, IN, BETWEEN, LIKE or IS"),
        ("price > 3 price < 4", "expected AND, OR or the end"),
        ("(price > 3", r"expected \)"),
        ("price > 3)", "expected AND, OR or the end"),
        ("price IN ()", "expected a number"),
        ("price IN (1, 2", r"expected \)"),
        ("price BETWEEN 1", "expected AND"),
        ("price IS 3", "expected NULL"),
        ("price LIKE '3%'", "LIKE is for text"),
        ("colour LIKE '50\\'", r"in a pattern"),
        ("colour LIKE 'a\\b'", r"in a pattern"),
        ("colour = 'red", "quote is not closed, at character 10"),
        ("price > 3; DROP TABLE x", "not understood, at character 10"),
        ("price > 9223372036854775808", "63 bits"),
        ("price > " + "9" * 400, "63 bits"),
        ("price > 1e400", "63 bits"),
        ("weight > 1e400", "expected a number"),
        ("sold > true", "has no order"),
        ("sold = 1", "true or false"),
        ("tags > 'a'", "has no order"),
        ("tags LIKE 'a%'", "LIKE is for text"),
        ("day = '2026-02-30'", "a date such as"),
        ("day = 'yesterday'", "a date such as"),
        ("day = '2026-11-30 12:00:00'", "a date such as"),
        ("day = DATE 3", "a date in single quotes"),
        ("colour = DATE '2026-11-30'", "this column is string"),
        ("moment = '2026-11-30T12:00:00+01:00'", "a moment such as"),
        ("colour = 'a\x00b'", "text in single quotes"),
        ("colour = 'half \ud800'", "text in single quotes"),
        ("price = price", "expected a number"),
        ("price = 1 = 1", "expected AND, OR or the end"),
        ("lower(colour) = 'red'", "no column 'lower'"),
        ("1 = 1", "expected a column's name"),
        ("(" * 2000, "inside each other"),
        ("NOT " * 2000 + "sold", "inside each other"),
        ("x" * (MAX_LENGTH + 1), "at most"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_place_and_a_way_out(expression, says):
    with pytest.raises(BadFilter, match=says):
        compile_where(expression, COLUMNS)


@settings(max_examples=300, deadline=None)
@given(
    expression=st.lists(
        st.sampled_from(
            [
                "price",
                "colour",
                "tags",
                "=",
                ">",
                "'",
                "''",
                "`",
                '"',
                "(",
                ")",
                "OR",
                "AND",
                "NOT",
                "IN",
                "LIKE",
                "IS",
                "NULL",
                "1",
                "-1.5e3",
                "'red'",
                "--",
                "/*",
                ";",
                ",",
                "\\",
                " ",
                "\n",
            ]
        )
    ).map(" ".join)
    | st.text()
)
def test_any_text_is_a_filter_or_a_bad_filter_and_nothing_else_gets_through(expression):
    try:
        written = compile_where(expression, COLUMNS)
    except BadFilter:
        return
    rest = re.sub(r"'(?:[^']|'')*'", "", written)
    rest = re.sub(r"`(?:attr_)?(?:price|colour|sold|day|moment|weight|tags)`", "", rest)
    rest = re.sub(
        r"\b(?:AND|OR|NOT|IN|LIKE|IS|NULL|CAST|AS|double|array_has|array_length)\b", "", rest
    )
    rest = re.sub(r"\b(?:true|false|date|timestamp)\b", "", rest)
    assert re.fullmatch(r"[\s()<>=!,.e+\-0-9]*", rest), written


def test_a_quote_in_a_value_stays_inside_the_value():
    text = "x' OR true --"
    written = compile_where("colour = '" + text.replace("'", "''") + "'", COLUMNS)
    assert written == "(`attr_colour` = 'x'' OR true --')"


def test_the_deepest_filter_allowed_can_be_evaluated(catalog):
    deep = "NOT (" * (MAX_DEPTH // 2) + "size = 1" + ")" * (MAX_DEPTH // 2)
    assert ids(catalog, deep) == {one.id for one in ROWS if one.size == 1}
    wide = " OR ".join(["size = 1"] * 1500)
    assert ids(catalog, wide) == {one.id for one in ROWS if one.size == 1}


def test_on_an_empty_catalog_fields_are_known_and_attributes_are_not(tmp_path):
    empty = Catalog(tmp_path / "catalog.lance")
    assert list(empty.items(where="tag = 'x'")) == []
    with pytest.raises(BadFilter, match="no column 'price'"):
        empty.items(where="price > 3")
