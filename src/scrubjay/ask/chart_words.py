"""Text of a chart in pixels: lines taken apart where a reader ran several labels together."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.ask.chart_numbers import Label, number
from scrubjay.core.protocols import TextReader
from scrubjay.core.reading import Reading, TextLine
from scrubjay.core.types import Picture

INK: Final = 40
"""Shades, of 255, between what is written and its ground."""

RIM: Final = 0.25
"""Share of a picture in which an axis' labels stand."""

APART: Final = 0.8
"""Heights of text between two labels at least."""

Corners = NDArray[np.float64]
"""(4, 2) pixels, from the text's own upper left corner on."""


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """A label.

    Attributes:
        corners: in pixels of the picture that is measured.
        confidence: 1 where the reader does not say.
    """

    text: str
    corners: Corners
    confidence: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) upright around it."""
        left, top = self.corners.min(axis=0).tolist()
        right, bottom = self.corners.max(axis=0).tolist()
        return (left, top, right, bottom)

    @property
    def middle(self) -> tuple[float, float]:
        """Of its box."""
        x, y = self.corners.mean(axis=0).tolist()
        return (x, y)

    @property
    def height(self) -> float:
        """Of its letters, whichever way they are turned."""
        return float(np.linalg.norm(self.corners[3] - self.corners[0]))

    @property
    def angle(self) -> float:
        """Degrees its text is turned clockwise, in (-180, 180]."""
        x, y = (self.corners[1] - self.corners[0]).tolist()
        return math.degrees(math.atan2(y, x))

    def label(self) -> Label:
        """As a tick's label of an axis that runs down the picture."""
        left, top, right, bottom = self.box
        near = (left, right, (left + right) / 2)
        return Label(self.text, (top + bottom) / 2, near, self.height, self.confidence)

    def turned(self, width: int) -> Word:
        """In a picture that was turned to the left by a quarter, and was `width` pixels wide."""
        corners = np.stack([self.corners[:, 1], width - self.corners[:, 0]], axis=1)
        return Word(self.text, corners, self.confidence)


def words_of(picture: Picture, reading: Reading) -> list[Word]:
    """Every label that was read; numbers that were run together stand alone."""
    made: list[Word] = []
    for line in reading.lines:
        word = _word(line, reading)
        numbers = line.text.split()
        if len(numbers) > 1 and abs(word.angle) < 5 and all(number(one) for one in numbers):
            made += _parted(picture, word, numbers)
        else:
            made.append(word)
    return made


def with_rims(picture: Picture, words: Sequence[Word], ocr: TextReader) -> list[Word]:
    """Words with those that are only read when the picture's left and lower rims stand alone.

    Two digits that stand far from everything are easily overlooked in a large picture.
    """
    height, width = picture.shape[:2]
    rims = [
        (0, 0, round(RIM * width), height),
        (0, round((1 - RIM) * height), width, height),
    ]
    made = list(words)
    for left, top, right, bottom in rims:
        part = _cut(picture, (left, top, right, bottom))
        if not part.size:
            continue
        reading = ocr.read(part)
        for found in words_of(part, reading):
            word = Word(found.text, found.corners + np.array((left, top)), found.confidence)
            _, first, last, _ = word.box
            whole = (right == width or last < right - 3) and (top == 0 or first > top + 3)
            if whole and not any(_over(word, one) for one in made):
                made.append(word)
    return made


def _over(one: Word, other: Word) -> bool:
    (a, b, c, d), (e, f, g, h) = one.box, other.box
    return min(c, g) > max(a, e) and min(d, h) > max(b, f)


def read_between(
    picture: Picture, word: Word, places: Sequence[float], ocr: TextReader
) -> list[Word]:
    """An upright line read again in parts, cut at the widest gap near each of some places.

    Args:
        places: columns in pixels of the picture, from the left.
    """
    left, top, right, bottom = word.box
    edges = [left - 2]
    for place in places:
        reach = 1.5 * word.height
        gap = _widest_gap(picture, (place - reach, top, place + reach, bottom))
        edges.append(place if gap is None else gap)
    edges.append(right + 2)
    return [
        Word(
            read_part(picture, (start, top, end, bottom), ocr),
            np.array([(start, top), (end, top), (end, bottom), (start, bottom)]),
            word.confidence,
        )
        for start, end in itertools.pairwise(edges)
    ]


def read_part(
    picture: Picture,
    box: tuple[float, float, float, float],
    ocr: TextReader,
    *,
    turned: bool = False,
) -> str:
    """What stands in (left, top, right, bottom), in one line.

    Args:
        turned: whether the picture was turned to the left by a quarter.
    """
    left, top, right, bottom = box
    part = _cut(picture, (left, top - 2, right, bottom + 2))
    if turned:
        part = np.ascontiguousarray(np.rot90(part, -1))
    return " ".join(ocr.read(part).text.split()) if part.size else ""


def _word(line: TextLine, reading: Reading) -> Word:
    corners = np.array(line.corners, np.float64) * (reading.width, reading.height)
    return Word(line.text, corners, 1.0 if line.confidence is None else line.confidence)


def _parted(picture: Picture, word: Word, texts: Sequence[str]) -> list[Word]:
    """So many words, parted at the widest gaps between their letters."""
    left, top, _, bottom = word.box
    ink = _ink(_cut(picture, word.box))
    gaps = _gaps(ink)
    if len(gaps) < len(texts) - 1:
        return [word]
    widest = sorted(sorted(gaps, key=lambda one: one[0] - one[1])[: len(texts) - 1])
    if number(word.text) and min(end - start for start, end in widest) < APART * word.height:
        return [word]  # one number, its thousands parted
    starts = [int(ink.argmax()), *(end for _, end in widest)]
    ends = [*(start for start, _ in widest), len(ink) - int(ink[::-1].argmax())]
    return [
        Word(
            text,
            np.array([(left + a, top), (left + b, top), (left + b, bottom), (left + a, bottom)]),
            word.confidence,
        )
        for text, a, b in zip(texts, starts, ends, strict=True)
    ]


def _widest_gap(picture: Picture, box: tuple[float, float, float, float]) -> float | None:
    gaps = _gaps(_ink(_cut(picture, box)))
    if not gaps:
        return None
    start, end = max(gaps, key=lambda one: one[1] - one[0])
    return max(0.0, box[0]) + (start + end) / 2


def _cut(picture: Picture, box: tuple[float, float, float, float]) -> Picture:
    left, top, right, bottom = (max(0, round(one)) for one in box)
    return np.ascontiguousarray(picture[top:bottom, left:right])


def _ink(part: Picture) -> NDArray[np.bool_]:
    """(width,) where a column has anything but ground."""
    if not part.size:
        return np.zeros(part.shape[1], bool)
    grey = part.mean(axis=2, dtype=np.float32)
    ink: NDArray[np.bool_] = (np.abs(grey - np.median(grey)) >= INK).any(axis=0)
    return ink


def _gaps(ink: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(start, end) of every run without ink that has ink on both sides."""
    if not ink.any():
        return []
    first, last = int(ink.argmax()), len(ink) - int(ink[::-1].argmax())
    steps = np.flatnonzero(np.diff(ink[first:last].astype(np.int8))) + 1 + first
    return list(zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True))
