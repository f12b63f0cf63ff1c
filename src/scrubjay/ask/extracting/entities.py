"""What a picture of a product may be asked for, and the units an answer may have.

Names and units are those of the Amazon ML Challenge 2024.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from scrubjay.core.errors import UnknownName


class Entity(StrEnum):
    """A measure of a product."""

    WIDTH = "width"
    DEPTH = "depth"
    HEIGHT = "height"
    ITEM_WEIGHT = "item_weight"
    MAXIMUM_WEIGHT = "maximum_weight_recommendation"
    VOLTAGE = "voltage"
    WATTAGE = "wattage"
    ITEM_VOLUME = "item_volume"

    @property
    def units(self) -> tuple[str, ...]:
        """Names its value may have, as the challenge writes them."""
        return UNITS[self]

    @property
    def words(self) -> str:
        """It, as it is called in a sentence."""
        return _WORDS[self]


LENGTHS: Final = ("centimetre", "foot", "inch", "metre", "millimetre", "yard")
WEIGHTS: Final = ("gram", "kilogram", "microgram", "milligram", "ounce", "pound", "ton")
UNITS: Final[dict[Entity, tuple[str, ...]]] = {
    Entity.WIDTH: LENGTHS,
    Entity.DEPTH: LENGTHS,
    Entity.HEIGHT: LENGTHS,
    Entity.ITEM_WEIGHT: WEIGHTS,
    Entity.MAXIMUM_WEIGHT: WEIGHTS,
    Entity.VOLTAGE: ("kilovolt", "millivolt", "volt"),
    Entity.WATTAGE: ("kilowatt", "watt"),
    Entity.ITEM_VOLUME: (
        *("centilitre", "cubic foot", "cubic inch", "cup", "decilitre", "fluid ounce", "gallon"),
        *("imperial gallon", "litre", "microlitre", "millilitre", "pint", "quart"),
    ),
}

ALIASES: Final = {
    "volume": Entity.ITEM_VOLUME,
    "weight": Entity.ITEM_WEIGHT,
    "maximum_weight": Entity.MAXIMUM_WEIGHT,
    "max_weight": Entity.MAXIMUM_WEIGHT,
    "power": Entity.WATTAGE,
}
"""Shorter names that are understood."""

_WORDS: Final = {
    Entity.WIDTH: "width",
    Entity.DEPTH: "depth",
    Entity.HEIGHT: "height",
    Entity.ITEM_WEIGHT: "weight",
    Entity.MAXIMUM_WEIGHT: "maximum load",
    Entity.VOLTAGE: "voltage",
    Entity.WATTAGE: "power",
    Entity.ITEM_VOLUME: "volume",
}


def entity_named(name: str) -> Entity:
    """An entity by its name or an alias, in any case, with spaces or hyphens for underscores.

    Raises:
        UnknownName: there is none; the message offers the nearest.
    """
    plain = name.strip().casefold().replace(" ", "_").replace("-", "_")
    if plain in ALIASES:
        return ALIASES[plain]
    try:
        return Entity(plain)
    except ValueError:
        raise UnknownName("entity", name[:80], [*Entity, *ALIASES]) from None
