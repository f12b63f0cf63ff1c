"""Is a small thing found in a film, and where? By pictures, by its name, and by a short clip.

    python bench/needle.py
    python bench/needle.py --films 5 --seconds 100

Films are drawn by the world the encoder in the box comes from: shots under a moving camera, and in
some of them a thing that is nowhere else in the film passes, a fifth to a third of the frame high.
Each is looked for, and as many that are not in the film at all. One thread.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.protocols import Encoder
from scrubjay.core.types import EncoderSpec, Media, Modality
from scrubjay.media.video import Frame
from scrubjay.media.world.captions import plainest
from scrubjay.media.world.draw import draw
from scrubjay.media.world.film import Change, Film, FilmShot, Passing, frames, plan
from scrubjay.media.world.scene import Scene, Template
from scrubjay.media.world.things import familiar
from scrubjay.models.load import load_trainable, load_version
from scrubjay.search.needle import LEAST_LIFT, Looked, look_for
from scrubjay.search.needle_scale import scale_of
from scrubjay.search.needle_tiles import grid, overlap

FPS = 2
NEAR_S = 1.0
"""A sighting so near to when the thing is there counts as found."""
ALIKE = 0.3
"""Least intersection over union of a box that counts as right."""
CLIP_FPS = 4
CLIP_S = 2.0

Vectors = NDArray[np.float32]


class Way(StrEnum):
    """How a thing is asked for."""

    PICTURE = "a picture"
    PICTURES = "3 pictures"
    CLIP = "a clip"
    NAME = "its name"


@dataclass(frozen=True, slots=True)
class Judged:
    """One look for one thing.

    Attributes:
        lift: of the first sighting, kept or not.
        first: whether that is when the thing is there.
        rank: place of the first sighting that is; None: none of them.
        overlap: intersection over union of that one's box and the thing.
    """

    lift: float
    first: bool
    rank: int | None
    overlap: float


def asked(thing: int, way: Way, encoder: Encoder, seed: int = 3) -> tuple[Vectors, Modality]:
    """Query vectors, (n, dim), and the tower they come from."""
    scene = Scene(Template.ONE, (thing,))
    if way is Way.NAME:
        return encoder.encode(Modality.TEXT, [plainest(scene).text]), Modality.TEXT
    if way is Way.CLIP:
        shot = FilmShot(0, CLIP_S, Change.CUT, scene, "", seed, (0.7, -0.5))
        pictures = list(frames(Film((shot,), CLIP_FPS, 384, 216)))
    else:
        random = np.random.default_rng(seed)
        pictures = [draw(scene, random).picture for _ in range(3 if way is Way.PICTURES else 1)]
    return encoder.encode(Modality.IMAGE, pictures), Modality.IMAGE


def passings(film: Film) -> list[Passing]:
    """What passes in a film."""
    return [shot.passing for shot in film.shots if shot.passing is not None]


def absent(film: Film, n: int, random: np.random.Generator) -> list[int]:
    """Things the encoder knows that are nowhere in a film."""
    there = {concept for shot in film.shots for concept in shot.scene.concepts}
    there |= {one.thing for one in passings(film)}
    left = [thing for thing in familiar() if thing not in there]
    return [int(one) for one in random.permutation(left)[:n]]


def judged(looked: Looked, passing: Passing, size: tuple[int, int]) -> Judged:
    """How right a look was that left nothing out, in frames of (width, height) `size`."""
    there = [
        passing.start_s - NEAR_S <= one.at_s <= passing.end_s + NEAR_S for one in looked.sightings
    ]
    rank = there.index(True) if True in there else None
    shared = 0.0
    if rank is not None:
        one = looked.sightings[rank]
        box = passing.box(one.at_s, size)
        scaled = [edge * size[at % 2] for at, edge in enumerate(one.box)]
        shared = overlap(scaled, box) if box else 0.0
    return Judged(looked.sightings[0].lift, there[0], rank, shared)


class Remembering:
    """An encoder that encodes no picture twice, for many looks through one film."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[bytes, Vectors] = {}

    @property
    def spec(self) -> EncoderSpec:
        """Of the encoder."""
        return self._encoder.spec

    def encode(self, modality: Modality, batch: Sequence[Media]) -> Vectors:
        """As the encoder does."""
        if modality is not Modality.IMAGE:
            return self._encoder.encode(modality, batch)
        names = [
            hashlib.sha1(picture.tobytes(), usedforsecurity=False).digest()
            for picture in map(np.asarray, batch)
        ]
        new = {name: at for at, name in enumerate(names) if name not in self._known}
        made = self._encoder.encode(modality, [batch[at] for at in new.values()])
        self._known.update(zip(new, made, strict=True))
        return np.stack([self._known[name] for name in names])


