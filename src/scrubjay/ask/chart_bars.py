"""Bars of a chart: flat rectangles that stand on one line.

Everything is measured as if bars stood upright or hung: pictures of lying bars are handed in with
their axes exchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import MissingExtra
from scrubjay.core.types import Picture

SAME: Final = 24
"""Shades, of 255, within which pixels are of one colour; pictures may be JPEGs."""

RARE: Final = 2e-4
"""Share of a picture's pixels below which a colour is none of a chart's."""

COLOURS: Final = 24
"""At most: a picture with more is a photograph."""

THICK: Final = 3
"""Pixels: what is thinner is a line or the edge of a letter."""

MENDED: Final = 5
"""Pixels less one across which a piece is one still: grid lines and whiskers run over bars."""

FULL: Final = 0.75
"""Share of a rectangle that must be of its colour; labels stand in bars."""

THIN: Final = 4
"""Pixels: what is less wide, or of a colour that is nowhere higher, is a line."""

LIKE: Final = (0.55, 1.8)
"""A bar's width, as multiples of most bars'."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A flat rectangle; right and bottom are outside."""

    left: int
    top: int
    right: int
    bottom: int
    colour: int

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """From the left."""
        return (self.left + self.right) / 2

    @property
    def area(self) -> int:
        """In pixels."""
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars that share a line.

    Attributes:
        baseline: pixels from the top, between two rows.
        ends: of each bar, where it is farthest from the line.
    """

    patches: tuple[Patch, ...]
    baseline: float
    ends: tuple[float, ...]

    @property
    def area(self) -> int:
        """Of all together."""
        return sum(one.area for one in self.patches)


@dataclass(frozen=True, slots=True)
class Flat:
    """A picture taken apart into its colours.

    Attributes:
        patches: every flat rectangle, the paper left out.
        colours: (height, width) number of each pixel's colour; -1 for none of them.
    """

    patches: tuple[Patch, ...]
    colours: NDArray[np.int16]

    def most_within(self, left: float, top: float, right: float, bottom: float) -> int:
        """The colour that most of a rectangle has; -1 where there is none."""
        part = self.colours[
            max(0, int(top)) : max(0, int(bottom)), max(0, int(left)) : max(0, int(right))
        ]
        known = part[part >= 0]
        return int(np.bincount(known).argmax()) if known.size else -1


def flattened(picture: Picture) -> Flat:
    """Take a picture apart.

    Raises:
        MissingExtra: OpenCV is not installed.
    """
    try:
        import cv2
    except ModuleNotFoundError as error:
        raise MissingExtra("measuring a chart", "ocr") from error
    colours = _colours(picture)
    height, width = picture.shape[:2]
    nearest = _nearest(picture, colours)
    found = []
    for colour in range(len(colours)):
        mask = (nearest == colour).astype(np.uint8)
        if _is_ground(mask):
            continue
        # Lines first, lest an axis joins its bars; then what lines have cut in two.
        opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((THICK, THICK), np.uint8))
        mended = cv2.morphologyEx(
            opened,
            cv2.MORPH_CLOSE,
            np.ones((MENDED, MENDED), np.uint8),
            borderType=cv2.BORDER_CONSTANT,
            borderValue=0,
        )
        number, _, stats, _ = cv2.connectedComponentsWithStats(mended, connectivity=4)
        for left, top, wide, high, area in stats[1:number].tolist():
            whole = wide < 0.9 * width or high < 0.9 * height
            if whole and min(wide, high) >= 1 and area >= FULL * wide * high and area > 3:
                found.append(Patch(left, top, left + wide, top + high, colour))
    return Flat(tuple(found), nearest)


def bars(found: Sequence[Patch], top: float, bottom: float) -> Bars | None:
    """The bars among some rectangles: those that stand or hang on the line most of them share.

    Args:
        top: of the value axis; what lies outside of it is no bar.
        bottom: of it.
    """
    within = [one for one in found if one.top >= top - 4 and one.bottom <= bottom + 4]
    best: Bars | None = None
    for line in sorted({edge for one in within for edge in (one.top, one.bottom)}):
        made = _on(within, line)
        if made is not None and (best is None or made.area > best.area):
            best = made
    return best


def _on(found: Sequence[Patch], line: int) -> Bars | None:
    """Bars that touch a line from above or below, of one width."""
    touching = [
        one
        for one in found
        if (abs(one.bottom - line) <= 2 or abs(one.top - line) <= 2) and one.width >= THIN
    ]
    # The line itself, and what remains of it between bars, is as dark everywhere.
    high = {one.colour for one in touching if one.height >= THIN}
    touching = [one for one in touching if one.colour in high]
    if len(touching) < 2:
        return None
    order = np.argsort([one.width for one in touching])
    summed = np.cumsum([touching[at].area for at in order])
    usual = touching[int(order[int(np.searchsorted(summed, summed[-1] / 2))])].width
    kept: list[Patch] = []
    for one in sorted(touching, key=lambda one: -one.area):
        alike = LIKE[0] * usual <= one.width <= LIKE[1] * usual
        if alike and not any(_in_one_place(one, other) for other in kept):
            kept.append(one)
    if len(kept) < 2:
        return None
    kept.sort(key=lambda one: one.middle)
    standing = [abs(one.bottom - line) <= abs(one.top - line) for one in kept]
    edges = [one.bottom if up else one.top for one, up in zip(kept, standing, strict=True)]
    return Bars(
        patches=tuple(kept),
        baseline=float(np.median(edges)),
        ends=tuple(
            float(one.top if up else one.bottom) for one, up in zip(kept, standing, strict=True)
        ),
    )


def _in_one_place(one: Patch, other: Patch) -> bool:
    """Whether two stand above each other."""
    shared = min(one.right, other.right) - max(one.left, other.left)
    return shared > 0.3 * min(one.width, other.width)


def _colours(picture: Picture) -> NDArray[np.int16]:
    """(n, 3) the colours that fill a picture, the most frequent first."""
    coarse = picture.reshape(-1, 3) >> 3
    packed = (coarse[:, 0].astype(np.int32) << 10) | (coarse[:, 1].astype(np.int32) << 5)
    counts = np.bincount(packed | coarse[:, 2], minlength=1 << 15)
    made: list[NDArray[np.int16]] = []
    for code in np.argsort(-counts, kind="stable"):
        if counts[code] < RARE * len(coarse) or len(made) >= COLOURS:
            break
        colour = np.array([code >> 10, code >> 5 & 31, code & 31], np.int16) * 8 + 4
        if all(np.abs(colour - other).max() > SAME for other in made):
            made.append(colour)
    return np.array(made, np.int16).reshape(-1, 3)


def _nearest(picture: Picture, colours: NDArray[np.int16]) -> NDArray[np.int16]:
    """(height, width) number of each pixel's colour; -1 for none of them."""
    nearest = np.full(picture.shape[:2], -1, np.int16)
    least = np.full(picture.shape[:2], SAME, np.int16)
    pixels = picture.astype(np.int16)
    for at, colour in enumerate(colours):
        away = np.abs(pixels - colour).max(axis=2)
        closer = away < least
        nearest[closer], least[closer] = at, away[closer]
    return nearest


def _is_ground(mask: NDArray[Any]) -> bool:
    """Whether a colour fills the picture's rim: the paper."""
    rim = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return bool(rim.mean() > 0.5)
