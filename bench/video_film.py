"""The film of `bench/video.py`: planned from a seed, written once, and kept with what is in it."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scrubjay.media.world.film import Film, plan
from scrubjay.media.world.film_file import write_film
from scrubjay.media.world.film_sound import Said

SHOT_S = (2.5, 9.0)
NEEDLES = 36
"""Things that may pass through a film: about as many as no scene shows."""
MOST_PASSING = 0.3


@dataclass(frozen=True, slots=True)
class Made:
    """A film on the disk, and what is in it.

    Attributes:
        folder: it lies in alone, as people add one.
        took_s: to make it, when it was made.
    """

    folder: Path
    film: Film
    said: tuple[Said, ...]
    took_s: float

    @property
    def path(self) -> Path:
        """The video file."""
        return self.folder / "film.mp4"


def planned(minutes: float, *, seed: int, fps: int, size: tuple[int, int]) -> Film:
    """A film whose passing things are spread over all of it."""
    shots = 60 * minutes / (sum(SHOT_S) / 2)
    return plan(
        60 * minutes,
        np.random.default_rng(seed),
        fps=fps,
        size=size,
        shot_s=SHOT_S,
        passing=min(MOST_PASSING, NEEDLES / shots),
    )


def made(film: Film, films: Path) -> Made:
    """The film, written unless it was before."""
    kept = films / hashlib.sha256(repr(film).encode()).hexdigest()[:16]
    told = kept / "said.json"
    if not told.exists():
        folder = kept / "video"
        folder.mkdir(parents=True, exist_ok=True)
        began = time.perf_counter()
        said = write_film(film, folder / "film.part", progress=shown)
        (folder / "film.part").rename(folder / "film.mp4")
        wrote = {"took_s": time.perf_counter() - began, "said": [asdict(one) for one in said]}
        told.with_suffix(".part").write_text(json.dumps(wrote))
        told.with_suffix(".part").rename(told)
    known: dict[str, Any] = json.loads(told.read_text())
    said = tuple(Said(**one) for one in known["said"])
    return Made(kept / "video", film, said, known["took_s"])


def shown(what: str, done: int, total: int | None) -> None:
    """Progress in one line, for whoever waits."""
    end = "\n" if total is not None and done >= total else ""
    print(f"\r{what} {done} of {total or '?'}   ", end=end, file=sys.stderr, flush=True)
