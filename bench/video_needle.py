"""Small things that pass through a film, looked for by a picture of them and by their name."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scrubjay.ask.optimise import Score
from scrubjay.core.protocols import Encoder
from scrubjay.core.types import Modality
from scrubjay.media.video import Video
from scrubjay.media.world.draw import draw
from scrubjay.media.world.film import Film, Passing
from scrubjay.media.world.scene import Scene, Template
from scrubjay.media.world.things import things
from scrubjay.search.needle import Sighting, look_for
from video_film import Made

EVERY_S = 0.5
"""From frame to frame that is looked at."""
WITHIN_S = 1.0
LEAST_IOU = 0.3


@dataclass(frozen=True, slots=True)
class Needle:
    """Something that passes, and the stretch of film it is looked for in."""

    passing: Passing
    start_s: float
    end_s: float

    @property
    def minutes(self) -> float:
        """How long the stretch is."""
        return round((self.end_s - self.start_s) / 60, 2)


def needles(film: Film, *, most: int, minutes: float, seed: int) -> list[Needle]:
    """Some of the things that pass, each in a stretch so long that lies anywhere around it."""
    random = np.random.default_rng([seed, 2])
    passing = [shot.passing for shot in film.shots if shot.passing is not None]
    chosen = sorted(random.permutation(len(passing))[:most].tolist())
    found = []
    for one in (passing[at] for at in chosen):
        length = min(60 * minutes, film.duration_s)
        first = max(0.0, one.end_s - length)
        last = max(first, min(one.start_s, film.duration_s - length))
        start_s = float(random.uniform(first, last))
        found.append(Needle(one, start_s, start_s + length))
    return found


def looked_for(
    made: Made, encoder: Encoder, wanted: Sequence[Needle], seed: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(how it is asked for, how often it is found), after each thing."""
    random = np.random.default_rng([seed, 3])
    outcomes: dict[str, list[Outcome]] = {"by a picture of it": [], "by its name": []}
    for one in wanted:
        thing = one.passing.thing
        drawn = draw(Scene(Template.ONE, (thing,)), random).picture
        queries = {
            "by a picture of it": (Modality.IMAGE, encoder.encode(Modality.IMAGE, [drawn])),
            "by its name": (Modality.TEXT, encoder.encode(Modality.TEXT, [things()[thing].name])),
        }
        for how, (asked, vectors) in queries.items():
            frames = Video(made.path).frames(every_s=EVERY_S, start_s=one.start_s, end_s=one.end_s)
            began = time.perf_counter()
            found = look_for(vectors, frames, encoder, asked=asked, k=1)
            took = time.perf_counter() - began
            outcomes[how].append(outcome(found.sightings, one, made.film, took))
            yield how, told(outcomes[how])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one look: when and where the surest sighting is."""

    told: bool
    in_time: bool
    iou: float
    seconds_a_minute: float


def outcome(sightings: Sequence[Sighting], needle: Needle, film: Film, took: float) -> Outcome:
    speed = took / ((needle.end_s - needle.start_s) / 60)
    if not sightings:
        return Outcome(False, False, 0.0, speed)
    first, passing = sightings[0], needle.passing
    in_time = passing.start_s - WITHIN_S <= first.at_s <= passing.end_s + WITHIN_S
    at_s = min(max(first.at_s, passing.start_s), passing.end_s - 1e-3)
    box = passing.box(at_s, (film.width, film.height))
    x0, y0, x1, y1 = first.box
    seen = (x0 * film.width, y0 * film.height, x1 * film.width, y1 * film.height)
    return Outcome(True, in_time, overlap(seen, box) if in_time and box else 0.0, speed)


def told(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    boxes = [one.iou for one in outcomes if one.in_time]
    return {
        f"within {WITHIN_S:g} s": Score(tuple(one.in_time for one in outcomes)).to_json(),
        f"and box IoU >= {LEAST_IOU}": Score(
            tuple(one.iou >= LEAST_IOU for one in outcomes)
        ).to_json(),
        "silent": sum(not one.told for one in outcomes),
        "box IoU": round(statistics.median(boxes), 3) if boxes else None,
        "seconds a minute of film": round(
            statistics.median(one.seconds_a_minute for one in outcomes), 2
        ),
    }


def overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    """Intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(one[2] - one[0]) * (one[3] - one[1]) for one in (a, b)]
    return width * height / (sum(areas) - width * height)