def shown(film: Film) -> list[Frame]:
    """Every frame of a film, with its time."""
    return [Frame(number / film.fps, picture) for number, picture in enumerate(frames(film))]


@dataclass(slots=True)
class Tally:
    """What looks in one way came to."""

    there: list[Judged] = field(default_factory=list)
    absent: list[float] = field(default_factory=list)

    def row(self, way: Way) -> str:
        """A line of the table."""
        found = [one for one in self.there if one.rank is not None]
        kept = [one for one in self.there if one.first and one.lift >= LEAST_LIFT]
        shares = (
            mean(one.first for one in self.there),
            mean(one.rank is not None for one in self.there),
            mean(one.overlap >= ALIKE for one in found),
            mean(one.overlap for one in found),
            len(kept) / max(1, len(self.there)),
            mean(lift < LEAST_LIFT for lift in self.absent),
        )
        return f"{way.value:>11}  {len(self.there):>5}" + "".join(f"{one:>10.2f}" for one in shares)


def mean(numbers: Iterable[float]) -> float:
    """Of none: not a number."""
    return float(np.mean(list(numbers) or [np.nan]))


def main() -> None:
    """Draw films, look for what is and what is not in them, print how often that is right."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--films", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0, help="length of each")
    parser.add_argument("--seed", type=int, default=21)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        encoder = exported(Path(scratch))
    tallies = {way: Tally() for way in Way}
    for number in range(given.films):
        random = np.random.default_rng(given.seed + number)
        film = plan(given.seconds, random, fps=FPS, passing=0.6, shot_s=(4.0, 7.0))
        seen = shown(film)
        if not number:
            print(speed(film, seen, encoder), flush=True)
        look(film, seen, encoder, random, tallies)
    print(
        f"{'asked by':>11}  {'there':>5}"
        + "".join(
            f"{name:>10}" for name in ("first", "in five", "IoU>=0.3", "IoU", "kept", "absent 0")
        )
    )
    for way, tally in tallies.items():
        print(tally.row(way))


def exported(folder: Path) -> Encoder:
    """The encoder in the box as it serves, opened before its folder goes."""
    export = folder / "export"
    export.mkdir()
    load_trainable("builtin", source="shipped").export(export)
    encoder = load_version(folder, version="bench", threads=1)
    for modality, one in ((Modality.IMAGE, np.zeros((8, 8, 3), np.uint8)), (Modality.TEXT, "a")):
        encoder.encode(modality, [one])
    return encoder


def speed(film: Film, seen: Sequence[Frame], encoder: Encoder) -> str:
    """How fast one look is, whatever else the machine does."""
    queries, modality = asked(passings(film)[0].thing, Way.PICTURE, encoder)
    scale_of(queries, encoder, [modality])
    began = time.process_time()
    looked = look_for(queries, seen, encoder)
    took = time.process_time() - began
    return (
        f"{len(seen) / took:.1f} frames a second of one processor, "
        f"{film.duration_s / took:.1f} times as fast as the film plays; "
        f"{looked.squares / len(seen):.1f} of {len(grid(film.width, film.height).boxes)} squares "
        f"of a frame encoded"
    )


def look(
    film: Film,
    seen: Sequence[Frame],
    encoder: Encoder,
    random: np.random.Generator,
    tallies: dict[Way, Tally],
) -> None:
    """Look for everything that passes, in every way, and for as many things that do not."""
    remembering = Remembering(encoder)
    size = (film.width, film.height)
    strangers = absent(film, len(passings(film)), random)

    def looked(thing: int, way: Way) -> Looked:
        queries, modality = asked(thing, way, encoder)
        return look_for(queries, seen, remembering, asked=modality, least_lift=-np.inf)

    for way, tally in tallies.items():
        tally.there += [judged(looked(one.thing, way), one, size) for one in passings(film)]
        tally.absent += [looked(thing, way).sightings[0].lift for thing in strangers]


if __name__ == "__main__":
    main()
