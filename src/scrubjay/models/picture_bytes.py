"""Pictures as the bytes of a file, for servers that look at them."""

from __future__ import annotations

import base64
import io
from typing import Final, Literal, TypeAlias, get_args

from scrubjay.core.errors import BadConfig
from scrubjay.core.types import Picture

PictureFormat: TypeAlias = Literal["png", "jpeg"]
"""PNG keeps every pixel, so that small letters stay readable; JPEG is about a tenth as large."""

JPEG_QUALITY: Final = 92


def checked_format(given: str) -> PictureFormat:
    """The format itself.

    Raises:
        BadConfig: there is no such format.
    """
    for known in get_args(PictureFormat):
        if given == known:
            return known  # type: ignore[no-any-return]
    raise BadConfig(f"pictures are sent as png or jpeg, not as {given!r}")


def as_data_url(picture: Picture, kind: PictureFormat = "png") -> str:
    """`data:image/png;base64,...` of (height, width, 3) RGB."""
    from PIL import Image

    out = io.BytesIO()
    image = Image.fromarray(picture)
    if kind == "png":
        image.save(out, "PNG", compress_level=1)
    else:
        image.save(out, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return f"data:image/{kind};base64,{base64.b64encode(out.getvalue()).decode('ascii')}"
