"""Scenes to pictures: a ground, then glyphs, shapes and signs where the plan wants them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Picture
from scrubjay.media.world.glyphs import glyphs
from scrubjay.media.world.lexicon import ABOVE, BELOW, LEFT, RIGHT, SIGN_WORDS
from scrubjay.media.world.scene import Scene, Template, shape_of, word_concept
from scrubjay.media.world.shapes import COLOURS, OUTLINES, RING_HOLE, SHAPES

if TYPE_CHECKING:
    from PIL import Image

SIDE = 96
SHAPE_SIDE = 64
LARGEST = {1: 76, 2: 46, 3: 38, 4: 34, 5: 30, 6: 28}
"""Longest side of an object in pixels, by how many share the picture."""
SMALLEST = {1: 30, 2: 26, 3: 24, 4: 22, 5: 20, 6: 19}
MOSAIC = 3
"""Objects on a side of a mosaic."""
SIGN_GROUNDS = (
    (255, 255, 255),
    (250, 230, 80),
    (30, 100, 50),
    (180, 20, 20),
    (20, 40, 120),
    (40, 40, 40),
)


class Box(NamedTuple):
    """Where a concept was drawn: its middle and size in pixels."""

    x: float
    y: float
    width: float
    height: float
    concept: int


class Drawn(NamedTuple):
    """A picture, (SIDE, SIDE, 3) uint8, and what is where in it."""

    picture: Picture
    boxes: tuple[Box, ...]


class _Place(NamedTuple):
    x: float
    y: float
    side: float


def draw(scene: Scene, random: np.random.Generator) -> Drawn:
    """A picture of a scene, different every time."""
    canvas = _ground(random)
    boxes: list[Box] = []
    sign = scene.word is not None
    places = _places(scene, random)
    if scene.word is not None:
        top = random.random() < 0.5
        boxes.append(_paste_sign(canvas, scene.word, random, alone=not scene.concepts, top=top))
        places = [
            _Place(one.x, SIDE * (0.5 + one.y / SIDE / 2 if top else one.y / SIDE / 2), one.side)
            for one in places
        ]
    for concept, place in zip(scene.drawn, places, strict=True):
        boxes.append(_paste(canvas, concept, place, random, tilt=12 if not sign else 6))
    return Drawn(np.asarray(canvas), tuple(boxes))


def mosaic(concepts: Sequence[int], random: np.random.Generator) -> Drawn:
    """Nine objects packed in three rows: nine times the signal of one."""
    canvas = _ground(random)
    cell = SIDE / MOSAIC
    boxes = [
        _paste(
            canvas,
            concept,
            _Place(
                cell * (at % MOSAIC + 0.5) + random.uniform(-4, 4),
                cell * (at // MOSAIC + 0.5) + random.uniform(-4, 4),
                random.uniform(20, 34),
            ),
            random,
            tilt=12,
        )
        for at, concept in enumerate(concepts)
    ]
    return Drawn(np.asarray(canvas), tuple(boxes))


def signs(words: Sequence[int], random: np.random.Generator) -> Drawn:
    """Signs above each other, a third of the height each: the mosaic of those who learn to read."""
    canvas = _ground(random)
    row = SIDE / MOSAIC
    boxes = [
        _paste_sign(canvas, word, random, y=row * (at + 0.5) + random.uniform(-3, 3))
        for at, word in enumerate(words)
    ]
    return Drawn(np.asarray(canvas), tuple(boxes))


def cells(drawn: Drawn, across: int) -> NDArray[np.int64]:
    """(across * across,) the concept that covers the middle of each cell, -1 for none, row by row.

    The cell an object's own middle is in is always its own.
    """
    grid = np.full((across, across), -1, np.int64)
    middle = (np.arange(across) + 0.5) * SIDE / across
    for box in drawn.boxes:
        covered_x = np.abs(middle - box.x) < 0.36 * box.width
        covered_y = np.abs(middle - box.y) < 0.36 * box.height
        grid[np.ix_(covered_y, covered_x)] = box.concept
    for box in drawn.boxes:
        column = min(across - 1, max(0, int(box.x / SIDE * across)))
        row = min(across - 1, max(0, int(box.y / SIDE * across)))
        grid[row, column] = box.concept
    return grid.ravel()


def _ground(random: np.random.Generator) -> Image.Image:
    """A plain, shaded, striped or blotchy ground."""
    from PIL import Image

    base = random.uniform(0, 255, 3)
    if random.random() < 0.5:
        base = base * 0.35 + 255 * 0.6
    pixels = np.empty((SIDE, SIDE, 3), np.float32)
    pixels[:] = base
    kind = random.random()
    if kind < 0.35:
        ramp = np.linspace(0, 0.6, SIDE, dtype=np.float32)
        ramp = ramp[:, None, None] if random.random() < 0.5 else ramp[None, :, None]
        pixels = pixels * (1 - ramp) + random.uniform(0, 255, 3).astype(np.float32) * ramp
    elif kind < 0.5:
        n = int(random.choice([4, 6, 8, 12]))
        blotches = random.normal(0, 22, (n, n, 1)).astype(np.float32)
        pixels += np.repeat(np.repeat(blotches, SIDE // n, axis=0), SIDE // n, axis=1)
    elif kind < 0.6:
        period = int(random.choice([6, 8, 12, 16]))
        stripes = ((np.arange(SIDE) // period) % 2).astype(np.float32) * random.uniform(-40, 40)
        pixels += stripes[:, None, None] if random.random() < 0.5 else stripes[None, :, None]
    if random.random() < 0.4:
        pixels += random.normal(0, random.uniform(2, 10), (SIDE, SIDE, 1)).astype(np.float32)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _places(scene: Scene, random: np.random.Generator) -> list[_Place]:
    """Where the objects go: never on each other, and as the plan's place says."""
    n = len(scene.drawn)
    if n == 0:
        return []
    crowd = n + 1 if scene.word is not None else n
    low, high = SMALLEST[crowd], LARGEST[crowd]
    for _ in range(300):
        sides = random.uniform(low, high, n)
        if scene.template is Template.COUNT:
            sides = sides.mean() * random.uniform(0.92, 1.08, n)
        at = random.uniform(sides / 2, SIDE - sides / 2, (2, n))
        if _apart(at, sides) and _placed(at, scene.place):
            return [_Place(at[0, i], at[1, i], sides[i]) for i in range(n)]
    return _in_rows(scene.place, n, low)


