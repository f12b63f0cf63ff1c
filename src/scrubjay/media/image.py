"""Bytes to pictures, within limits: the format by content, the size checked before decoding."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia
from scrubjay.core.types import Picture
from scrubjay.media.sniff import PICTURES, Format, sniff_format

if TYPE_CHECKING:
    from PIL.Image import Image

DEFAULT_LIMITS: Final = MediaLimits()

SCALE_MARGIN: Final = 1.25
"""A JPEG is decoded no smaller than this times `min_side`: reducing the rest of the way by bicubic
then differs by 0.006 of full scale from reducing the whole picture, against 0.010 without margin,
at the same speed."""

_ORIENTATION_TAG: Final = 0x0112
_UPRIGHT: Final[dict[int, Callable[[Picture], Picture]]] = {
    2: lambda picture: picture[:, ::-1],
    3: lambda picture: picture[::-1, ::-1],
    4: lambda picture: picture[::-1],
    5: lambda picture: picture.transpose(1, 0, 2),
    6: lambda picture: picture.transpose(1, 0, 2)[:, ::-1],
    7: lambda picture: picture[::-1, ::-1].transpose(1, 0, 2),
    8: lambda picture: picture.transpose(1, 0, 2)[::-1],
}
"""EXIF orientation (TIFF 6.0, tag 274) -> what makes the picture upright; 1 is upright already."""


def decode_picture(
    data: bytes, *, limits: MediaLimits = DEFAULT_LIMITS, min_side: int | None = None
) -> Picture:
    """Decode a JPEG, PNG, WebP, GIF (first frame), BMP or TIFF.

    Transparency is composed on white; 16-bit, palette and CMYK pictures become 8-bit RGB.

    Args:
        data: the whole file.
        limits: what it may cost; the number of pixels is checked before anything is decoded.
        min_side: the shorter side the caller will reduce to. A JPEG may then be decoded smaller,
            its shorter side at least `SCALE_MARGIN` times this (or its own size).

    Returns:
        (height, width, 3) uint8, upright, contiguous.

    Raises:
        BadMedia: empty, not a picture, too large, truncated or damaged.
    """
    with _opened(data, limits) as image:
        orientation = _orientation(image)
        wanted = None if min_side is None else round(SCALE_MARGIN * min_side)
        picture = _decode_jpeg(data, image, wanted) if image.format in {"JPEG", "MPO"} else None
        if picture is None:
            if wanted is not None:
                _draft(image, wanted)
            picture = _rgb(image)
    return np.ascontiguousarray(_UPRIGHT.get(orientation, _unturned)(picture))


def probe_picture(data: bytes, limits: MediaLimits = DEFAULT_LIMITS) -> tuple[int, int]:
    """Read a picture's size from its header, without decoding it.

    Returns:
        (width, height) in pixels as it will be shown, EXIF orientation applied.

    Raises:
        BadMedia: empty, not a picture, too large, or a header that cannot be read.
    """
    with _opened(data, limits) as image:
        width, height = image.size
        return (height, width) if _orientation(image) >= 5 else (width, height)


@contextmanager
def _opened(data: bytes, limits: MediaLimits) -> Iterator[Image]:
    """Open by content; every way a decoder can fail on a stranger's bytes becomes BadMedia."""
    found = _check(data, limits)
    from PIL import Image, ImageFile

    Image.init()
    try:
        # The decoder itself, not Image.open: its warning about large pictures is superseded by
        # our own limit, and no other decoder may try its luck with these bytes.
        image: ImageFile.ImageFile = Image.OPEN[found.name][0](io.BytesIO(data), "")
        with image:
            _check_pixels(image.size, limits)
            if found is Format.PNG and b"eXIf" in data and "exif" not in image.info:
                image.load()  # it stands behind the pixels
            yield image
    except BadMedia:
        raise
    except Exception as error:
        raise BadMedia(_why(error, found)) from error


