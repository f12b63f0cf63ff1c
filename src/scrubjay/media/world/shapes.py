"""Shapes as outlines, and the colours they come in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (214, 40, 40),
    "orange": (243, 140, 24),
    "yellow": (240, 214, 40),
    "green": (42, 157, 60),
    "blue": (38, 84, 214),
    "purple": (126, 48, 168),
    "pink": (242, 128, 186),
    "brown": (121, 72, 33),
    "black": (24, 24, 24),
    "white": (246, 246, 246),
}
SHAPES = ("circle", "square", "triangle", "star", "heart", "diamond", "cross", "ring")
RING_HOLE = 0.55

Point: TypeAlias = tuple[float, float]


def _turned(point: Point, angle: float) -> Point:
    u, v = point
    return u * math.cos(angle) - v * math.sin(angle), u * math.sin(angle) + v * math.cos(angle)


def _corners(n: int, radius: float = 1.0, start: float = -math.pi / 2) -> list[Point]:
    angles = (start + 2 * math.pi * i / n for i in range(n))
    return [(radius * math.cos(a), radius * math.sin(a)) for a in angles]


def _star() -> list[Point]:
    tips, dents = _corners(5), _corners(5, 0.42, -math.pi / 2 + math.pi / 5)
    return [point for pair in zip(tips, dents, strict=True) for point in pair]


def _heart() -> list[Point]:
    steps = (i * math.pi / 24 for i in range(48))
    return [
        (
            math.sin(t) ** 3,
            -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16,
        )
        for t in steps
    ]


def _cross() -> list[Point]:
    w = 0.32
    quarter = [(-w, -1.0), (w, -1.0), (w, -w)]
    return [_turned(point, turn * math.pi / 2) for turn in range(4) for point in quarter]


OUTLINES: Mapping[str, list[Point]] = {
    "circle": _corners(64),
    "ring": _corners(64),
    "square": _corners(4, 1.1, -math.pi / 4),
    "triangle": _corners(3, 1.1),
    "star": _star(),
    "heart": _heart(),
    "diamond": [(0.0, -1.0), (0.62, 0.0), (0.0, 1.0), (-0.62, 0.0)],
    "cross": _cross(),
}
