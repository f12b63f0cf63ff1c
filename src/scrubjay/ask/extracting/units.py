"""Units as products print them, and what they are called in an answer.

A unit that may not stand in an answer (a stone, a cubic centimetre) is turned into one that may, by
pint. Which ton, pint or ounce is meant is not told by a label: the customary ones of pint are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from scrubjay.core.errors import MissingExtra


class Dimension(StrEnum):
    """What a unit measures."""

    LENGTH = "length"
    WEIGHT = "weight"
    VOLUME = "volume"
    VOLTAGE = "voltage"
    POWER = "power"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of a label.

    Attributes:
        name: in an answer, or what it is turned from.
        pint: what pint calls it.
        answer: the unit an answer has instead; None: it may stand in one itself.
        spellings: casefolded, without dots; `name` and its plural are understood besides.
    """

    name: str
    dimension: Dimension
    pint: str
    spellings: tuple[str, ...] = ()
    answer: str | None = None


_L, _W, _V, _U, _P = (
    Dimension.LENGTH,
    Dimension.WEIGHT,
    Dimension.VOLUME,
    Dimension.VOLTAGE,
    Dimension.POWER,
)

TABLE: Final = (
    Unit("centimetre", _L, "centimeter", ("cm", "cms", "centimeter", "centimeters")),
    Unit("foot", _L, "foot", ("ft", "feet", "fts")),
    Unit("inch", _L, "inch", ("in", "inches", "ins", "inche", "zoll")),
    Unit("metre", _L, "meter", ("m", "meter", "meters", "mtr", "mtrs")),
    Unit("millimetre", _L, "millimeter", ("mm", "mms", "millimeter", "millimeters")),
    Unit("yard", _L, "yard", ("yd", "yds")),
    Unit("micrometre", _L, "micrometer", ("μm", "um", "micron", "microns"), "millimetre"),
    Unit("kilometre", _L, "kilometer", ("km", "kms"), "metre"),
    Unit("decimetre", _L, "decimeter", ("dm",), "centimetre"),
    Unit("gram", _W, "gram", ("g", "gm", "gms", "gr", "grs", "grm", "gramme", "grammes")),
    Unit("kilogram", _W, "kilogram", ("kg", "kgs", "kilo", "kilos", "kilogramme", "kilogrammes")),
    Unit("microgram", _W, "microgram", ("μg", "ug", "mcg")),
    Unit("milligram", _W, "milligram", ("mg", "mgs")),
    Unit("ounce", _W, "ounce", ("oz", "ozs", "0z", "onz", "ons")),
    Unit("pound", _W, "pound", ("lb", "lbs", "ibs", "ib", "1bs", "1b")),
    Unit("ton", _W, "short_ton", ()),
    Unit("tonne", _W, "metric_ton", ("t",), "kilogram"),
    Unit("stone", _W, "stone", (), "pound"),
    Unit("dekagram", _W, "decagram", ("dag",), "gram"),
    Unit("kilovolt", _U, "kilovolt", ("kv",)),
    Unit("millivolt", _U, "millivolt", ("mv",)),
    Unit("volt", _U, "volt", ("v", "vac", "vdc", "voltios")),
    Unit("kilowatt", _P, "kilowatt", ("kw", "kws")),
    Unit("watt", _P, "watt", ("w",)),
    Unit("milliwatt", _P, "milliwatt", (), "watt"),
    Unit("megawatt", _P, "megawatt", (), "kilowatt"),
    Unit("horsepower", _P, "horsepower", ("hp",), "kilowatt"),
    Unit("centilitre", _V, "centiliter", ("cl", "centiliter", "centiliters")),
    Unit("cubic foot", _V, "foot ** 3", ("cu ft", "cuft", "ft3", "ft³", "cubic feet")),
    Unit("cubic inch", _V, "inch ** 3", ("cu in", "cuin", "in3", "in³", "cubic inches")),
    Unit("cup", _V, "cup", ()),
    Unit("decilitre", _V, "deciliter", ("dl", "deciliter", "deciliters")),
    Unit(
        "fluid ounce",
        _V,
        "fluid_ounce",
        ("fl oz", "floz", "fl ozs", "fl ounce", "fl ounces", "fluid oz", "fi oz", "fioz", "fl 0z"),
    ),
    Unit("gallon", _V, "gallon", ("gal", "gals", "us gal", "us gallon")),
    Unit("imperial gallon", _V, "imperial_gallon", ("imp gal", "uk gal", "uk gallon")),
    Unit("litre", _V, "liter", ("l", "lt", "ltr", "ltrs", "liter", "liters", "lit", "lts")),
    Unit("microlitre", _V, "microliter", ("μl", "ul", "microliter", "microliters")),
    Unit("millilitre", _V, "milliliter", ("ml", "mls", "mi", "milliliter", "milliliters", "mil")),
    Unit("pint", _V, "pint", ("pt", "pts")),
    Unit("quart", _V, "quart", ("qt", "qts")),
    Unit("cubic centimetre", _V, "centimeter ** 3", ("cc", "cm3", "cm³", "ccm"), "millilitre"),
    Unit("cubic decimetre", _V, "decimeter ** 3", ("dm3", "dm³"), "litre"),
    Unit("cubic metre", _V, "meter ** 3", ("m3", "m³", "cbm"), "litre"),
    Unit("tablespoon", _V, "tablespoon", ("tbsp",), "millilitre"),
    Unit("teaspoon", _V, "teaspoon", ("tsp",), "millilitre"),
)

