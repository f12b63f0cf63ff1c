"""The process that draws what strangers sent: `python -m scrubjay.media.pdf_decoder`.

It reads one request and one file from standard input and answers on standard output. Before it
looks at the file it gives up what drawing does not need. Forms are not filled in, scripts are not
run and nothing a page names is fetched: PDFium is built without them, and no form is opened.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import numpy as np
import pypdfium2 as pdfium
from pypdfium2 import raw

from scrubjay.media.confinement import give_up_rights, mapped_bytes, set_limits
from scrubjay.media.pdf_wire import (
    ANSWER,
    ANSWERS,
    MAX_REASON,
    MAX_REQUEST,
    MAX_TEXT,
    Request,
    Said,
)

POINTS: Final = 72.0
"""An inch."""

APART: Final = 1.2
"""Characters so many heights apart belong to two lines, such as two cells of a table."""

_BREAKS: Final = frozenset((0, 10, 13))
_INVISIBLE: Final = 3
"""Text render mode 3: neither filled nor stroked (ISO 32000-1, table 106)."""

_REASONS: Final = {
    raw.FPDF_ERR_PASSWORD: "an encrypted PDF: it needs a password; save it without one",
    raw.FPDF_ERR_SECURITY: "an encrypted PDF of an unknown kind; save it without a password",
    raw.FPDF_ERR_FORMAT: "damaged PDF: its structure cannot be read",
}

Answer = tuple[Said, int, int, int, bytes]


class Refused(Exception):
    """A PDF that cannot be used; the message says why."""


def main() -> None:
    """Answer one request."""
    request = Request.from_json(json.loads(sys.stdin.buffer.readline(MAX_REQUEST)))
    data = sys.stdin.buffer.read(request.size)
    out = os.fdopen(os.dup(1), "wb", 1 << 20)
    os.dup2(2, 1)  # what a library prints must not become part of an answer
    give_up_rights()
    set_limits(mapped_bytes() + request.memory, request.seconds)
    try:
        for said, number, width, height, payload in answers(request, data):
            out.write(ANSWER.pack(ANSWERS, said, number, width, height, len(payload)))
            out.write(payload)
            out.flush()
    except Refused as error:
        _end(out, Said.BAD_MEDIA, str(error))
    except MemoryError:
        _end(out, Said.OUT_OF_MEMORY, "")
    except (pdfium.PdfiumError, ValueError, OverflowError) as error:
        _end(out, Said.BAD_MEDIA, f"damaged PDF: {' '.join(str(error).split())[:120]}")
    out.flush()


def answers(request: Request, data: bytes) -> Iterator[Answer]:
    """Everything there is to say, the last of it an end.

    Raises:
        Refused: the file cannot be used.
        pypdfium2.PdfiumError: PDFium cannot go on.
    """
    document = _opened(data)
    count = len(document)
    yield Said.LENGTH, count, 0, 0, b""
    beyond = [number for number in request.pages if not 1 <= number <= count]
    if beyond:
        raise Refused(f"it has {count} pages, none numbered {beyond[0]}")
    numbers = request.pages or tuple(range(1, count + 1))
    if len(numbers) > request.max_pages:
        raise Refused(
            f"{len(numbers):,} pages: over the limit of {request.max_pages:,} at once; "
            f"name some of its {count:,}"
        )
    for number in numbers:
        yield from _page(document, number, request)
    yield Said.DONE, 0, 0, 0, b""


def _opened(data: bytes) -> Any:  # noqa: ANN401 - pypdfium2 is untyped here
    try:
        document = pdfium.PdfDocument(data)
        if not len(document):
            raise Refused("a PDF without pages")
    except pdfium.PdfiumError as error:
        code = getattr(error, "err_code", None)
        raise Refused(_REASONS.get(code, "damaged PDF: it cannot be opened")) from error
    return document


def _page(document: Any, number: int, request: Request) -> Iterator[Answer]:  # noqa: ANN401
    try:
        page = document[number - 1]
    except pdfium.PdfiumError as error:
        raise Refused(f"damaged PDF: page {number} cannot be opened") from error
    width, height = page.get_size()
    if not (math.isfinite(width * height) and width * height > 0):
        raise Refused(f"damaged PDF: page {number} is {width:g} x {height:g} points large")
    scale = request.dpi / POINTS
    scale = min(scale, math.sqrt(request.max_pixels / (width * height)))
    if min(width, height) * scale < 1:
        raise Refused(f"page {number} is {width:g} x {height:g} points large: nothing to see")
    # Rounding up must not pass the limit.
    while math.ceil(width * scale) * math.ceil(height * scale) > request.max_pixels:
        scale *= 0.99
    bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=False, may_draw_forms=False)
    text = json.dumps(_text_layer(page, bitmap)).encode()
    pixels = np.ascontiguousarray(bitmap.to_numpy()[:, :, :3])
    yield Said.TEXT, number, bitmap.width, bitmap.height, text if len(text) <= MAX_TEXT else b"[]"
    yield Said.PICTURE, number, bitmap.width, bitmap.height, pixels.tobytes()
    bitmap.close()
    page.close()


def _text_layer(page: Any, bitmap: Any) -> list[tuple[str, list[tuple[float, float]]]]:  # noqa: ANN401
    """Lines of text as the file says them, in the file's order, with corners as fractions."""
    text = page.get_textpage()
    place = bitmap.get_posconv(page)
    lines: list[tuple[str, list[tuple[float, float]]]] = []
    line = _Line()
    for index in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text, index)
        if code in _BREAKS:
            line = _ended(line, lines, place, bitmap)
            continue
        if 0xD800 <= code < 0xDC00:
            continue  # the low surrogate that follows makes the character; it comes as one below
        shown = _shown(text, index)
        box = text.get_charbox(index, loose=True)
        angle = raw.FPDFText_GetCharAngle(text, index)
        if chr(code).isspace():
            line.text += " "
        elif shown:
            if line.far_from(box, angle):
                line = _ended(line, lines, place, bitmap)
            line.add(_character(text, index, code), box, angle)
    _ended(line, lines, place, bitmap)
    text.close()
    return lines


