"""Files to read as pages: a picture is one, a PDF has several that may say their own text.

The text layer of a PDF is exact where it says what is seen, and worth nothing where it does not:
text may be drawn white on white or below a picture, and a font's letters may be mapped to others.
So of the layer only what shows ink in its place is believed, and only when a few of its lines,
read from the picture, say much the same. What it does not cover is read from the picture.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.ask.answer import Shown
from scrubjay.core.errors import BadMedia
from scrubjay.core.protocols import TextReader
from scrubjay.core.reading import Reading, TextLine
from scrubjay.core.types import Picture
from scrubjay.media.image import decode_picture
from scrubjay.media.pdf import DEFAULT_LIMITS, PdfLimits, is_pdf, pdf_pages
from scrubjay.models.reading_order import reading_order

LAYER: Final = "text layer"
"""What a page was read by when the file itself says its text."""

INK: Final = 40
"""Shades, of 255, between what is written and its ground."""

LEGIBLE: Final = 0.9
"""Share of a layer's characters that must be letters, digits or signs of some script."""

COMPARED: Final = 3
"""Lines of a layer that are also read from the picture."""

ALIKE: Final = 0.6
"""How alike both must be, as difflib's ratio."""

UNREAD: Final = 2e-4
"""Share of a page's pixels outside its layer's lines that may differ from the ground unread."""


@dataclass(frozen=True, slots=True)
class Page(Shown):
    """A picture to read, such as a page of a PDF.

    Attributes:
        number: of the page, from 1.
        of: pages in the file.
        layer: lines that the file itself says are on it, in any order.
    """

    number: int = 1
    of: int = 1
    layer: tuple[TextLine, ...] = ()


def open_pages(
    data: bytes, name: str, *, numbers: Sequence[int] = (), limits: PdfLimits = DEFAULT_LIMITS
) -> Iterator[Page]:
    """The pages of a PDF or of a picture, one after the other.

    Args:
        data: the whole file.
        name: for people.
        numbers: of pages, from 1; empty: all.

    Raises:
        BadMedia: neither, damaged, without such a page, or more costly than is allowed.
        MissingExtra: what draws PDFs is not installed.
    """
    if is_pdf(data):
        for page in pdf_pages(data, pages=numbers, limits=limits, name=name):
            yield Page(name, page.picture, page.number, page.of, page.lines)
        return
    beyond = [number for number in numbers if number != 1]
    if beyond:
        raise BadMedia(f"a picture is one page, none is numbered {beyond[0]}", name)
    try:
        picture = decode_picture(data)
    except BadMedia as error:
        raise BadMedia(f"neither a PDF nor a picture that can be used: {error.reason}", name) from (
            error
        )
    yield Page(name, picture)


def read_page(page: Shown, ocr: TextReader) -> tuple[Reading, str | None]:
    """What is written on a page, and what somebody should know of how it was read.

    Raises:
        BadMedia: it is no picture.
    """
    layer = page.layer if isinstance(page, Page) else ()
    if not layer:
        return ocr.read(page.picture), None
    seen = tuple(line for line in layer if _has_ink(page.picture, line))
    hidden = len(layer) - len(seen)
    note = f"{hidden} lines of its text layer cannot be seen and were left out" if hidden else None
    if not seen or not _legible(seen) or not _agrees(page.picture, seen, ocr):
        why = "its text layer does not say what is seen, so the page was read from its picture"
        return ocr.read(page.picture), why
    height, width = page.picture.shape[:2]
    beside = _without(page.picture, seen)
    more = ocr.read(beside).lines if _has_more(beside) else ()
    reading = Reading(
        lines=reading_order([*seen, *more], width, height),
        width=width,
        height=height,
        reader=f"{LAYER}, {ocr.spec.family} {ocr.spec.name}" if more else LAYER,
    )
    return reading, note


def _within(picture: Picture, line: TextLine, margin: float = 0.0) -> tuple[slice, slice]:
    """Rows and columns of a line's upright box, grown by a share of its height."""
    height, width = picture.shape[:2]
    left, top, right, bottom = line.box
    grown = margin * min((bottom - top) * height, (right - left) * width)
    rows = slice(max(0, int(top * height - grown)), int(bottom * height + grown) + 1)
    columns = slice(max(0, int(left * width - grown)), int(right * width + grown) + 1)
    return rows, columns


def _has_ink(picture: Picture, line: TextLine) -> bool:
    part = picture[_within(picture, line)].astype(np.int16)
    return bool(part.size) and bool(np.ptp(part, axis=(0, 1)).max() >= INK)


def _legible(lines: Sequence[TextLine]) -> bool:
    text = "".join(line.text for line in lines)
    bad = sum(
        one == "\N{REPLACEMENT CHARACTER}" or unicodedata.category(one) in {"Cc", "Cn", "Co", "Cs"}
        for one in text
    )
    return bad <= (1 - LEGIBLE) * len(text)


def _agrees(picture: Picture, lines: Sequence[TextLine], ocr: TextReader) -> bool:
    """Whether the picture says what some lines say; True where it cannot be read."""
    # Only what any reader knows is compared: an unknown script is no disagreement.
    latin = [line for line in lines if _plain(line.text) and line.text.isascii()]
    likeness = []
    for line in sorted(latin, key=lambda one: -len(one.text))[:COMPARED]:
        part = np.ascontiguousarray(picture[_within(picture, line, 0.2)])
        told = _plain(ocr.read(part).text)
        if told:
            alike = difflib.SequenceMatcher(None, told, _plain(line.text), autojunk=False)
            likeness.append(alike.ratio())
    return not likeness or sorted(likeness)[len(likeness) // 2] >= ALIKE


def _plain(text: str) -> str:
    return "".join(one for one in text.lower() if one.isalnum())


def _without(picture: Picture, lines: Sequence[TextLine]) -> Picture:
    """The picture with each line painted over with the ground around it."""
    painted = picture.copy()
    for line in lines:
        place = _within(picture, line, 0.15)
        part = painted[place]
        edge = np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])
        painted[place] = np.median(edge, axis=0)
    return painted


def _has_more(picture: Picture) -> bool:
    """Whether anything but ground is left."""
    grey: NDArray[np.float32] = picture.mean(axis=2, dtype=np.float32)
    return bool((np.abs(grey - np.median(grey)) >= INK).mean() > UNREAD)
