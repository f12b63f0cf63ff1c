"""Where in a frame something is, found by moving a square and by covering parts of it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Picture
from scrubjay.search.needle_scan import SQUARES_AT_ONCE, Score, score_boxes
from scrubjay.search.needle_tiles import Box, around, cut

ROUNDS: Final = 3
"""How often a square is moved and resized, each time by half as much."""

FIRST_STEP: Final = 0.25
"""As a share of its side."""

COVER: Final = 0.4
"""Side of what covers a part of the square, as a share of the square's."""

PLACES: Final = 7
"""Places along each side that are covered."""

OUTSIDE: Final = 0.05
"""Of what covering takes away, so much lies beyond each side of the box."""


def fitted(box: Box, score: float, picture: Picture, scores: Score) -> tuple[Box, float]:
    """A square moved and resized to where it scores highest, and what it scores there."""
    height, width, _ = picture.shape
    step = FIRST_STEP
    for _ in range(ROUNDS):
        near = tuple(around(box, step, width, height))
        found = score_boxes(scores, picture, near)
        best = int(found.argmax())
        if float(found[best]) > score:
            box, score = near[best], float(found[best])
        step /= 2
    return box, score


def tight(square: Box, picture: Picture, scores: Score) -> Box:
    """The part of a square that makes it score as it does, in pixels of the picture.

    Where covering a part takes most away, there is what is looked for (Zeiler & Fergus 2014,
    section 4.2). Measured against the square itself on four films: intersection over union with
    the true box 0.66 instead of 0.41 for pictures, 0.56 instead of 0.27 for words.
    """
    shown = cut(picture, square)
    height, width, _ = shown.shape
    heat = np.maximum(_taken_away(shown, scores), 0) ** 2
    if not heat.any():
        return square
    x0, x1 = _within(heat.sum(axis=0))
    y0, y1 = _within(heat.sum(axis=1))
    across, down = (square[2] - square[0]) / width, (square[3] - square[1]) / height
    return (
        square[0] + x0 * across,
        square[1] + y0 * down,
        square[0] + x1 * across,
        square[1] + y1 * down,
    )


def _taken_away(shown: Picture, scores: Score) -> NDArray[np.float64]:
    """(height, width) how much of the score is lost, on average, where each pixel is covered."""
    height, width, _ = shown.shape
    plain = shown.reshape(-1, 3).mean(axis=0).astype(np.uint8)
    tall, wide = max(1, round(COVER * height)), max(1, round(COVER * width))
    corners = [
        (int(y), int(x))
        for y in np.linspace(0, height - tall, PLACES).round()
        for x in np.linspace(0, width - wide, PLACES).round()
    ]
    pictures = [shown]
    for y, x in corners:
        covered = shown.copy()
        covered[y : y + tall, x : x + wide] = plain
        pictures.append(covered)
    found = np.concatenate(
        [
            scores(pictures[start : start + SQUARES_AT_ONCE])
            for start in range(0, len(pictures), SQUARES_AT_ONCE)
        ]
    ).astype(np.float64)
    lost, times = np.zeros((height, width)), np.zeros((height, width))
    for (y, x), score in zip(corners, found[1:], strict=True):
        lost[y : y + tall, x : x + wide] += found[0] - score
        times[y : y + tall, x : x + wide] += 1
    mean: NDArray[np.float64] = lost / np.maximum(times, 1)
    return mean


def _within(weights: NDArray[np.float64]) -> tuple[int, int]:
    """First and past-the-last place that leave OUTSIDE of the weight beyond either end."""
    below = np.cumsum(weights) / weights.sum()
    first = int(np.searchsorted(below, OUTSIDE))
    last = int(np.searchsorted(below, 1 - OUTSIDE))
    return first, min(last, len(weights) - 1) + 1
