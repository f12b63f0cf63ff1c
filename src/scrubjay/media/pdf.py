"""Pages of a PDF as pictures, with the text the file itself says, drawn in another process.

PDFium is C++ fed with a stranger's bytes, so each pass over a file has a process of its own
(`scrubjay.media.pdf_decoder`), which can write nothing, knows no secrets, and may use little.
"""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from scrubjay.core.errors import BadMedia, MissingExtra
from scrubjay.core.reading import Point, TextLine
from scrubjay.core.types import Picture
from scrubjay.media.confined import NOT_AGREED, AskedOnce, asked
from scrubjay.media.pdf_wire import ANSWER, ANSWERS, MAX_REASON, MAX_TEXT, Request, Said

START: Final = b"%PDF-"
_HEAD: Final = 1024
"""A PDF may begin a little later than its file (ISO 32000-1, implementation note 13)."""


@dataclass(frozen=True, slots=True)
class PdfLimits:
    """What a stranger's PDF may cost.

    Attributes:
        max_bytes: size of the file.
        max_pages: drawn in one pass; a longer file needs its pages named.
        max_pixels: width x height of a page's picture; a larger page is drawn coarser.
        memory: bytes its decoder may map beyond what it begins with and the file.
        least_s: seconds of processor time, however few pages there are.
        per_page_s: seconds of processor time more for each page.
        stall_s: seconds by the clock in which something must come.
    """

    max_bytes: int = 256 * 1024**2
    max_pages: int = 100
    max_pixels: int = 16_000_000
    memory: int = 1024 * 1024**2
    least_s: float = 20.0
    per_page_s: float = 10.0
    stall_s: float = 120.0


DEFAULT_LIMITS: Final = PdfLimits()

DPI: Final = 144.0
"""Dots an inch: small print of 6 points is 12 pixels high, and an A4 page 1190 x 1684 pixels."""


@dataclass(frozen=True, slots=True)
class PdfPage:
    """One page.

    Attributes:
        number: from 1.
        of: pages in the file.
        picture: as it is printed.
        lines: of its text layer, in the file's order, without what is drawn invisibly; empty where
            it has none, as a scan.
    """

    number: int
    of: int
    picture: Picture
    lines: tuple[TextLine, ...]


def is_pdf(data: bytes) -> bool:
    """Whether a file is a PDF, by its first bytes."""
    return START in data[:_HEAD]


def pdf_pages(
    data: bytes,
    *,
    pages: Sequence[int] = (),
    dpi: float = DPI,
    limits: PdfLimits = DEFAULT_LIMITS,
    name: str = "",
) -> Iterator[PdfPage]:
    """Pages of a PDF, one after the other as they are drawn.

    Args:
        data: the whole file.
        pages: their numbers, from 1; empty: all.
        dpi: dots an inch they are drawn with.
        limits: what it may cost.
        name: of the file, for messages.

    Raises:
        BadMedia: no PDF, encrypted, damaged, without such a page, or more costly than is allowed.
        MissingExtra: pypdfium2 is not installed.
    """
    if not is_pdf(data):
        raise BadMedia("not a PDF", name)
    if len(data) > limits.max_bytes:
        raise BadMedia(f"file of {len(data):,} bytes: over the limit of {limits.max_bytes:,}", name)
    if importlib.util.find_spec("pypdfium2") is None:
        raise MissingExtra("reading a PDF", "ocr")
    request = Request(
        size=len(data),
        pages=tuple(pages),
        dpi=dpi,
        max_pages=limits.max_pages,
        max_pixels=limits.max_pixels,
        memory=limits.memory + 2 * len(data),
        seconds=limits.least_s + limits.per_page_s * (len(pages) or limits.max_pages),
    )
    with asked("scrubjay.media.pdf_decoder", request.to_json(), data=data) as process:
        decoder = AskedOnce(
            process, name, "drawing", request.memory, request.seconds, limits.stall_s
        )
        yield from _pages(decoder, limits)


def _pages(decoder: AskedOnce, limits: PdfLimits) -> Iterator[PdfPage]:
    count, lines = 0, b"[]"
    for said, number, width, height, payload in _answers(decoder, limits):
        if said is Said.LENGTH:
            count = number
        elif said is Said.TEXT:
            lines = payload
        else:
            picture = np.frombuffer(payload, np.uint8).reshape(height, width, 3)
            yield PdfPage(number, count, picture, _lines(lines, decoder.name))


def _answers(decoder: AskedOnce, limits: PdfLimits) -> Iterator[tuple[Said, int, int, int, bytes]]:
    """Everything a decoder says, checked, without the end.

    Raises:
        BadMedia: what it says of the file, or how it died.
    """
    while True:
        magic, kind, number, width, height, length = ANSWER.unpack(decoder.read(ANSWER.size))
        if magic != ANSWERS or not _fits(kind, width, height, length, limits):
            raise BadMedia(NOT_AGREED, decoder.name)
        payload = decoder.read(length)
        said = Said(kind)
        if said is Said.DONE:
            return
        if said is Said.BAD_MEDIA:
            raise decoder.refused(payload, otherwise="damaged PDF")
        if said is Said.OUT_OF_MEMORY:
            raise decoder.out_of_memory()
        yield said, number, width, height, payload


def _fits(kind: int, width: int, height: int, length: int, limits: PdfLimits) -> bool:
    """Whether a header is one that an honest decoder could write."""
    if kind == Said.PICTURE:
        return 0 < width * height <= limits.max_pixels and length == 3 * width * height
    if kind == Said.TEXT:
        return length <= MAX_TEXT
    if kind == Said.BAD_MEDIA:
        return length <= MAX_REASON
    return kind in {Said.LENGTH, Said.DONE, Said.OUT_OF_MEMORY} and length == 0


def _lines(payload: bytes, name: str) -> tuple[TextLine, ...]:
    try:
        return tuple(_line(text, corners) for text, corners in json.loads(payload))
    except (ValueError, TypeError) as error:
        raise BadMedia(NOT_AGREED, name) from error


def _line(text: Any, corners: Any) -> TextLine:  # noqa: ANN401 - JSON of a process not believed
    upper_left, upper_right, lower_right, lower_left = (_point(*one) for one in corners)
    if not isinstance(text, str):
        raise TypeError("a line's text is no text")
    return TextLine(text, None, (upper_left, upper_right, lower_right, lower_left))


def _point(x: float, y: float) -> Point:
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError("a corner is nowhere")
    return (min(max(float(x), 0.0), 1.0), min(max(float(y), 0.0), 1.0))
