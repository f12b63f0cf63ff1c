"""A chart's legend: small patches of a series' colour, each with its name to the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from scrubjay.ask.chart_bars import Patch
from scrubjay.ask.chart_numbers import number
from scrubjay.ask.chart_words import Word, read_part
from scrubjay.core.protocols import TextReader
from scrubjay.core.types import Picture

NEAR: Final = 2.5
"""Heights of a name between it and its patch."""

TALL: Final = 2.2
"""Heights of a name that its patch may have."""


SQUARE: Final = (0.5, 3.2)
"""Heights of a patch that it may be wide."""

SQUARES: Final = "■□▪▫◼◻●○| "
"""A patch that was read with its name."""


@dataclass(frozen=True, slots=True)
class Legend:
    """Names of colours.

    Attributes:
        names: colour's number -> name, in the legend's order.
        used: the words that are names.
    """

    names: Mapping[int, str] = field(default_factory=dict)
    used: tuple[Word, ...] = ()


def legend_of(
    patches: Sequence[Patch],
    bars: Sequence[Patch],
    words: Sequence[Word],
    picture: Picture,
    ocr: TextReader | None,
) -> Legend:
    """The legend among some patches and words of a picture as it is shown.

    Args:
        patches: every flat rectangle.
        bars: those that are bars; only their colours can have names.
        ocr: reads names again that were run together.
    """
    colours = {one.colour for one in bars}
    small = [one for one in patches if one.colour in colours and one not in bars]
    pairs: list[tuple[Patch, Word]] = []
    for patch in _row_by_row(small):
        word = _beside(patch, words)
        if word is not None and all(patch.colour != other.colour for other, _ in pairs):
            pairs.append((patch, word))
    names = {patch.colour: "" for patch, _ in pairs}
    for word in {id(one): one for _, one in pairs}.values():
        own = sorted((one for one, named in pairs if named is word), key=lambda one: one.left)
        left, top, right, bottom = word.box
        if ocr is None or (len(own) == 1 and own[0].right <= left + 2):
            names |= {patch.colour: word.text for patch in own}
            continue
        ends = [*(one.left for one in own[1:]), right + 2]
        for patch, end in zip(own, ends, strict=True):
            names[patch.colour] = read_part(picture, (patch.right, top, end, bottom), ocr)
    names = {colour: name.strip(SQUARES) for colour, name in names.items()}
    return Legend(names, tuple(word for _, word in pairs))


def is_swatch(patch: Patch, words: Sequence[Word]) -> bool:
    """Whether a patch is as square as a legend's and has a name to its right."""
    square = SQUARE[0] <= patch.width / patch.height <= SQUARE[1]
    return square and _beside(patch, [one for one in words if number(one.text) is None]) is not None


def _row_by_row(patches: Sequence[Patch]) -> list[Patch]:
    """From the upper left; patches of a row may begin a few pixels apart."""
    rows: list[list[Patch]] = []
    for one in sorted(patches, key=lambda one: one.bottom):
        if rows and one.bottom - rows[-1][0].bottom <= max(2, rows[-1][0].height // 2):
            rows[-1].append(one)
        else:
            rows.append([one])
    return [one for row in rows for one in sorted(row, key=lambda one: one.left)]


def _beside(patch: Patch, words: Sequence[Word]) -> Word | None:
    """The word to the right of a patch, or one that runs over it; the nearest."""
    nearest: tuple[float, Word] | None = None
    for word in words:
        left, _, right, _ = word.box
        level = abs(word.middle[1] - (patch.top + patch.bottom) / 2) <= 0.6 * word.height
        away = left - patch.right
        if (
            level
            and abs(word.angle) < 20
            and patch.height <= TALL * word.height
            and away <= NEAR * word.height
            and right > patch.right + 0.5 * word.height
            and (nearest is None or abs(away) < nearest[0])
        ):
            nearest = (abs(away), word)
    return None if nearest is None else nearest[1]