def _apart(at: NDArray[np.float64], sides: NDArray[np.float64]) -> bool:
    gaps = np.abs(at[:, :, None] - at[:, None, :]).max(axis=0)
    needed = (sides[:, None] + sides[None, :]) * 0.47
    np.fill_diagonal(needed, -1.0)
    return bool((gaps > needed).all())


def _placed(at: NDArray[np.float64], place: str | None) -> bool:
    if place is None:
        return True
    x, y = at[:, 1] - at[:, 0]
    along, across = {LEFT: (x, y), RIGHT: (-x, y), ABOVE: (y, x), BELOW: (-y, x)}[place]
    return bool(along > 22 and abs(across) < 0.7 * along)


def _in_rows(place: str | None, n: int, side: float) -> list[_Place]:
    """Where chance found no room."""
    near, far = SIDE * 0.27, SIDE * 0.73
    middle = SIDE / 2
    ways: dict[str, list[tuple[float, float]]] = {
        LEFT: [(near, middle), (far, middle)],
        RIGHT: [(far, middle), (near, middle)],
        ABOVE: [(middle, near), (middle, far)],
        BELOW: [(middle, far), (middle, near)],
    }
    corners = [(near, near), (far, near), (near, far), (far, far), (middle, middle)]
    return [_Place(x, y, side) for x, y in (ways[place] if place else corners[:n])]


