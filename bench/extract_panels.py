"""Generated panels, read once: what `extract_fit.py` learns from and `extract.py` measures on."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scrubjay.ask.extracting.entities import Entity
from scrubjay.ask.extracting.extraction import Found, found_in
from scrubjay.ask.extracting.f1 import F1, equal, f1
from scrubjay.core.reading import Point, Reading, TextLine
from scrubjay.evaluate.bootstrap import Estimate
from scrubjay.media.panels.panel import Panel, draw_panel
from scrubjay.media.panels.vocabulary import Part
from scrubjay.models.load import load_ocr

RESAMPLES = 1000


@dataclass(frozen=True)
class Read:
    """A panel with its text."""

    seed: int
    panel: Panel
    found: Found


def read_panels(part: Part, seeds: Sequence[int], kept: Path | None) -> Iterator[Read]:
    """Draw and read the panels of some seeds.

    Args:
        kept: folder where readings are kept; None: none is.
    """
    for at, seed in enumerate(seeds):
        panel = draw_panel(seed, part)
        yield Read(seed, panel, found_in(_reading(panel, part, seed, kept)))
        if at % 50 == 49:
            print(f"  {part}: {at + 1} of {len(seeds)} panels", file=sys.stderr, flush=True)


@lru_cache(maxsize=1)
def _reader() -> Callable[[Panel], Reading]:
    ocr = load_ocr("rapidocr", threads=1)
    return lambda panel: ocr.read(panel.picture)


def _reading(panel: Panel, part: Part, seed: int, kept: Path | None) -> Reading:
    path = None if kept is None else kept / f"{part}-{seed}.json"
    if path is not None and path.exists():
        told = json.loads(path.read_text(encoding="utf-8"))
        lines = tuple(
            TextLine(one["text"], one["confidence"], _corners(one["corners"]))
            for one in told["lines"]
        )
        return Reading(lines, told["width"], told["height"], told["reader"])
    reading = _reader()(panel)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(reading.to_json()), encoding="utf-8")
    return reading


def _corners(told: Sequence[Sequence[float]]) -> tuple[Point, Point, Point, Point]:
    first, second, third, fourth = ((float(x), float(y)) for x, y in told)
    return first, second, third, fourth


@dataclass(frozen=True)
class Answered:
    """One question about a panel, its answer and the right one."""

    seed: int
    entity: Entity
    tags: frozenset[str]
    layout: str
    answer: str
    truth: str
    confidence: float

    @property
    def right(self) -> bool:
        """Whether it is what should have been said."""
        return equal(self.answer, self.truth) if self.answer or self.truth else True


def counted(answered: Iterable[Answered]) -> F1:
    """F1 of some answers."""
    return f1((one.answer, one.truth) for one in answered)


def interval(answered: Sequence[Answered], before: Sequence[Answered] = ()) -> Estimate:
    """F1 with the interval of resampled panels; with `before`, what it is more than theirs."""
    groups = {seed: at for at, seed in enumerate(sorted({one.seed for one in answered}))}
    those = [_tallied(some, groups) for some in ((answered, before) if before else (answered,))]
    random = np.random.default_rng(0)
    n = len(groups)
    often = random.multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    values, drawn = ([_f1(weights @ one) for one in those] for weights in (np.ones((1, n)), often))
    value, spread = (some[0] - (some[1] if before else 0.0) for some in (values, drawn))
    low, high = np.percentile(spread, [2.5, 97.5])
    return Estimate(float(value[0]), float(low), float(high))


def _tallied(answered: Sequence[Answered], groups: Mapping[int, int]) -> NDArray[np.float64]:
    """(panels, 3): right, wrong and missed answers."""
    made = np.zeros((len(groups), 3))
    for one in answered:
        score = counted([one])
        made[groups[one.seed]] += score.right, score.wrong, score.missed
    return made


def _f1(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3) to (n,)."""
    right, wrong, missed = counts.T
    return np.asarray(2 * right / np.maximum(2 * right + wrong + missed, 1))