CASED: Final = {"mW": "milliwatt", "MW": "megawatt"}
"""Spellings that differ from others by their case alone."""


def _known() -> dict[str, Unit]:
    known: dict[str, Unit] = {}
    for unit in TABLE:
        for spelling in (unit.name, _plural(unit.name), *unit.spellings):
            known.setdefault(spelling, unit)
    return known


def _plural(name: str) -> str:
    return "feet" if name == "foot" else f"{name}es" if name.endswith("ch") else f"{name}s"


KNOWN: Final = _known()
"""Casefolded spelling, without dots -> unit."""

BY_NAME: Final = {unit.name: unit for unit in TABLE}

_DOTS: Final = re.compile(r"[.\s]+")


def unit_spelled(text: str) -> Unit | None:
    """The unit that is spelled so: `fl. oz.`, `KGS`, `Liters`; None: none is."""
    plain = text.strip()
    if plain in CASED:
        return BY_NAME[CASED[plain]]
    spelled = _DOTS.sub(" ", plain.casefold().replace("µ", "μ")).strip()
    return KNOWN.get(spelled) or KNOWN.get(spelled.replace(" ", ""))


def converted(value: float, unit: Unit, to: Unit) -> float:
    """A value in another unit of the same dimension, by pint.

    Raises:
        MissingExtra: pint is not installed.
        WrongUse: the units measure different things.
    """
    if unit is to:
        return value
    return tidy(value * _factor(unit.pint, to.pint))


def answered(value: float, unit: Unit) -> tuple[float, Unit]:
    """The value in a unit that may stand in an answer: as it is printed, wherever that may."""
    if unit.answer is None:
        return value, unit
    to = BY_NAME[unit.answer]
    return converted(value, unit, to), to


def tidy(value: float) -> float:
    """A value without the last digits of binary fractions."""
    return float(f"{value:.10g}")


def written(value: float, unit: str) -> str:
    """As the challenge writes it: `500.0 gram`."""
    plain = f"{Decimal(repr(tidy(value))):f}"
    return f"{plain if '.' in plain else f'{plain}.0'} {unit}"


@lru_cache(maxsize=256)
def _factor(of: str, to: str) -> float:
    return float(_registry().Quantity(1.0, of).to(to).magnitude)


@lru_cache(maxsize=1)
def _registry() -> Any:  # noqa: ANN401 - pint's, which is imported here only
    try:
        import pint
    except ModuleNotFoundError as error:
        raise MissingExtra("extracting measures", "ask") from error
    return pint.UnitRegistry()
