"""PDFs written by hand, so that tests know every byte of them (ISO 32000-1)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence


def pdf(
    pages: Sequence[str | bytes],
    *,
    box: str = "0 0 595 842",
    page_extra: str = "",
    catalog_extra: str = "",
    trailer_extra: str = "",
    resources: str = "",
    objects: Sequence[bytes] = (),
) -> bytes:
    """A file with a content stream a page; font /F1 is Helvetica.

    Args:
        objects: further bodies, numbered from 4 + 2 * len(pages).
    """
    count = len(pages)
    kids = " ".join(f"{4 + 2 * at} 0 R" for at in range(count))
    bodies = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog_extra} >>".encode(),
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for at, content in enumerate(pages):
        stream = content.encode("cp1252") if isinstance(content, str) else content
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents {5 + 2 * at} 0 R "
            f"/Resources << /Font << /F1 3 0 R >> {resources} >> {page_extra} >>".encode()
        )
        bodies.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    bodies += objects
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = f"/Size {len(bodies) + 1} /Root 1 0 R {trailer_extra}".encode()
    out += b"trailer << %s >>\nstartxref\n%d\n%%%%EOF\n" % (trailer, start)
    return bytes(out)


def text(line: str, x: float, y: float, size: float = 14, matrix: str = "1 0 0 1") -> str:
    """A line of text at a place in points, from the lower left of the page."""
    escaped = line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT /F1 {size} Tf {matrix} {x} {y} Tm ({escaped}) Tj ET\n"


def image(pixels: bytes, width: int, height: int) -> bytes:
    """An image object of 8-bit RGB."""
    packed = zlib.compress(pixels)
    return (
        b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB "
        b"/BitsPerComponent 8 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream"
    ) % (width, height, len(packed), packed)
