"""The glyphs of the things: small pictures from Noto Color Emoji, shipped as one sheet."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from scrubjay.media.world.things import things

if TYPE_CHECKING:
    from PIL import Image

SHEET = "glyphs.webp"
SIDE = 64
COLUMNS = 13


@lru_cache(maxsize=1)
def glyphs() -> tuple[Image.Image, ...]:
    """One RGBA picture a thing, in the order of `things`, cropped to what is drawn.

    The longer side is SIDE pixels.
    """
    from PIL import Image

    with files(__package__).joinpath(SHEET).open("rb") as file:
        sheet = Image.open(file).convert("RGBA")
    return tuple(_cut(sheet, at) for at in range(len(things())))


def _cut(sheet: Image.Image, at: int) -> Image.Image:
    row, column = divmod(at, COLUMNS)
    cell = sheet.crop((column * SIDE, row * SIDE, (column + 1) * SIDE, (row + 1) * SIDE))
    return cell.crop(cell.getbbox())
