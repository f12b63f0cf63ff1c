"""A listener and a reader whose answers are foreseeable, and that count what they are asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from scrubjay.core.hearing import Heard, Transcript
from scrubjay.core.looking import ModelSpec
from scrubjay.core.reading import Reading, TextLine
from scrubjay.core.types import SAMPLE_RATE, Picture, Sound
from scrubjay.search.film_models import LazyModels
from tests.media.films import BLUE, GREEN, RED, WHITE

NAMES = {RED: "stop here", GREEN: "go ahead", BLUE: "deep water"}
CORNERS = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.2), (0.1, 0.2))


@dataclass
class Ear:
    """Says how long each stretch is that it is given."""

    asked: list[float] = field(default_factory=list)
    version: str = "1"

    @property
    def spec(self) -> ModelSpec:
        return ModelSpec("ear", "ear", f"ear{self.version}")

    def transcribe(
        self, sound: Sound, *, language: str | None = None, words: Sequence[str] | None = None
    ) -> Transcript:
        seconds = len(sound) / SAMPLE_RATE
        self.asked.append(seconds)
        told = (Heard(f"speech of {seconds:.1f} seconds", 0.0, seconds, 0.9),)
        return Transcript(told, "en", seconds, "ear")


@dataclass
class Eye:
    """Reads the same words from every picture of a colour."""

    asked: int = 0

    @property
    def spec(self) -> ModelSpec:
        return ModelSpec("eye", "eye", "eye1")

    def read(self, picture: Picture) -> Reading:
        self.asked += 1
        height, width, _ = picture.shape
        mean = picture.reshape(-1, 3).mean(axis=0)
        near = min((*NAMES, WHITE), key=lambda one: float(np.abs(mean - one).sum()))
        lines = (TextLine(NAMES[near], 0.95, CORNERS),) if near in NAMES else ()
        doubtful = TextLine("smudge", 0.2, CORNERS)
        return Reading((*lines, doubtful), width, height, "eye")


def models(ear: Ear | None = None, eye: Eye | None = None) -> LazyModels:
    """Both of them."""
    hears, reads = ear or Ear(), eye or Eye()
    return LazyModels(lambda: hears, lambda: reads)