def _character(text: Any, index: int, code: int) -> str:  # noqa: ANN401
    if 0xDC00 <= code < 0xE000 and index:
        high = raw.FPDFText_GetUnicode(text, index - 1)
        return bytes((high & 255, high >> 8, code & 255, code >> 8)).decode("utf-16-le", "replace")
    return chr(code) if code <= sys.maxunicode else "\N{REPLACEMENT CHARACTER}"


def _shown(text: Any, index: int) -> bool:  # noqa: ANN401
    """Whether a character is drawn; a scan's recognised text often is not."""
    found = raw.FPDFText_GetTextObject(text, index)
    return not found or raw.FPDFTextObj_GetTextRenderMode(found) != _INVISIBLE


class _Line:
    """Characters that stand beside each other, and the box around them in points."""

    def __init__(self) -> None:
        self.text = ""
        self.quarter = 0
        self.box: tuple[float, float, float, float] | None = None
        self.last: tuple[float, float, float, float] | None = None

    def far_from(self, box: tuple[float, float, float, float], angle: float) -> bool:
        """Whether a character that stands there begins another line."""
        if self.last is None:
            return False
        if _quarter(angle) != self.quarter:
            return True
        across = self.quarter % 2
        start, end = (1, 3) if across else (0, 2)
        tall = abs(box[2] - box[0]) if across else abs(box[3] - box[1])
        gap = max(box[start] - self.last[end], self.last[start] - box[end])
        return gap > APART * max(tall, 1e-6)

    def add(self, character: str, box: tuple[float, float, float, float], angle: float) -> None:
        """Put a character at its end."""
        if self.box is None:
            self.quarter, self.box = _quarter(angle), box
        self.box = (
            min(self.box[0], box[0]),
            min(self.box[1], box[1]),
            max(self.box[2], box[2]),
            max(self.box[3], box[3]),
        )
        self.text += character
        self.last = box


def _ended(line: _Line, lines: list[Any], place: Any, bitmap: Any) -> _Line:  # noqa: ANN401
    """Keep a line that has ended; what the next one begins with."""
    text = " ".join(line.text.split())
    if text and line.box is not None:
        left, bottom, right, top = line.box
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        # The upper left corner as the text is written comes first.
        turned = corners[line.quarter :] + corners[: line.quarter]
        placed = [place.to_bitmap(x, y) for x, y in turned]
        lines.append((text, [(x / bitmap.width, y / bitmap.height) for x, y in placed]))
    return _Line()


def _quarter(angle: float) -> int:
    """Quarters of a turn to the right, as PDFium counts a character's angle."""
    return round(angle / (math.pi / 2)) % 4 if math.isfinite(angle) else 0


def _end(out: BinaryIO, said: Said, reason: str) -> None:
    payload = reason.encode()[:MAX_REASON]
    out.write(ANSWER.pack(ANSWERS, said, 0, 0, 0, len(payload)))
    out.write(payload)


if __name__ == "__main__":
    main()
