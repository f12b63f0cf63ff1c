"""Pictures that are not of this world: what a model that knows only it must keep silent about.

Nothing here is a photograph or a painting; the kinds imitate what those are made of: occluding
leaves of all sizes (Lee, Mumford & Huang 2001), noise whose power falls with frequency, strokes,
washes, and scenes bent until they are no longer any. Some kinds are kept for testing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Picture
from scrubjay.media.world.draw import SIDE, draw
from scrubjay.media.world.scene import Sampler

Field = NDArray[np.float64]
Make = Callable[[np.random.Generator], Field]


def outside(random: np.random.Generator, *, held_out: bool = False) -> Picture:
    """One of them, (SIDE, SIDE, 3) uint8.

    Args:
        random: where chance comes from.
        held_out: of the kinds kept for testing.
    """
    makers = list((HELD_OUT if held_out else TAUGHT).values())
    made = makers[int(random.integers(len(makers)))](random)
    if random.random() < 0.6:
        grey = made.mean(axis=-1, keepdims=True) * random.uniform(0.7, 1.1, 3)
        share = random.random()
        made = grey * share + made * (1 - share)
    if random.random() < 0.3:
        made = made.mean() + (made - made.mean()) * random.uniform(0.3, 1.0)
    return np.clip(made, 0, 255).astype(np.uint8)


def noise(random: np.random.Generator) -> Field:
    """Noise of three channels that go together, its power falling with frequency."""
    fall = random.uniform(0.6, 2.0)
    shared = _falling(random, fall)
    own = np.stack([_falling(random, fall) for _ in range(3)], axis=-1)
    mixed = shared[..., None] + random.uniform(0.1, 0.8) * own
    base, spread = random.uniform(40, 215, 3), random.uniform(20, 70) * random.uniform(0.5, 1.5, 3)
    return base + spread * mixed


def leaves(random: np.random.Generator) -> Field:
    """Discs and polygons of all sizes on each other, each shaded and grained a little."""
    from PIL import Image, ImageDraw

    palette = _palette(random, 6)
    canvas = Image.new("RGB", (SIDE, SIDE))
    pen = ImageDraw.Draw(canvas)
    power = random.uniform(1.0, 2.5)
    for _ in range(int(random.integers(60, 260))):
        radius = 60 * (1 - random.random() * 0.97) ** (power * 2) + 1.5
        x, y = random.uniform(0, SIDE, 2)
        colour = _near(palette[int(random.integers(len(palette)))], random, 18)
        if random.random() < 0.5:
            flat = random.uniform(0.4, 1)
            pen.ellipse((x - radius, y - radius * flat, x + radius, y + radius * flat), colour)
        else:
            turns = np.sort(random.uniform(0, 2 * np.pi, int(random.integers(3, 8))))
            reach = radius * random.uniform(0.5, 1.2, len(turns))
            corners = np.stack([x + reach * np.cos(turns), y + reach * np.sin(turns)], 1)
            pen.polygon([tuple(one) for one in corners.tolist()], fill=colour)
    return _grained(np.asarray(canvas).astype(np.float64), random)


def strokes(random: np.random.Generator) -> Field:
    """Brush strokes that follow a slow field, over a wash."""
    from PIL import Image, ImageDraw

    canvas = Image.fromarray(np.clip(wash(random), 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(canvas)
    turn = _falling(random, 2.0) * random.uniform(0.2, 1.5) + random.uniform(0, np.pi)
    palette = _palette(random, 5)
    for _ in range(int(random.integers(80, 500))):
        x, y = random.integers(0, SIDE, 2)
        length, width = random.uniform(4, 26), int(random.integers(1, 6))
        angle = turn[y, x]
        along = length * np.cos(angle), length * np.sin(angle)
        colour = _near(palette[int((y / SIDE + random.normal(0, 0.2)) * 5) % 5], random, 20)
        pen.line((x, y, x + along[0], y + along[1]), fill=colour, width=width)
    return _grained(np.asarray(canvas).astype(np.float64), random)


def wash(random: np.random.Generator) -> Field:
    """Soft spots of colour that run into each other."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    total = np.full((SIDE, SIDE), 0.15)
    mixed = total[..., None] * random.uniform(0, 255, 3)
    for _ in range(int(random.integers(3, 14))):
        cx, cy = random.uniform(0, SIDE, 2)
        sx, sy = random.uniform(5, 40, 2)
        weight = np.exp(-(((x - cx) / sx) ** 2) - ((y - cy) / sy) ** 2)
        mixed = mixed + weight[..., None] * random.uniform(0, 255, 3)
        total = total + weight
    out: Field = mixed / total[..., None]
    return _grained(out, random)


