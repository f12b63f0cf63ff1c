"""One drawn label, and parts that several layouts share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from scrubjay.media.panels.products import Amount, Print, beside
from scrubjay.media.panels.sheet import Sheet
from scrubjay.media.panels.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Label:
    """What a layout drew.

    Attributes:
        sheet: it is drawn on.
        facts: measure -> what the label says it is; None: it says none, though it may seem so.
        tags: what makes it hard: `distractors`, `drawing`, `pictograms`.
    """

    sheet: Sheet
    facts: Mapping[str, Amount | None]
    tags: frozenset[str] = field(default=frozenset())


Layout: TypeAlias = Callable[[np.random.Generator, Print], Label]


def pick(random: np.random.Generator, some: tuple[str, ...]) -> str:
    """One of some texts."""
    return some[int(random.integers(len(some)))]


def doubled(random: np.random.Generator, printed: Print, one: Amount) -> str:
    """A measure as it is printed, now and then with the same in another unit behind it."""
    text = printed.amount(one)
    other = beside(one)
    if other is None or random.random() > 0.4:
        return text
    more = printed.amount(other)
    return f"{text} ({more})" if random.random() < 0.6 else f"{text} / {more}"


def headed(sheet: Sheet, words: Vocabulary, y: int) -> int:
    """A brand and a product's name; where they end."""
    random = sheet.random
    x = sheet.width / 2 if random.random() < 0.5 else 24.0
    anchor = "ma" if x > 30 else "la"
    box = sheet.text(x, y, pick(random, words.brands), int(random.integers(26, 40)), bold=True,
                     anchor=anchor)  # fmt: skip
    box = sheet.text(x, box[3] + 10, pick(random, words.goods), int(random.integers(20, 30)),
                     anchor=anchor)  # fmt: skip
    return round(box[3]) + 14


def noise(sheet: Sheet, words: Vocabulary, places: list[tuple[float, float]], size: int) -> int:
    """Claims, prices, dates and serial numbers in some places; how many."""
    random = sheet.random
    made = 0
    for x, y in places:
        if random.random() < 0.65:
            makers = (sheet.price, sheet.date, sheet.serial, lambda: pick(random, words.claims))
            text = makers[int(random.integers(len(makers)))]()
            sheet.text(x, y, text, size + int(random.integers(-2, 5)))
            made += 1
    return made


def nutrition(sheet: Sheet, words: Vocabulary, x: int, y: int, size: int) -> int:
    """A table of nutrition facts in which nothing is what anybody asks for; where it ends."""
    random = sheet.random
    step = round(1.45 * size)
    right = x + round(13.5 * size)
    gap = words.units["gram"][0]
    sheet.text(x, y, f"{pick(random, words.serving)} {int(random.integers(2, 12)) * 5} {gap}", size)
    y += step
    sheet.pen.line((x, y, right, y), fill=sheet.ink, width=2)
    rows = [one for one in words.nutrients if random.random() < 0.75]
    for name in rows:
        amount = f"{int(random.integers(10, 900))} mg" if name == "Sodium" else (
            f"{random.integers(0, 60)}.{random.integers(0, 10)} {gap}"
        )  # fmt: skip
        sheet.text(x, y + 4, name, size)
        sheet.text(right, y + 4, amount, size, anchor="ra")
        y += step
    return y + step // 2