def _check(data: bytes, limits: MediaLimits) -> Format:
    if not data:
        raise BadMedia("empty file")
    if len(data) > limits.max_bytes:
        raise BadMedia(f"file of {len(data):,} bytes: over the limit of {limits.max_bytes:,}")
    found = sniff_format(data)
    if found not in PICTURES:
        raise BadMedia(f"not a picture: its content is {found.value}" if found else "not a picture")
    if found is Format.WEBP:
        # libwebp allocates whole frames when it opens a file: look at the header first.
        _check_pixels(_webp_size(data), limits)
    return found


def _check_pixels(size: tuple[int, int], limits: MediaLimits) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise BadMedia(f"a picture of {width} x {height} pixels")
    if width * height > limits.max_pixels:
        raise BadMedia(
            f"picture of {width} x {height} pixels: over the limit of {limits.max_pixels:,}"
        )


def _webp_size(data: bytes) -> tuple[int, int]:
    """Canvas size from the first chunk (RFC 9649, sections 2.5 to 2.7)."""
    chunk, body = data[12:16], data[20:30]
    if len(body) == 10 and chunk == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if len(body) == 10 and chunk == b"VP8 ":
        sides = int.from_bytes(body[6:8], "little"), int.from_bytes(body[8:10], "little")
        return sides[0] & 0x3FFF, sides[1] & 0x3FFF
    if len(body) >= 5 and chunk == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    raise BadMedia("damaged WebP picture: no readable header")


def _why(error: Exception, found: Format) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    if "truncated" in text.lower() or "broken data stream" in text.lower():
        return f"truncated {found.value} picture"
    return f"damaged {found.value} picture: {text[:120]}"


def _orientation(image: Image) -> int:
    """EXIF orientation 1-8; damaged EXIF means the picture is taken as it is.

    Read here, not by Pillow, which would decode a whole PNG for it and warn of damage on stderr.
    """
    if image.format == "TIFF":
        return 1  # Pillow turns these upright itself, their size included
    exif = image.info.get("exif")
    if not isinstance(exif, bytes):
        return 1
    exif = exif.removeprefix(b"Exif\x00\x00")
    order: Literal["little", "big"] = "little" if exif[:2] == b"II" else "big"
    start = int.from_bytes(exif[4:8], order)
    count = int.from_bytes(exif[start : start + 2], order)
    for at in range(start + 2, min(start + 2 + 12 * count, len(exif) - 11), 12):
        if int.from_bytes(exif[at : at + 2], order) == _ORIENTATION_TAG:
            value = int.from_bytes(exif[at + 8 : at + 10], order)
            return value if value in _UPRIGHT else 1
    return 1


def _unturned(picture: Picture) -> Picture:
    return picture


def _decode_jpeg(data: bytes, image: Image, min_side: int | None) -> Picture | None:
    """Decode by libjpeg-turbo, scaled; None when Pillow must decide (CMYK, or a doubtful file)."""
    if image.mode not in {"RGB", "L"}:
        return None
    import simplejpeg

    side = 0 if min_side is None else min(min_side, *image.size)
    try:
        picture: Picture = simplejpeg.decode_jpeg(
            data, colorspace="RGB", min_height=side, min_width=side
        )
    except ValueError:
        return None
    return picture


def _draft(image: Image, min_side: int) -> None:
    """Let libjpeg decode smaller; Pillow keeps both sides at least as large as asked."""
    scale = min(1.0, min_side / min(image.size))
    image.draft(None, (max(1, round(image.width * scale)), max(1, round(image.height * scale))))


def _rgb(image: Image) -> Picture:
    from PIL import Image as Pillow

    image.load()
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        grey = _eight_bit(np.asarray(image), image)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        ground = Pillow.new("RGBA", layer.size, (255, 255, 255, 255))
        return np.asarray(Pillow.alpha_composite(ground, layer).convert("RGB"))
    return np.asarray(image.convert("RGB"))


def _eight_bit(samples: NDArray[np.generic], image: Image) -> NDArray[np.uint8]:
    """Scale deep greyscale to 0-255: by its bit depth when known, else by its own range."""
    values = np.nan_to_num(samples.astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
        low, high = 0.0, 65535.0
    elif low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    return np.round((values - low) * (255.0 / (high - low or 1.0))).clip(0, 255).astype(np.uint8)
