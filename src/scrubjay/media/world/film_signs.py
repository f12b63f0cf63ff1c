"""Boards with words that stand in a lower corner of a film's frame, as channels show them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.media.world.draw import SIGN_GROUNDS
from scrubjay.media.world.lexicon import SIGN_WORDS

HEIGHT: Final = 0.125
"""Of a board, as a share of the frame's; its letters are a little over half as high."""
MARGIN: Final = 0.04
"""Of the frame's height, that a board stays away from its borders."""
WORDS: Final = 2


def boards(random: np.random.Generator) -> Iterator[str]:
    """Words of boards, no two alike, until there are no more."""
    seen: set[str] = set()
    while len(seen) < len(SIGN_WORDS) * (len(SIGN_WORDS) - 1):
        words = random.choice(len(SIGN_WORDS), WORDS, replace=False)
        written = " ".join(SIGN_WORDS[int(word)] for word in words)
        if written not in seen:
            seen.add(written)
            yield written


def put_board(pixels: NDArray[np.float32], written: str, seed: int) -> None:
    """Set a board into a frame.

    Args:
        pixels: (height, width, 3), changed in place.
        written: its words; they are shown in capitals.
        seed: of its colours and of the corner it stands in.
    """
    height, width, _ = pixels.shape
    board = _board(written.upper(), seed % len(SIGN_GROUNDS), round(height * HEIGHT))
    margin = round(height * MARGIN)
    shown = board[:, : width - 2 * margin]
    top = height - margin - len(shown)
    left = margin if seed // len(SIGN_GROUNDS) % 2 else width - margin - shown.shape[1]
    pixels[top : top + len(shown), left : left + shown.shape[1]] = shown


@lru_cache(maxsize=64)
def _board(written: str, ground: int, height: int) -> NDArray[np.float32]:
    from PIL import Image, ImageDraw, ImageFont

    colour = SIGN_GROUNDS[ground]
    ink = (15, 15, 15) if sum(colour) > 420 else (250, 250, 250)
    font = ImageFont.load_default(size=0.66 * height)
    left, top, right, bottom = (math.floor(one) for one in font.getbbox(written))
    around = max(2, (height - (bottom - top)) // 2)
    tile = Image.new("RGB", (right - left + 4 * around, height), colour)
    ImageDraw.Draw(tile).text((2 * around - left, around - top), written, font=font, fill=ink)
    pixels = np.asarray(tile).astype(np.float32)
    pixels.setflags(write=False)
    return pixels
