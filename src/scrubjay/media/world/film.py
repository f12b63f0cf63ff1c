"""Films of scenes: what is shown when, how each shot begins, what is said, and where things pass.

A film is planned first, so that everything in it is known; frames are drawn one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Picture
from scrubjay.media.world.captions import plainest
from scrubjay.media.world.draw import draw
from scrubjay.media.world.film_signs import boards, put_board
from scrubjay.media.world.glyphs import glyphs
from scrubjay.media.world.scene import Sampler, Scene, meaning
from scrubjay.media.world.things import familiar

SLACK: Final = 1.15
"""A shot's canvas is so much larger than the frame, for the camera to move over."""

GRAIN: Final = 2.0
"""Standard deviation of the noise in every frame, in levels."""

CHANGE_S: Final = 0.8
"""Seconds a dissolve takes, or a fade in each direction."""

BLACK_S: Final = 0.4
"""Seconds of black between two fades."""


COMES_S: Final = 0.4
"""Seconds in which something that passes comes into sight, and goes out of it."""


class Change(StrEnum):
    """How a shot takes the place of the one before."""

    CUT = "cut"
    DISSOLVE = "dissolve"
    FADE = "fade"


class Background(StrEnum):
    """What is heard in a shot besides what is said."""

    SILENCE = "silence"
    HISS = "hiss"
    HUM = "hum"
    MUSIC = "music"


@dataclass(frozen=True, slots=True)
class Passing:
    """A small thing that moves through a shot in a straight line.

    Attributes:
        thing: which, a place in `things`.
        start_s: when it begins to come into sight, from the film's beginning.
        end_s: when it is gone.
        side: its longer side, as a share of the frame's height.
        path: its middle at the start and at the end, (x0, y0, x1, y1) as fractions of the frame.
    """

    thing: int
    start_s: float
    end_s: float
    side: float
    path: tuple[float, float, float, float]

    def box(self, at_s: float, frame: tuple[int, int]) -> tuple[float, float, float, float] | None:
        """(x0, y0, x1, y1) in pixels of a (width, height) frame; None: it is not there then."""
        if not self.start_s <= at_s < self.end_s:
            return None
        width, height = frame
        share = (at_s - self.start_s) / (self.end_s - self.start_s)
        x = width * (self.path[0] + share * (self.path[2] - self.path[0]))
        y = height * (self.path[1] + share * (self.path[3] - self.path[1]))
        glyph = glyphs()[self.thing]
        scale = self.side * height / max(glyph.size)
        half_w, half_h = glyph.width * scale / 2, glyph.height * scale / 2
        return (x - half_w, y - half_h, x + half_w, y + half_h)


@dataclass(frozen=True, slots=True)
class FilmShot:
    """One shot of a film.

    Attributes:
        start_s: where it is alone on the screen, or a change to it is half done.
        end_s: where the next one, or black, begins.
        caption: what a person would type to find it.
        seed: of how it is drawn.
        move: how far the camera goes, as shares of what it can: (x, y) in [-1, 1].
        spoken: what is said in it; None: nothing.
        passing: something small that moves through it; None: nothing.
        sign: words on a board in a lower corner of the frame; None: there is no board.
        background: what is heard besides what is said; never music where something is.
    """

    start_s: float
    end_s: float
    change: Change
    scene: Scene
    caption: str
    seed: int
    move: tuple[float, float]
    spoken: str | None = None
    passing: Passing | None = None
    sign: str | None = None
    background: Background = Background.SILENCE


@dataclass(frozen=True, slots=True)
class Film:
    """A planned film.

    Attributes:
        width: of a frame in pixels.
        height: of a frame in pixels.
    """

    shots: tuple[FilmShot, ...]
    fps: int
    width: int
    height: int

    @property
    def duration_s(self) -> float:
        """Seconds."""
        return self.shots[-1].end_s


