"""Pictures with text drawn by Pillow, and where each line of it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont


class Written(NamedTuple):
    """One line on a page: its middle in pixels."""

    text: str
    x: float
    y: float


def page(
    lines: Sequence[tuple[str, int, int, int]],
    size: tuple[int, int] = (640, 400),
    ink: str = "black",
    ground: str = "white",
) -> tuple[Image.Image, list[Written]]:
    """A page with lines of (text, left, top, height of the font)."""
    made = Image.new("RGB", size, ground)
    pen = ImageDraw.Draw(made)
    written = []
    for text, left, top, height in lines:
        font = ImageFont.load_default(height)
        pen.text((left, top), text, font=font, fill=ink)
        box = pen.textbbox((left, top), text, font=font)
        written.append(Written(text, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
    return made, written


def turned(
    made: Image.Image, written: Sequence[Written], degrees: float
) -> tuple[np.ndarray, list[Written]]:
    """The page turned clockwise, and where its lines are then."""
    turned = made.rotate(
        -degrees, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC
    )
    angle = math.radians(degrees)
    moved = [
        Written(
            one.text,
            turned.width / 2
            + math.cos(angle) * (one.x - made.width / 2)
            - math.sin(angle) * (one.y - made.height / 2),
            turned.height / 2
            + math.sin(angle) * (one.x - made.width / 2)
            + math.cos(angle) * (one.y - made.height / 2),
        )
        for one in written
    ]
    return np.asarray(turned), moved
