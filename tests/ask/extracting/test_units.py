"""Units: every spelling means what pint means by it, and answers have the challenge's names."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.ask.extracting import units
from scrubjay.ask.extracting.candidates import DIMENSION
from scrubjay.ask.extracting.entities import ALIASES, UNITS, Entity, entity_named
from scrubjay.ask.extracting.units import (
    BY_NAME,
    TABLE,
    Dimension,
    answered,
    converted,
    unit_spelled,
    written,
)
from scrubjay.core.errors import MissingExtra, UnknownName

pint = pytest.importorskip("pint")
registry = pint.UnitRegistry()

BASE = {
    Dimension.LENGTH: "meter",
    Dimension.WEIGHT: "gram",
    Dimension.VOLUME: "liter",
    Dimension.VOLTAGE: "volt",
    Dimension.POWER: "watt",
}
BY_HAND = [
    (1, "inch", "centimetre", 2.54),
    (1, "foot", "inch", 12),
    (1, "yard", "foot", 3),
    (1, "pound", "ounce", 16),
    (1, "stone", "pound", 14),
    (1, "kilogram", "gram", 1000),
    (1, "ton", "pound", 2000),
    (1, "tonne", "kilogram", 1000),
    (1, "gallon", "quart", 4),
    (1, "quart", "pint", 2),
    (1, "pint", "fluid ounce", 16),
    (1, "cup", "fluid ounce", 8),
    (1, "gallon", "cubic inch", 231),
    (1, "imperial gallon", "litre", 4.54609),
    (1, "cubic foot", "cubic inch", 1728),
    (1, "kilovolt", "volt", 1000),
    (1, "kilowatt", "watt", 1000),
    (1, "cubic centimetre", "millilitre", 1),
    (1, "tablespoon", "teaspoon", 3),
]
OTHERWISE = {"t", "b", "cc", "ccm", "cbm", "ons", "gr", "grs", "pt", "in", "gm", "fts", "mi", "ton"}
"""Spellings that pint reads as something else (a troy grain, a mile) or not at all."""


@pytest.mark.parametrize(("value", "of", "to", "wanted"), BY_HAND)
def test_conversions_are_those_of_any_table(value, of, to, wanted) -> None:
    assert converted(value, BY_NAME[of], BY_NAME[to]) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("unit", TABLE, ids=lambda unit: unit.name)
def test_pint_knows_each_unit_as_one_of_its_dimension(unit) -> None:
    assert registry.Quantity(1, unit.pint).check(registry.Quantity(1, BASE[unit.dimension]).units)


SPELLED = [(one, unit) for unit in TABLE for one in unit.spellings if one not in OTHERWISE]


@pytest.mark.parametrize(("spelling", "unit"), SPELLED)
def test_a_spelling_that_pint_knows_means_the_same_to_it(spelling, unit) -> None:
    try:
        theirs = registry.Quantity(1, spelling)
    except Exception:  # noqa: BLE001 - pint raises many kinds for what it does not know
        return
    base = BASE[unit.dimension]
    if theirs.check(registry.Quantity(1, base).units):
        ours = registry.Quantity(1, unit.pint)
        assert theirs.to(base).magnitude == pytest.approx(ours.to(base).magnitude)


def test_no_spelling_means_two_units() -> None:
    all_of_them = [one for unit in TABLE for one in (unit.name, *unit.spellings)]
    assert len(all_of_them) == len(set(all_of_them))


@pytest.mark.parametrize("entity", list(Entity))
def test_units_of_an_answer_are_exactly_the_allowed_ones(entity) -> None:
    of_it = [unit for unit in TABLE if unit.dimension is DIMENSION[entity]]
    assert {unit.name for unit in of_it if unit.answer is None} == set(UNITS[entity])
    assert {answered(1.0, unit)[1].name for unit in of_it} == set(UNITS[entity]) & {
        answered(1.0, unit)[1].name for unit in of_it
    }
    for unit in of_it:
        value, named = answered(3.0, unit)
        assert named.name in UNITS[entity]
        assert converted(value, named, unit) == pytest.approx(3.0)


@given(st.floats(1e-3, 1e6), st.sampled_from(TABLE), st.data())
def test_there_and_back_is_where_it_was(value, unit, data) -> None:
    to = data.draw(st.sampled_from([one for one in TABLE if one.dimension is unit.dimension]))
    assert converted(converted(value, unit, to), to, unit) == pytest.approx(value, rel=1e-8)


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        *[("KGS", "kilogram"), ("fl. oz.", "fluid ounce"), ("FL.OZ", "fluid ounce")],
        *[("floz", "fluid ounce"), ("Liters", "litre"), ("mL", "millilitre"), ("lbs.", "pound")],
        *[("µg", "microgram"), ("mW", "milliwatt"), ("MW", "megawatt"), ("VAC", "volt")],
        *[("feet", "foot"), ("cm³", "cubic centimetre"), ("inches", "inch"), ("cups", "cup")],
    ],
)
def test_units_are_known_as_labels_spell_them(spelled, name) -> None:
    assert unit_spelled(spelled) is BY_NAME[name]


def test_what_is_no_unit_is_none() -> None:
    assert [unit_spelled(one) for one in ("", "Hz", "dB", "months", "gx")] == [None] * 5


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (500, "gram", "500.0 gram"),
        (16.9, "fluid ounce", "16.9 fluid ounce"),
        (0.1 + 0.2, "litre", "0.3 litre"),
        (1e-7, "gram", "0.0000001 gram"),
        (1e16, "gram", "10000000000000000.0 gram"),
    ],
)
def test_answers_are_written_as_the_challenge_does(value, unit, text) -> None:
    assert written(value, unit) == text


def test_the_document_lists_the_units_of_every_entity() -> None:
    document = Path(__file__).resolve().parents[3] / "docs" / "extract.md"
    rows = [line.split("|") for line in document.read_text().splitlines() if line.startswith("|")]
    rows = [row for row in rows if len(row) == 4]
    told = {name: row[2] for row in rows for name in re.findall(r"`(\w+)`", row[1])}
    for entity in Entity:
        assert tuple(told[entity].strip().split(", ")) == entity.units, entity
    for alias in ("weight", "volume", "power", "max_weight"):
        assert told[alias] == told[ALIASES[alias]]


def test_without_pint_the_extra_that_brings_it_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pint", None)
    units._registry.cache_clear()
    units._factor.cache_clear()
    with pytest.raises(MissingExtra, match=r"scrubjay\[ask\]"):
        converted(1.0, BY_NAME["stone"], BY_NAME["pound"])
    assert converted(1.0, BY_NAME["gram"], BY_NAME["gram"]) == 1.0
    monkeypatch.undo()
    assert converted(1.0, BY_NAME["stone"], BY_NAME["pound"]) == pytest.approx(14)


def test_entities_go_by_their_names_and_aliases() -> None:
    assert entity_named("Item Weight") is Entity.ITEM_WEIGHT
    assert entity_named("volume") is Entity.ITEM_VOLUME
    assert entity_named("maximum-weight-recommendation") is Entity.MAXIMUM_WEIGHT
    assert set(ALIASES.values()) <= set(Entity)
    with pytest.raises(UnknownName, match="'height'"):
        entity_named("hieght")