def polygons(random: np.random.Generator) -> Field:
    """Translucent triangles and quadrangles."""
    from PIL import Image, ImageDraw

    canvas = Image.new("RGB", (SIDE, SIDE), _near(random.uniform(0, 255, 3), random, 0))
    pen = ImageDraw.Draw(canvas, "RGBA")
    for _ in range(int(random.integers(8, 60))):
        corners = random.uniform(-10, SIDE + 10, (int(random.integers(3, 5)), 2))
        colour = (*_near(random.uniform(0, 255, 3), random, 0), int(random.integers(60, 220)))
        pen.polygon([tuple(one) for one in corners.tolist()], fill=colour)
    return _grained(np.asarray(canvas).astype(np.float64), random)


def horizon(random: np.random.Generator) -> Field:
    """Layers from top to bottom, each with its own grain: how landscapes are built."""
    out = np.empty((SIDE, SIDE, 3))
    top = 0
    for layer in range(int(random.integers(2, 6))):
        edge = np.full(SIDE, float(top)) if layer == 0 else top + 6 * _falling(random, 2.0)[0]
        rows = np.arange(SIDE)[:, None] >= edge[None, :]
        texture = noise(random) if random.random() < 0.6 else leaves(random)
        tint = random.uniform(30, 225, 3)
        layer_picture = 0.5 * texture + 0.5 * tint
        out = np.where(rows[..., None], layer_picture, out)
        top += int(random.integers(12, 45))
    return _grained(out, random)


def figure(random: np.random.Generator) -> Field:
    """A shaded shape before a dark or light ground: how portraits are built."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    ground = noise(random) * 0.3 + random.uniform(0, 150, 3)
    out = ground
    for _ in range(int(random.integers(1, 4))):
        cx, cy = random.uniform(0.3, 0.7, 2)
        sx, sy = random.uniform(0.08, 0.35, 2)
        inside = np.clip(4 * (1 - ((x - cx) / sx) ** 2 - ((y - cy) / sy) ** 2), 0, 1)
        light = 0.6 + 0.4 * np.clip((cx - x) / sx * random.uniform(-1, 1) + 0.5, 0, 1)
        skin = random.uniform(40, 240, 3) + 18 * _falling(random, 1.2)[..., None]
        out = out * (1 - inside[..., None]) + inside[..., None] * skin * light[..., None]
    return _grained(out, random)


def drawing(random: np.random.Generator) -> Field:
    """Curves and hatching on paper or a dark ground."""
    from PIL import Image, ImageDraw

    paper = random.uniform(0, 255, 3) * 0.3 + (160 if random.random() < 0.75 else 0)
    ground = paper + random.uniform(0, 12) * _falling(random, random.uniform(0, 1.5))[..., None]
    canvas = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(canvas)
    ink = random.uniform(0, 90, 3) if paper.mean() > 110 else random.uniform(150, 255, 3)
    steps = np.linspace(0, 2 * np.pi, 40)
    for _ in range(int(random.integers(4, 40))):
        reach = random.uniform(3, 40)
        waves = random.normal(0, 1, (2, 2, 3)) / np.arange(1, 4)
        angles = steps[:, None] * np.arange(1, 4) * random.uniform(0.1, 1.0)
        line = [
            reach * (np.sin(angles) @ waves[axis, 0] + np.cos(angles) @ waves[axis, 1])
            + random.uniform(0, SIDE)
            for axis in range(2)
        ]
        pen.line(
            [tuple(one) for one in np.stack(line, 1).tolist()],
            fill=_near(ink, random, 25),
            width=int(random.integers(1, 4)),
        )
    return np.asarray(canvas).astype(np.float64)


def flat(random: np.random.Generator) -> Field:
    """A few smooth spots of no particular form on a plain ground."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    out = np.full((SIDE, SIDE, 3), random.uniform(0, 255, 3))
    for _ in range(int(random.integers(1, 7))):
        cx, cy = random.uniform(10, SIDE - 10, 2)
        turn = np.arctan2(y - cy, x - cx)
        edge = random.uniform(6, 34) * np.exp(
            sum(
                random.normal(0, 0.5 / n) * np.cos(n * turn + random.uniform(0, 6))
                for n in range(1, 7)
            )
        )
        inside = np.hypot(y - cy, x - cx) < edge
        grain = random.uniform(0, 20) * _falling(random, 1.5)[..., None]
        out = np.where(inside[..., None], random.uniform(0, 255, 3) + grain, out)
    return out


