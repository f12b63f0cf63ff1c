"""Recall against noise as a small plot: places and words, drawn by the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from scrubjay.retrain.diagnosing.noise import DirectionNoise, Level

WIDTH: Final = 640
HEIGHT: Final = 300
LEFT: Final = 56
RIGHT: Final = 500
TOP: Final = 16
BOTTOM: Final = 240
APART: Final = 17
"""Pixels between two names."""


@dataclass(frozen=True, slots=True)
class Line:
    """One noise and version: a path, its marks (x, y, words), and where its name stands."""

    number: int
    name: str
    path: str
    marks: tuple[tuple[float, float, str], ...]
    label_y: float

    @property
    def square(self) -> bool:
        """Whether its marks are squares; every second line's are, so that none needs its colour."""
        return self.number % 2 == 0


@dataclass(frozen=True, slots=True)
class Plot:
    """Everything that is drawn, in pixels."""

    lines: tuple[Line, ...]
    shares: tuple[tuple[float, str], ...]
    places: tuple[tuple[float, str], ...]
    told: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    bottom: int = BOTTOM


def noise_plot(direction: DirectionNoise, against: str | None) -> Plot:
    """Clean on the left, then more and more noise."""
    k = direction.judged_at
    kinds = list(dict.fromkeys(one.noise for one in direction.levels if one.noise is not None))
    heights: list[float] = []
    lines: list[Line] = []
    for levels, whose in ((direction.levels, ""), (direction.other, f", {against}")):
        for kind in kinds if levels else ():
            series = [one for one in levels if one.noise in {None, kind}]
            marks = [
                (
                    _x(at, len(series)),
                    _y(one.recall[k].value),
                    f"{one.name}{whose}: {_told(one, k)}",
                )
                for at, one in enumerate(series)
            ]
            path = "M " + " L ".join(f"{x:.1f} {y:.1f}" for x, y, _ in marks)
            label_y = _free(marks[-1][1] + 4, heights)
            heights.append(label_y)
            name = kind + (", the other" if whose else "")
            lines.append(Line(len(lines) + 1, name, path, tuple(marks), label_y))
    steps = [one for one in direction.levels if one.noise in {None, *kinds[:1]}]
    return Plot(
        tuple(lines),
        tuple((_y(share), f"{share:.0%}") for share in (0.0, 0.25, 0.5, 0.75, 1.0)),
        tuple(
            (_x(at, len(steps)), "clean" if one.snr_db is None else f"{one.snr_db:g} dB")
            for at, one in enumerate(steps)
        ),
        "; ".join(f"{one.name} {_told(one, k)}" for one in direction.levels),
    )


def _told(level: Level, k: int) -> str:
    return f"{level.recall[k].value:.1%}"


def _free(wanted: float, taken: Sequence[float]) -> float:
    """The place nearest below where a name covers no other."""
    while any(abs(wanted - one) < APART for one in taken):
        wanted += 1
    return wanted


def _x(at: int, of: int) -> float:
    return round(LEFT + 20 + at * (RIGHT - LEFT - 40) / max(1, of - 1), 1)


def _y(share: float) -> float:
    return round(TOP + (1 - share) * (BOTTOM - TOP), 1)
