"""Where a version fails: every section in order, one that cannot be measured saying why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from scrubjay.core.errors import ScrubjayError
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Split
from scrubjay.evaluate.retrieval import Direction
from scrubjay.retrain.diagnosing import advice, confusions, data, geometry, noise, probes, slices
from scrubjay.retrain.diagnosing import curve as learning_curve
from scrubjay.retrain.diagnosing import map as map_
from scrubjay.retrain.diagnosing.curve_training import Recipe
from scrubjay.retrain.diagnosing.material import Material, gather, gather_other
from scrubjay.store.home import Home


class Section(Protocol):
    """What one part of a diagnosis found."""

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        ...


class Measure(Protocol):
    """How a section is made."""

    def __call__(
        self, material: Material, against: Material | None, *, progress: Progress = silent
    ) -> Section:
        """Measure it.

        Raises:
            ScrubjayError: it cannot be measured; the message is what the page says instead.
        """
        ...


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A section that could not be measured, and why."""

    why: str

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {"why": self.why}


TITLES: Final[Mapping[str, str]] = {
    "advice": "What to try",
    "slices": "Recall by slice",
    "noise": "Speech in noise",
    "probes": "Minimal pairs",
    "confusions": "Taken for one another",
    "geometry": "Geometry of the space",
    "map": "Map",
    "data": "The data itself",
    "curve": "What more data would bring",
}
"""Section -> its heading, in the order of the page."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A version, diagnosed.

    Attributes:
        against: the version it is held against, where there is one.
        when: UTC.
        part: `test`, `val`, `train` or `all`.
        n_items: items in that part, videos left out.
        directions: overall figures.
        sections: name -> what was found, in the order of the page.
        notes: what a reader must know, a sentence each.
    """

    version: str
    against: str | None
    when: datetime
    part: str
    n_items: int
    directions: tuple[Direction, ...]
    sections: Mapping[str, Section]
    notes: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "version": self.version,
            "against": self.against,
            "when": self.when.isoformat(timespec="seconds"),
            "part": self.part,
            "n_items": self.n_items,
            "notes": list(self.notes),
            "directions": [one.to_json() for one in self.directions],
            "sections": {name: one.to_json() for name, one in self.sections.items()},
        }


def diagnose(
    home: Home,
    version: str | None = None,
    *,
    against: str | None = None,
    split: Split | None = Split.TEST,
    folder: Path | None = None,
    curve: bool = False,
    recipe: Recipe | None = None,
    progress: Progress = silent,
) -> Diagnosis:
    """Measure a version, section by section.

    Args:
        against: another version, asked the same.
        curve: whether to measure what more data would bring, which takes longest.
        recipe: what a month would train by: of the curve of a version that names none.

    Raises:
        ScrubjayError: as `gather`; what stops one section only is said in its place.
    """
    material = gather(home, version, split=split, folder=folder, progress=progress)
    other = gather_other(home, against, material, progress=progress) if against else None
    found: dict[str, Section] = {}
    for name, measure in _measures(home, curve=curve, recipe=recipe).items():
        found[name] = _section(partial(measure, material, other, progress=progress))
    progress("asking the rules", 0, None)
    told = {name: one.to_json() for name, one in found.items()}
    found["advice"] = _section(partial(advice.measure, material, told, home=home))
    notes = [*material.notes, *(other.notes if other else ())]
    return Diagnosis(
        version=material.version,
        against=other.version if other else None,
        when=datetime.now(UTC),
        part=material.part,
        n_items=len(material.items),
        directions=material.evaluation.directions,
        sections={name: found[name] for name in TITLES},
        notes=tuple(dict.fromkeys(notes)),
    )


def _measures(home: Home, *, curve: bool, recipe: Recipe | None) -> dict[str, Measure]:
    """Section -> how it is made."""
    return {
        "slices": slices.measure,
        "noise": noise.measure,
        "probes": partial(probes.measure, home=home),
        "confusions": confusions.measure,
        "geometry": partial(geometry.measure, home=home),
        "map": map_.measure,
        "data": partial(data.measure, home=home),
        "curve": partial(learning_curve.measure, home=home, train=curve, recipe=recipe),
    }


def _section(measure: Callable[[], Section]) -> Section:
    try:
        return measure()
    except ScrubjayError as error:
        return Unmeasured(str(error))
