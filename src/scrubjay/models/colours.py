"""The colours the fakes see, by name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Media
from scrubjay.models.image_input import as_picture

COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (220, 40, 40),
    "orange": (240, 140, 30),
    "yellow": (240, 220, 50),
    "green": (50, 160, 70),
    "blue": (40, 80, 200),
    "purple": (130, 60, 160),
    "pink": (240, 150, 190),
    "brown": (120, 75, 40),
    "black": (20, 20, 20),
    "grey": (128, 128, 128),
    "white": (240, 240, 240),
}
SIDE = 32


def colour_shares(media: Media) -> NDArray[np.float32]:
    """(len(COLOURS),) share of a picture's pixels nearest to each colour.

    Raises:
        BadMedia: it is no picture.
    """
    picture = as_picture(media)
    rows, columns = (
        np.linspace(0, side - 1, min(side, SIDE)).astype(int) for side in picture.shape[:2]
    )
    seen = picture[np.ix_(rows, columns)].reshape(-1, 1, 3).astype(np.float32)
    palette = np.array(list(COLOURS.values()), np.float32)
    nearest = ((seen - palette) ** 2).sum(axis=2).argmin(axis=1)
    counts = np.bincount(nearest, minlength=len(COLOURS)).astype(np.float32)
    return counts / np.float32(len(nearest))


def main_colour(media: Media) -> str:
    """The colour most of a picture's pixels are nearest to."""
    return list(COLOURS)[int(colour_shares(media).argmax())]