def plan(
    seconds: float,
    random: np.random.Generator,
    *,
    fps: int = 25,
    size: tuple[int, int] = (384, 216),
    shot_s: tuple[float, float] = (2.5, 9.0),
    slow: float = 0.2,
    spoken: float = 0.3,
    passing: float = 0.15,
    signs: float = 0.15,
) -> Film:
    """Plan a film in which no two shots could be told apart by nobody.

    Args:
        seconds: about how long it is.
        random: where chance comes from.
        fps: frames a second.
        size: width and height in pixels.
        shot_s: shortest and longest shot.
        slow: share of shots that begin with a dissolve or a fade.
        spoken: share of shots in which somebody says a sentence about another scene.
        passing: share of shots a small thing moves through that is nowhere else in the film.
        signs: share of shots with a board whose words are on no other.
    """
    sampler = Sampler(shapes=0.3)
    shots: list[FilmShot] = []
    seen: set[int] = set()
    rare = [int(one) for one in random.permutation(list(familiar()))[: len(familiar()) // 4]]
    common = Sampler(shown=tuple(one for one in familiar() if one not in rare), shapes=0.3)
    (beside,) = random.spawn(1)
    words = boards(beside)
    at = 0.0
    while at < seconds:
        scene = _fresh(common, random, seen)
        change = Change.CUT
        if shots and random.random() < slow:
            change = Change.DISSOLVE if random.random() < 0.5 else Change.FADE
        start = at + (BLACK_S if change is Change.FADE else 0.0)
        end = start + round(float(random.uniform(*shot_s)) * fps) / fps
        seed = int(random.integers(2**31))
        move = (float(random.uniform(-1, 1)), float(random.uniform(-1, 1)))
        said = None
        if end - start > 4 and random.random() < spoken:
            said = plainest(_fresh(sampler, random, seen)).text
        passes = None
        if rare and end - start > 3.5 and random.random() < passing:
            passes = _passing(rare.pop(), start, end, random)
        sign = next(words, None) if beside.random() < signs else None
        background = _background(beside, quiet=said is not None)
        caption = plainest(scene).text
        shots.append(
            FilmShot(
                *(start, end, change, scene, caption, seed, move, said, passes, sign, background)
            )
        )
        at = end
    return Film(tuple(shots), fps, *size)


def frames(film: Film) -> Iterator[Picture]:
    """Every frame, in order, each (height, width, 3)."""
    canvases: dict[int, NDArray[np.uint8]] = {}
    noise = np.random.default_rng(film.shots[0].seed)
    number = 0
    for place, shot in enumerate(film.shots):
        while number / film.fps < shot.end_s - 1e-9:
            at = number / film.fps
            pixels = _mixed(film, place, at, canvases)
            pixels += (
                noise.normal(0, GRAIN, (film.height // 2, film.width // 2, 1))
                .repeat(2, axis=0)
                .repeat(2, axis=1)
            )
            yield np.clip(pixels, 0, 255).astype(np.uint8)
            number += 1
        canvases.pop(place - 1, None)


def _mixed(
    film: Film, place: int, at: float, canvases: dict[int, NDArray[np.uint8]]
) -> NDArray[np.float32]:
    """A frame before grain: a shot, or what is on the way from one to the next."""
    shot = film.shots[place]
    after = film.shots[place + 1] if place + 1 < len(film.shots) else None
    if at < shot.start_s:
        return np.zeros((film.height, film.width, 3), np.float32)
    pixels = _seen(film, place, at, canvases)
    if after is not None and after.change is Change.FADE:
        pixels *= min(1.0, (shot.end_s - at) / CHANGE_S)
    if shot.change is Change.FADE:
        pixels *= min(1.0, (at - shot.start_s) / CHANGE_S)
    half = CHANGE_S / 2
    if after is not None and after.change is Change.DISSOLVE and at > shot.end_s - half:
        share = 0.5 - (shot.end_s - at) / CHANGE_S
        pixels += share * (_seen(film, place + 1, at, canvases) - pixels)
    if shot.change is Change.DISSOLVE and at < shot.start_s + half:
        share = 0.5 - (at - shot.start_s) / CHANGE_S
        pixels += share * (_seen(film, place - 1, at, canvases) - pixels)
    return pixels


def _seen(
    film: Film, place: int, at: float, canvases: dict[int, NDArray[np.uint8]]
) -> NDArray[np.float32]:
    """What the camera sees of a shot's canvas at a time."""
    shot = film.shots[place]
    if place not in canvases:
        canvases[place] = _canvas(film, shot)
    canvas = canvases[place]
    free_y, free_x = canvas.shape[0] - film.height, canvas.shape[1] - film.width
    share = (at - shot.start_s) / (shot.end_s - shot.start_s) - 0.5
    x = round(free_x * (0.5 + np.clip(share, -0.5, 0.5) * shot.move[0]))
    y = round(free_y * (0.5 + np.clip(share, -0.5, 0.5) * shot.move[1]))
    pixels = canvas[y : y + film.height, x : x + film.width].astype(np.float32)
    if shot.passing is not None:
        _put(pixels, shot.passing, at, (film.width, film.height))
    if shot.sign is not None:
        put_board(pixels, shot.sign, shot.seed)
    return pixels


def _canvas(film: Film, shot: FilmShot) -> NDArray[np.uint8]:
    """A scene as high as the canvas, its edges drawn out to both sides."""
    from PIL import Image

    picture = draw(shot.scene, np.random.default_rng(shot.seed)).picture
    height, width = round(film.height * SLACK), round(film.width * SLACK)
    large = np.asarray(Image.fromarray(picture).resize((height, height), Image.Resampling.BICUBIC))
    left = (width - height) // 2
    # Not mirrored: what is there once would be there twice.
    return np.pad(large, ((0, 0), (left, width - height - left), (0, 0)), mode="edge")


def _put(pixels: NDArray[np.float32], passing: Passing, at: float, frame: tuple[int, int]) -> None:
    from PIL import Image

    box = passing.box(at, frame)
    if box is None:
        return
    x0, y0 = round(box[0]), round(box[1])
    size = (max(2, round(box[2] - box[0])), max(2, round(box[3] - box[1])))
    glyph = np.asarray(glyphs()[passing.thing].resize(size, Image.Resampling.BILINEAR), np.float32)
    top, left = max(0, y0), max(0, x0)
    bottom, right = min(frame[1], y0 + size[1]), min(frame[0], x0 + size[0])
    if bottom <= top or right <= left:
        return
    part = glyph[top - y0 : bottom - y0, left - x0 : right - x0]
    seen = min(1.0, (at - passing.start_s) / COMES_S, (passing.end_s - at) / COMES_S)
    cover = seen * part[..., 3:] / 255
    target = pixels[top:bottom, left:right]
    target += cover * (part[..., :3] - target)


def _passing(thing: int, start: float, end: float, random: np.random.Generator) -> Passing:
    begin = start + float(random.uniform(0.8, 1.2))
    x0, y0, x1, y1 = (float(one) for one in random.uniform(0.15, 0.85, 4))
    side = float(random.uniform(0.2, 0.32))
    return Passing(thing, begin, end - 0.6, side, (x0, y0, x1, y1))


def _background(random: np.random.Generator, *, quiet: bool) -> Background:
    shares = (0.4, 0.3, 0.3, 0.0) if quiet else (0.35, 0.25, 0.2, 0.2)
    return tuple(Background)[int(random.choice(len(Background), p=shares))]


def _fresh(sampler: Sampler, random: np.random.Generator, seen: set[int]) -> Scene:
    while True:
        scene = sampler.scene(random)
        if (what := meaning(scene)) not in seen:
            seen.add(what)
            return scene


def boundaries(film: Film) -> Sequence[float]:
    """Seconds at which a shot takes the place of another; in the middle of black for a fade."""
    return [
        shot.start_s - (BLACK_S / 2 if shot.change is Change.FADE else 0.0)
        for shot in film.shots[1:]
    ]
