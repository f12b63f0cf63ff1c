"""Pictures Scrubjay draws itself: coloured shapes on a plain ground, with a sentence for each.

They stand in for a collection where there is none: the demonstration, tests, benchmarks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from scrubjay.core.types import Picture

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
GROUNDS = ((206, 216, 226), (226, 214, 198), (196, 214, 196), (186, 186, 200))
TEMPLATES = (
    "{article} {colour} {shape}",
    "{colour} {shape}",
    "there is {article} {colour} {shape}",
    "a {shape} that is {colour}",
)

RING_HOLE = 0.55

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scene:
    """One shape in one colour."""

    colour: str
    shape: str

    @property
    def name(self) -> str:
        """What it shows, in three words at most."""
        return f"{self.colour} {self.shape}"

    def caption(self, random: np.random.Generator) -> str:
        """A sentence about it, from a few templates."""
        template = TEMPLATES[random.integers(len(TEMPLATES))]
        article = "an" if self.colour[0] in "aeiou" else "a"
        return template.format(article=article, colour=self.colour, shape=self.shape)


def every_scene() -> list[Scene]:
    """All colours of all shapes, in a fixed order."""
    return [Scene(colour, shape) for shape in SHAPES for colour in COLOURS]


def draw(scene: Scene, random: np.random.Generator, *, size: int = 96) -> Picture:
    """Draw a scene at a random place, size, tilt and shade.

    Returns:
        (size, size, 3) uint8.
    """
    from PIL import Image, ImageDraw

    ground = _shaded(GROUNDS[random.integers(len(GROUNDS))], random, 14)
    picture = Image.new("RGB", (2 * size, 2 * size), ground)
    radius = size * random.uniform(0.35, 0.75)
    x, y = random.uniform(radius, 2 * size - radius, 2)
    tilt = random.uniform(-0.3, 0.3)
    canvas = ImageDraw.Draw(picture)
    fill = _shaded(COLOURS[scene.colour], random, 16)
    outline = [_turned(point, tilt) for point in OUTLINES[scene.shape]]
    canvas.polygon([(x + radius * u, y + radius * v) for u, v in outline], fill=fill)
    if scene.shape == "ring":
        hole = RING_HOLE * radius
        canvas.ellipse((x - hole, y - hole, x + hole, y + hole), fill=ground)
    half = picture.resize((size, size), Image.Resampling.BOX)
    noise = random.normal(0, 3, (size, size, 1))
    return np.clip(np.asarray(half) + noise, 0, 255).astype(np.uint8)


def _shaded(
    colour: tuple[int, int, int], random: np.random.Generator, spread: int
) -> tuple[int, int, int]:
    r, g, b = np.clip(np.array(colour) + random.integers(-spread, spread + 1), 0, 255)
    return int(r), int(g), int(b)


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
