"""Made-up products: what they weigh, hold and measure, as somebody would print it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrubjay.media.panels.vocabulary import FULL, Vocabulary

LENGTHS = ("width", "height", "depth")
EACH = {"ounce": 28.3495, "pound": 453.592, "fluid ounce": 29.5735, "inch": 2.54, "foot": 30.48}
"""Grams, millilitres or centimetres of a unit that is printed beside another."""

GRAMS = (
    *(25, 40, 75, 85, 100, 125, 150, 175, 200, 240),
    *(250, 300, 340, 375, 400, 450, 500, 650, 750, 900),
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A value with the name of its unit."""

    value: float
    unit: str

    @property
    def answer(self) -> str:
        """As an answer has it: `500.0 gram`."""
        return f"{float(self.value)} {self.unit}"


@dataclass(frozen=True, slots=True)
class Print:
    """How one label prints its measures.

    Attributes:
        comma: decimal commas.
        short: units are abbreviated; else spelled out.
        joined: no space before the unit.
        which: of the abbreviations.
    """

    words: Vocabulary
    comma: bool
    short: bool
    joined: bool
    which: int

    def amount(self, one: Amount) -> str:
        """A measure as it is printed."""
        unit = self.unit(one.unit)
        tight = (self.joined and self.short) or unit in {'"', "'"}
        return f"{self.number(one.value)}{'' if tight else ' '}{unit}"

    def number(self, value: float) -> str:
        """A number as it is printed."""
        text = f"{value:g}" if value < 10_000 else f"{value:.0f}"
        return text.replace(".", ",") if self.comma else text

    def unit(self, name: str) -> str:
        """A unit as it is printed."""
        if not self.short:
            return FULL[name]
        known = self.words.units[name]
        return known[self.which % len(known)]


def any_print(random: np.random.Generator, words: Vocabulary) -> Print:
    """A way to print, at random."""
    return Print(
        words,
        comma=bool(random.random() < 0.15),
        short=bool(random.random() < 0.8),
        joined=bool(random.random() < 0.4),
        which=int(random.integers(12)),
    )


def weight(random: np.random.Generator, *, heavy: bool = False) -> Amount:
    """Of a product; heavy ones are furniture and machines."""
    if heavy:
        if random.random() < 0.3:
            return Amount(float(random.integers(3, 60)), "pound")
        return Amount(round(float(random.uniform(0.8, 30)), 1), "kilogram")
    drawn = random.random()
    if drawn < 0.6:
        return Amount(float(random.choice(GRAMS)), "gram")
    if drawn < 0.75:
        return Amount(float(random.choice([1, 1.5, 2, 2.5, 5])), "kilogram")
    if drawn < 0.93:
        return Amount(float(random.choice([3.5, 5, 6.7, 8, 10.5, 12, 14.1, 16, 24])), "ounce")
    return Amount(float(random.choice([1, 1.5, 2, 3, 5])), "pound")


def volume(random: np.random.Generator, *, large: bool = False) -> Amount:
    """Of what a product holds."""
    if large:
        return Amount(float(random.choice([0.5, 0.8, 1, 1.2, 1.5, 1.7, 2, 3, 5, 12, 20])), "litre")
    drawn = random.random()
    if drawn < 0.55:
        return Amount(float(random.choice([15, 30, 50, 75, 100, 150, 200, 250, 275, 330, 355, 400,
                                           473, 500, 650, 700, 750])), "millilitre")  # fmt: skip
    if drawn < 0.7:
        return Amount(float(random.choice([1, 1.5, 2])), "litre")
    if drawn < 0.95:
        return Amount(
            float(random.choice([1.7, 3.4, 6.8, 8.5, 11.2, 12, 16.9, 20, 32])), "fluid ounce"
        )
    return Amount(float(random.choice([25, 33, 50, 75])), "centilitre")


def length(random: np.random.Generator, unit: str, low: float, high: float) -> Amount:
    """Of one side, in a unit; the limits are in centimetres."""
    cm = float(random.uniform(low, high))
    if unit == "millimetre":
        return Amount(float(round(cm) * 10), unit)
    if unit == "inch":
        return Amount(round(2 * cm / EACH["inch"]) / 2 or 0.5, unit)
    if unit == "foot":
        return Amount(round(2 * cm / EACH["foot"]) / 2 or 0.5, unit)
    return Amount(round(cm, 1) if random.random() < 0.4 else float(round(cm)), unit)


def sides(random: np.random.Generator) -> dict[str, Amount]:
    """Width, height and depth, no two alike."""
    unit = str(random.choice(["centimetre", "millimetre", "inch"], p=[0.55, 0.15, 0.3]))
    while True:
        made = {name: length(random, unit, 8, 190) for name in LENGTHS}
        if len({one.value for one in made.values()}) == len(made):
            return made


def voltage(random: np.random.Generator, *, battery: bool = False) -> Amount:
    """Of the mains, or of a battery."""
    some = [3, 3.7, 5, 9, 12, 14.4, 18, 20, 24, 36] if battery else [110, 115, 120, 220, 230, 240]
    return Amount(float(random.choice(some)), "volt")


def wattage(random: np.random.Generator) -> Amount:
    """Of a machine or a lamp."""
    if random.random() < 0.12:
        return Amount(float(random.choice([1.2, 1.5, 1.8, 2, 2.2, 3])), "kilowatt")
    return Amount(
        float(random.choice([5, 7, 9, 11, 15, 40, 60, 75, 100, 350, 450, 600, 850, 1200, 1500])),
        "watt",
    )


def load(random: np.random.Generator, lighter: Amount) -> Amount:
    """What something carries, in the unit of its own weight and never as much as that."""
    while True:
        made = Amount(
            float(random.choice([5, 8, 10, 15, 20, 25, 40, 50, 75, 100, 110, 120, 150, 200, 300])),
            "pound" if lighter.unit == "pound" else "kilogram",
        )
        if made != lighter:
            return made


def beside(one: Amount) -> Amount | None:
    """The same in another unit, rounded as labels do; None: it is not printed so."""
    other = {
        "gram": ("ounce", 1.0),
        "ounce": ("gram", 1.0),
        "kilogram": ("pound", 1000.0),
        "millilitre": ("fluid ounce", 1.0),
        "fluid ounce": ("millilitre", 1.0),
        "centimetre": ("inch", 1.0),
    }.get(one.unit)
    if other is None:
        return None
    name, small = other
    base = one.value * EACH.get(one.unit, small)
    value = base / EACH[name] if name in EACH else base
    return Amount(float(round(value)) if value > 100 else round(value, 1), name)
