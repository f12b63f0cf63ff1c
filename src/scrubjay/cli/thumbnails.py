"""Pictures in a terminal that can show them: by its own protocol, else as half blocks."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from scrubjay.core.types import Picture

if TYPE_CHECKING:
    from rich.text import Text

COLUMNS = 16
ROWS = 6
"""Character cells a thumbnail fills at most; a cell is about twice as high as wide."""

_CHUNK = 4096
_CELL_PIXELS = 20


class Screen(StrEnum):
    """How a terminal shows pictures."""

    KITTY = "kitty"
    ITERM = "iterm"
    BLOCKS = "blocks"


def screen(environment: Mapping[str, str], *, terminal: bool) -> Screen | None:
    """What this terminal can do, by what it says of itself; None when nothing or not asked for.

    Args:
        environment: the process's variables; NO_COLOR turns pictures off (no-color.org).
        terminal: whether standard output is one.
    """
    term = environment.get("TERM", "")
    if not terminal or environment.get("NO_COLOR") or term in {"", "dumb"}:
        return None
    program = environment.get("TERM_PROGRAM", "")
    within = "TMUX" in environment or term.startswith(("screen", "tmux"))
    if not within:
        if "KITTY_WINDOW_ID" in environment or "kitty" in term or program == "ghostty":
            return Screen.KITTY
        if program in {"iTerm.app", "WezTerm"} or environment.get("LC_TERMINAL") == "iTerm2":
            return Screen.ITERM
    if environment.get("COLORTERM", "").lower() in {"truecolor", "24bit"}:
        return Screen.BLOCKS
    return None


def half_blocks(picture: Picture, columns: int = COLUMNS, rows: int = ROWS) -> Text:
    """The picture as upper half blocks: two pixels a cell, the shape kept."""
    from rich.style import Style
    from rich.text import Text

    small = _fitted(picture, columns, 2 * rows)
    if len(small) % 2:
        small = small[:-1] if len(small) > 1 else small.repeat(2, axis=0)
    text = Text()
    for upper, lower in zip(small[::2], small[1::2], strict=True):
        for above, below in zip(upper, lower, strict=True):
            text.append("▀", Style(color=_rgb(above), bgcolor=_rgb(below)))
        text.append("\n")
    text.rstrip()
    return text


def escape_sequence(picture: Picture, how: Screen, rows: int = ROWS) -> str:
    """What to write to a terminal with its own protocol; the cursor ends on the picture's last row.

    Kitty: kitty graphics protocol, RGB transmitted and shown at once in chunks of 4096.
    iTerm2: inline images protocol, OSC 1337.
    """
    small = _fitted(picture, COLUMNS * _CELL_PIXELS, rows * _CELL_PIXELS)
    if how is Screen.ITERM:
        data = base64.b64encode(_png(small)).decode("ascii")
        return f"\x1b]1337;File=inline=1;height={rows};preserveAspectRatio=1:{data}\x07"
    height, width, _ = small.shape
    data = base64.b64encode(small.tobytes()).decode("ascii")
    chunks = [data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK)]
    head = f"a=T,f=24,s={width},v={height},r={rows},q=2,"
    return "".join(
        f"\x1b_G{head if not i else ''}m={int(i < len(chunks) - 1)};{chunk}\x1b\\"
        for i, chunk in enumerate(chunks)
    )


def _fitted(picture: Picture, width: int, height: int) -> Picture:
    """Scaled to touch the given pixels from within."""
    import numpy as np
    from PIL import Image

    image = Image.fromarray(picture)
    scale = min(width / image.width, height / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.NEAREST
    return np.asarray(image.resize(size, method))


def _png(picture: Picture) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()


def _rgb(pixel: Picture) -> str:
    red, green, blue = (int(one) for one in pixel)
    return f"#{red:02x}{green:02x}{blue:02x}"