def _paste(
    canvas: Image.Image, concept: int, place: _Place, random: np.random.Generator, *, tilt: float
) -> Box:
    from PIL import Image

    shape = shape_of(concept)
    picture = glyphs()[concept] if shape is None else _shape(*shape, canvas, place, random)
    scale = place.side / max(picture.size)
    size = (max(2, round(picture.width * scale)), max(2, round(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    if random.random() < 0.6:
        turn = float(np.clip(random.normal(0, tilt), -2 * tilt, 2 * tilt))
        picture = picture.rotate(turn, resample=Image.Resampling.BILINEAR, expand=True)
    if shape is None and random.random() < 0.3:
        picture = _relit(picture, random)
    left, top = round(place.x - picture.width / 2), round(place.y - picture.height / 2)
    canvas.paste(picture, (left, top), picture)
    return Box(place.x, place.y, float(size[0]), float(size[1]), concept)


def _relit(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    """In a slightly different light."""
    from PIL import Image

    pixels = np.asarray(picture).astype(np.float32)
    light = random.uniform(-20, 20) + random.uniform(-14, 14, 3)
    pixels[..., :3] = (pixels[..., :3] - 128) * random.uniform(0.75, 1.25) + 128 + light
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _shape(
    shape: int, colour: int, canvas: Image.Image, place: _Place, random: np.random.Generator
) -> Image.Image:
    """A shape, on a patch of its own where the ground has nearly its colour."""
    from PIL import Image, ImageDraw

    wanted = np.array(list(COLOURS.values())[colour])
    ground = np.array(canvas.getpixel((int(place.x), int(place.y))))
    if np.abs(ground - wanted).sum() < 110:
        half = place.side * 0.6
        patch = (235, 235, 235) if wanted.mean() < 128 else (60, 60, 60)
        ImageDraw.Draw(canvas).rectangle(
            (place.x - half, place.y - half, place.x + half, place.y + half), fill=patch
        )
    red, green, blue = np.clip(wanted + random.integers(-14, 15), 0, 255).tolist()
    plain = Image.new("RGBA", (SHAPE_SIDE, SHAPE_SIDE), (red, green, blue, 0))
    plain.putalpha(_mask(shape))
    return plain


@lru_cache(maxsize=len(SHAPES))
def _mask(shape: int) -> Image.Image:
    """The outline of a shape, filled."""
    from PIL import Image, ImageDraw

    large = Image.new("L", (4 * SHAPE_SIDE, 4 * SHAPE_SIDE))
    radius = 2 * SHAPE_SIDE - 2
    middle = 2 * SHAPE_SIDE
    pen = ImageDraw.Draw(large)
    outline = np.array(OUTLINES[SHAPES[shape]])
    outline = outline / np.abs(outline).max()
    pen.polygon([(middle + radius * u, middle + radius * v) for u, v in outline.tolist()], fill=255)
    if SHAPES[shape] == "ring":
        hole = RING_HOLE * radius
        pen.ellipse((middle - hole, middle - hole, middle + hole, middle + hole), fill=0)
    return large.resize((SHAPE_SIDE, SHAPE_SIDE), Image.Resampling.BOX)


def _paste_sign(
    canvas: Image.Image,
    word: int,
    random: np.random.Generator,
    *,
    alone: bool = False,
    top: bool = False,
    y: float | None = None,
) -> Box:
    """A sign at a height, or anywhere when it is alone, or at the top or the bottom."""
    from PIL import Image

    written = SIGN_WORDS[word]
    if random.random() < 0.75:
        written = written.upper()
    ground = SIGN_GROUNDS[int(random.integers(len(SIGN_GROUNDS)))]
    tile = _tile(written, ground)
    width = random.uniform(68, 92)
    height = width * tile.height / tile.width
    if height > 36:
        width, height = width * 36 / height, 36.0
    picture = tile.resize((int(width), max(8, int(height))), Image.Resampling.BILINEAR)
    if random.random() < 0.5:
        turn = random.uniform(-6, 6)
        picture = picture.rotate(turn, resample=Image.Resampling.BILINEAR, expand=True)
    x = random.uniform(picture.width / 2, SIDE - picture.width / 2) if picture.width < SIDE else 48
    if y is None and alone:
        y = random.uniform(picture.height / 2, SIDE - picture.height / 2)
    elif y is None:
        y = picture.height / 2 + 2 if top else SIDE - picture.height / 2 - 2
    canvas.paste(picture, (round(x - picture.width / 2), round(y - picture.height / 2)), picture)
    return Box(float(x), float(y), width, max(8.0, height), word_concept(word))


@lru_cache(maxsize=1024)
def _tile(written: str, ground: tuple[int, int, int]) -> Image.Image:
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(size=28)
    left, top, right, bottom = (math.floor(one) for one in font.getbbox(written))
    tile = Image.new("RGBA", (right - left + 16, bottom - top + 16), (*ground, 255))
    ink = (15, 15, 15) if sum(ground) > 420 else (250, 250, 250)
    ImageDraw.Draw(tile).text((8 - left, 8 - top), written, font=font, fill=(*ink, 255))
    return tile