def bent(random: np.random.Generator) -> Field:
    """A scene seen through ripples, so that nothing keeps its form."""
    picture = _scene(random)
    strength = random.uniform(5, 14)
    dy, dx = (strength * _falling(random, 1.6) for _ in range(2))
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    rows = np.clip(y + dy, 0, SIDE - 1).astype(int)
    columns = np.clip(x + dx, 0, SIDE - 1).astype(int)
    out: Field = picture[rows, columns]
    return out


def filtered(random: np.random.Generator) -> Field:
    """A scene as its edges, embossed, or with its colours turned round."""
    picture = _scene(random)
    way = int(random.integers(3))
    if way == 0:
        edges = np.abs(np.gradient(picture, axis=0)) + np.abs(np.gradient(picture, axis=1))
        out = 255 - 3 * edges if random.random() < 0.5 else 3 * edges
    elif way == 1:
        out = 128 + 2 * (picture - np.roll(picture, (2, 2), axis=(0, 1)))
    else:
        size = int(random.choice([6, 8, 12]))
        small = picture.reshape(SIDE // size, size, SIDE // size, size, 3).mean(axis=(1, 3))
        out = np.repeat(np.repeat(small, size, axis=0), size, axis=1)
    return np.asarray(out, np.float64)


def patchwork(random: np.random.Generator) -> Field:
    """Strips and squares cut from several other pictures."""
    out = np.empty((SIDE, SIDE, 3))
    step = int(random.choice([16, 24, 32, 48]))
    sources = [_PLAIN[int(random.integers(len(_PLAIN)))](random) for _ in range(5)]
    for top in range(0, SIDE, step):
        for left in range(0, SIDE, step):
            source = np.roll(sources[int(random.integers(5))], (top, left), axis=(0, 1))
            out[top : top + step, left : left + step] = source[:step, :step]
    return out


def marble(random: np.random.Generator) -> Field:
    """Veins."""
    veins = np.sin(random.uniform(3, 12) * _falling(random, 1.7) + random.uniform(0, 6))
    return _between(random, (veins + 1) / 2)


def julia(random: np.random.Generator) -> Field:
    """A fractal by its escape times."""
    y, x = np.mgrid[-1.4 : 1.4 : SIDE * 1j, -1.4 : 1.4 : SIDE * 1j]
    z = x + 1j * y
    c = complex(random.uniform(-0.9, 0.3), random.uniform(-0.7, 0.7))
    escaped = np.zeros(z.shape)
    for _ in range(40):
        inside = np.abs(z) < 2
        z = np.where(inside, z * z + c, z)
        escaped += inside
    return _between(random, escaped / 40)


def cells(random: np.random.Generator) -> Field:
    """Stones: every pixel belongs to the nearest of some points."""
    points = random.uniform(0, SIDE, (int(random.integers(12, 60)), 2))
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    away = np.hypot(y[..., None] - points[:, 0], x[..., None] - points[:, 1])
    nearest = away.argmin(axis=-1)
    palette = np.array([_near(one, random, 10) for one in _palette(random, 5)])
    shade = 1 - 0.5 * np.clip(away.min(axis=-1) / 12, 0, 1)
    out: Field = palette[nearest % 5] * shade[..., None]
    return _grained(out, random)


def page(random: np.random.Generator) -> Field:
    """Lines of small marks on paper: a page nobody can read."""
    out = np.full((SIDE, SIDE, 3), random.uniform(200, 250, 3))
    line = int(random.integers(4, 9))
    for top in range(4, SIDE - 4, line):
        marks = random.random(SIDE) < 0.6
        marks[int(random.integers(50, SIDE)) :] = False
        out[top : top + max(1, line // 3), marks] = random.uniform(0, 70, 3)
    return out + random.normal(0, 4, out.shape)


def plaid(random: np.random.Generator) -> Field:
    """Woven stripes."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    across = np.sin(x * random.uniform(0.2, 1.2)) + np.sin(x * random.uniform(0.05, 0.4))
    down = np.sin(y * random.uniform(0.2, 1.2)) + np.sin(y * random.uniform(0.05, 0.4))
    return _between(random, (across + down + 4) / 8) + random.normal(0, 5, (SIDE, SIDE, 1))


TAUGHT: Mapping[str, Make] = {
    "noise": noise,
    "leaves": leaves,
    "strokes": strokes,
    "wash": wash,
    "polygons": polygons,
    "horizon": horizon,
    "figure": figure,
    "drawing": drawing,
    "flat": flat,
    "bent": bent,
    "filtered": filtered,
    "patchwork": patchwork,
}
HELD_OUT: Mapping[str, Make] = {
    "marble": marble,
    "julia": julia,
    "cells": cells,
    "page": page,
    "plaid": plaid,
}
_PLAIN = (noise, wash, polygons)


def _falling(random: np.random.Generator, fall: float) -> Field:
    """(SIDE, SIDE) noise of mean 0 and spread 1 whose amplitude falls as frequency ** -fall."""
    rows, columns = np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None, :]
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = np.inf
    phases = random.normal(size=frequency.shape) + 1j * random.normal(size=frequency.shape)
    field = np.fft.irfft2(phases * frequency**-fall, s=(SIDE, SIDE))
    out: Field = (field - field.mean()) / (field.std() + 1e-9)
    return out


def _palette(random: np.random.Generator, n: int) -> Field:
    """Colours that go together."""
    return np.clip(
        random.uniform(0, 255, 3) + random.normal(0, random.uniform(15, 80), (n, 3)), 0, 255
    )


def _near(
    colour: NDArray[np.float64], random: np.random.Generator, spread: float
) -> tuple[int, int, int]:
    red, green, blue = np.clip(colour + random.normal(0, spread + 1e-9, 3), 0, 255)
    return int(red), int(green), int(blue)


def _grained(picture: Field, random: np.random.Generator) -> Field:
    """With canvas, film or paper in it, and sometimes out of focus."""
    if random.random() < 0.3:
        picture = (
            picture
            + np.roll(picture, 1, axis=0)
            + np.roll(picture, 1, axis=1)
            + np.roll(picture, (1, 1), axis=(0, 1))
        ) / 4
    grain = random.uniform(0, 14) * _falling(random, random.uniform(0, 1))
    light = 1 + random.uniform(0, 0.25) * _falling(random, 2.0)
    return picture * light[..., None] + grain[..., None]


def _between(random: np.random.Generator, share: Field) -> Field:
    """Between two colours."""
    one, other = random.uniform(0, 255, 3), random.uniform(0, 255, 3)
    return one + (other - one) * share[..., None]


def _scene(random: np.random.Generator) -> Field:
    return draw(Sampler().scene(random), random).picture.astype(np.float64)
