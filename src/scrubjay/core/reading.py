"""Text found in a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Point: TypeAlias = tuple[float, float]
"""(x, y) as fractions of a picture's width and height."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text.

    Attributes:
        confidence: chance in [0, 1] that it is read right, as the reader says; None: it does not.
        corners: upper left, upper right, lower right, lower left of the line as it is written: the
            first two run along its top, whichever way it is turned.
    """

    text: str
    confidence: float | None
    corners: tuple[Point, Point, Point, Point]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1) upright around it, as fractions of width and height."""
        xs, ys = [x for x, _ in self.corners], [y for _, y in self.corners]
        return (min(xs), min(ys), max(xs), max(ys))

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "text": self.text,
            "confidence": None if self.confidence is None else round(self.confidence, 4),
            "box": [round(one, 5) for one in self.box],
            "corners": [[round(x, 5), round(y, 5)] for x, y in self.corners],
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """What is written in a picture, in reading order.

    Attributes:
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        reader: what read it, for people.
    """

    lines: tuple[TextLine, ...]
    width: int
    height: int
    reader: str

    @property
    def text(self) -> str:
        """All of it, a line a line."""
        return "\n".join(line.text for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "text": self.text,
            "lines": [line.to_json() for line in self.lines],
            "width": self.width,
            "height": self.height,
            "reader": self.reader,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Reading:
        """What `to_json` told.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        lines = []
        for one in told["lines"]:
            first, second, third, fourth = ((float(x), float(y)) for x, y in one["corners"])
            corners = (first, second, third, fourth)
            lines.append(TextLine(one["text"], one["confidence"], corners))
        return cls(tuple(lines), int(told["width"]), int(told["height"]), str(told["reader"]))
