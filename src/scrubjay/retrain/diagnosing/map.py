"""A map of the space: where pictures, captions and recordings lie on its two main axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import NotReady
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Modality
from scrubjay.evaluate.examples import View
from scrubjay.evaluate.pca_map import apart, principal_plane
from scrubjay.retrain.diagnosing.material import Material

SIDE: Final = 1000
"""Of the square the map is drawn in; x to the right, y downwards as in SVG."""

PICTURES: Final = 160
"""Pictures shown small; the others are dots."""

DOTS: Final = 1200
"""Dots of all modalities together."""

EDGE: Final = 40
OUTSIDE: Final = 0.5
"""Percent of the rows at either end of an axis that may be moved to its edge."""

SHAPES: Final = {Modality.IMAGE: "square", Modality.TEXT: "circle", Modality.SPEECH: "triangle"}


@dataclass(frozen=True, slots=True)
class Point:
    """One row on the map.

    Attributes:
        shape: `picture`, or how a dot of its modality is drawn.
    """

    x: float
    y: float
    shape: str
    modality: str
    uri: str
    text: str
    group: str

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "x": self.x,
            "y": self.y,
            "modality": self.modality,
            "uri": self.uri,
            "text": self.text,
            "group": self.group,
        }


@dataclass(frozen=True, slots=True)
class Section:
    """What is drawn.

    Attributes:
        points: dots first, pictures on top of them.
        share: of the differences within modalities, what either axis shows.
        shown: modality to (points, rows in all).
    """

    points: tuple[Point, ...] = ()
    share: tuple[float, float] = (0.0, 0.0)
    shown: tuple[tuple[str, int, int], ...] = ()
    side: int = SIDE

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "points": [one.to_json() for one in self.points],
            "share": list(self.share),
            "shown": [
                {"modality": modality, "points": points, "rows": rows}
                for modality, points, rows in self.shown
            ],
        }


def measure(
    material: Material, against: Material | None = None, *, progress: Progress = silent
) -> Section:
    """Lay a plane through the space; the other version's is another space and not drawn.

    Raises:
        NotReady: there is no vector.
    """
    views = material.evaluation.views
    progress("drawing the map", 0, 1)
    plane = principal_plane({one.value: view.vectors for one, view in views.items()})
    if not plane.places:
        raise NotReady("nothing could be embedded")
    scaled = _scaled([plane.places[one.value] for one in views])
    points: list[Point] = []
    shown = []
    each = DOTS // len(views)
    pictures: list[Point] = []
    for (modality, view), places in zip(views.items(), scaled, strict=True):
        small = apart(places, PICTURES) if modality is Modality.IMAGE else []
        rest = np.setdiff1d(np.arange(len(view)), small)
        dots = rest[:: max(1, -(-len(rest) // each))].tolist()
        points += [_point(view, places, at, SHAPES[modality]) for at in dots]
        pictures += [_point(view, places, at, "picture") for at in small]
        shown.append((modality.value, len(small) + len(dots), len(view)))
    return Section((*points, *pictures), plane.share, tuple(shown))


def _point(view: View, places: NDArray[np.float64], at: int, shape: str) -> Point:
    return Point(
        round(float(places[at, 0]), 1),
        round(float(places[at, 1]), 1),
        shape,
        view.modality.value,
        view.uris[at],
        view.texts[at],
        view.groups[at],
    )


def _scaled(places: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """All rows within the square, both axes on one scale, the few outermost moved to its edge."""
    every = np.concatenate(list(places))
    low, high = np.percentile(every, [OUTSIDE, 100 - OUTSIDE], axis=0)
    middle = (low + high) / 2
    reach = max(float((high - low).max()) / 2, 1e-12)
    inner = SIDE / 2 - EDGE
    flip = np.array([1.0, -1.0])
    return [SIDE / 2 + np.clip((one - middle) / reach, -1.0, 1.0) * flip * inner for one in places]
