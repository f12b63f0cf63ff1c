"""What one more month of data would bring: trainings on parts of it, and a curve through them."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import NotReady, ScrubjayError
from scrubjay.core.protocols import Encoder, Progress, silent
from scrubjay.core.types import Item, Modality, Split
from scrubjay.evaluate.bootstrap import Estimate
from scrubjay.evaluate.learning_curve import Outlook, brought_by, outlook
from scrubjay.evaluate.retrieval import RECALL_AT
from scrubjay.retrain.diagnosing.curve_training import Recipe, Way, train_part, way_of
from scrubjay.retrain.diagnosing.material import Material
from scrubjay.retrain.diagnosing.parts import Part, month_of, nested_parts
from scrubjay.retrain.diagnosing.vanishing import vanishing_folder
from scrubjay.retrain.run import CONFIG, FINISHED
from scrubjay.search.measure import Evaluation, evaluate_items
from scrubjay.store.home import Home
from scrubjay.store.version import VersionInfo
from scrubjay.training.instantiate import TARGET, refers_to

SHARES: Final = (0.25, 0.5, 0.75, 1.0)
MODULE: Final = "scrubjay.training.contrastive."
UNKNOWN: Final = "the version is not registered here, so that nothing can be trained as it was"


@dataclass(frozen=True, slots=True)
class Trained:
    """One training of the curve."""

    n: int
    items: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {"n": self.n, "items": self.items, "seconds": round(self.seconds, 1)}


@dataclass(frozen=True, slots=True)
class Section:
    """What more data would bring, or what it costs to know.

    Attributes:
        outlook: the curve; None when none was trained.
        unit: what is counted.
        month: what the median of `months` months brought.
        cost_s: about how long the trainings take, where the version's own run says.
        command: that trains them.
        why: why there is no curve, and cannot be one.
        how: parts are trained, and figures made.
        recipe: what parts are trained by; empty where it is the version's own configuration.
        untrained: the error of the version as it stands, where training goes on from it.
        brought: how much less it is after training on all there is, query by query.
        as_month: whether a training is one of a month, and not the version's own again.
    """

    outlook: Outlook | None = None
    unit: str = ""
    month: int = 0
    months: int = 0
    trained: tuple[Trained, ...] = ()
    cost_s: float | None = None
    command: str = ""
    why: str | None = None
    how: str = ""
    recipe: str = ""
    untrained: Estimate | None = None
    brought: Estimate | None = None
    as_month: bool = False

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "outlook": self.outlook.to_json() if self.outlook else None,
            "unit": self.unit,
            "month": self.month,
            "months": self.months,
            "trained": [one.to_json() for one in self.trained],
            "cost_s": self.cost_s,
            "command": self.command,
            "why": self.why,
            "how": self.how,
            "recipe": self.recipe,
            "untrained": self.untrained.to_json() if self.untrained else None,
            "brought": self.brought.to_json() if self.brought else None,
        }


def measure(
    material: Material,
    against: Material | None = None,
    *,
    home: Home | None = None,
    train: bool = False,
    recipe: Recipe | None = None,
    shares: Sequence[float] = SHARES,
    progress: Progress = silent,
) -> Section:
    """Train on parts and fit a curve; without `train`, say what that would cost.

    The trainings are of this version's configuration, or of what a month would do where it names
    none; nothing of them is registered or kept.

    Args:
        home: whose registry knows how the version was trained.
        train: whether to do it.
        recipe: of a month, for a version without a configuration, or in place of its own.
        shares: of the data, rising.
    """
    about = _about(home, material.version)
    held_out = _held_out(material)
    unit, parts = nested_parts(
        material.everything, shares, frozenset(item.group for item in held_out)
    )
    month, months = month_of(material.everything, unit)
    if about is None or home is None:
        return Section(unit=unit, month=month, months=months, why=UNKNOWN)
    way = way_of(home, about, recipe)
    section = Section(
        unit=unit,
        month=month,
        months=months,
        command=way.command,
        how=way.how,
        recipe=way.recipe,
        as_month=way.month is not None,
    )
    if why := _hindrance(way, held_out, parts):
        return replace(section, why=why)
    if not train:
        return replace(section, cost_s=None if way.month else _cost(home, about, len(shares)))
    return _curve(section, way, shares, parts, held_out, material, home, progress)


def _curve(
    section: Section,
    way: Way,
    shares: Sequence[float],
    parts: Sequence[Part],
    held_out: Sequence[Item],
    material: Material,
    home: Home,
    progress: Progress,
) -> Section:
    """Every training, one after the other, and what they say together."""
    before = _missed(_of_itself(material, held_out, progress)) if way.goes_on else None
    errors: list[NDArray[np.float64]] = []
    chance = 1.0
    groups: tuple[str, ...] = before[1] if before else ()
    trained: list[Trained] = []
    for done, (share, part) in enumerate(zip(shares, parts, strict=True)):
        progress("training for the curve", done, len(parts))
        began = time.monotonic()
        try:
            evaluation = _evaluated(way, share, part, held_out, material, home, progress)
            missed, asked = _missed(evaluation)
            chance = _chance(evaluation)
            if groups and asked != groups:
                raise NotReady("it was asked something else; run it again")
        except ScrubjayError as error:
            return replace(
                section,
                trained=tuple(trained),
                why=f"the training on {part.n:,} {section.unit} failed: {error}",
            )
        groups = asked
        errors.append(missed)
        trained.append(Trained(part.n, len(part.items), time.monotonic() - began))
    table = np.stack(errors, axis=1)
    n = parts[-1].n + section.month
    curve = outlook([part.n for part in parts], table, groups, n=n, chance=chance)
    section = replace(section, outlook=curve, trained=tuple(trained))
    if before is None:
        return section
    untrained, brought = brought_by(before[0], table[:, -1], groups)
    return replace(section, untrained=untrained, brought=brought)


def _about(home: Home | None, version: str) -> VersionInfo | None:
    if home is None:
        return None
    return next((one for one in home.registry.versions() if one.id == version), None)


def _held_out(material: Material) -> list[Item]:
    """The part diagnosed; where that was trained on, the most held-out part there is."""
    if material.part in {Split.TEST.value, Split.VAL.value}:
        return list(material.items)
    for split in (Split.TEST, Split.VAL):
        found = [item for item in material.everything if item.split is split]
        if found:
            return found
    return []


def _hindrance(way: Way, held_out: Sequence[Item], parts: Sequence[Part]) -> str | None:
    """Why no curve can be trained; None when one can."""
    config = way.config
    if (
        config is not None
        and not refers_to(config.get("datamodule"), "items")
        and MODULE not in str((config.get("model") or {}).get(TARGET))
    ):
        return (
            "the training reads files that its datamodule finds itself, so that parts of the "
            "collection cannot be trained in the same way"
        )
    if not held_out:
        return "nothing is held out to measure with; add more, or name test items in the manifest"
    if any(b.n <= a.n for a, b in pairwise(parts)) or parts[0].n < 2:
        return f"{parts[-1].n} content groups are too few to train on parts of them"
    return None


def _cost(home: Home, about: VersionInfo, trainings: int) -> float | None:
    """Seconds: as often as long as the version's own run took; None where that is not known."""
    folder = home.runs / str(about.lineage.get("run", ""))
    try:
        began, ended = (folder / CONFIG).stat().st_mtime, (folder / FINISHED).stat().st_mtime
    except OSError:
        return None
    return max(0.0, ended - began) * trainings


def _evaluated(
    way: Way,
    share: float,
    part: Part,
    held_out: Sequence[Item],
    material: Material,
    home: Home,
    progress: Progress,
) -> Evaluation:
    """Train on a part and measure it on what is held out, in a folder that vanishes."""
    with vanishing_folder("curve") as folder:
        encoder = train_part(way, share, part, folder, material, home, progress)
        return _asked(encoder, material, held_out, progress)


def _of_itself(material: Material, held_out: Sequence[Item], progress: Progress) -> Evaluation:
    """The version as it stands, asked the same."""
    if [item.id for item in held_out] == [item.id for item in material.items]:
        return material.evaluation
    return _asked(material.encoder, material, held_out, progress)


def _asked(
    encoder: Encoder, material: Material, held_out: Sequence[Item], progress: Progress
) -> Evaluation:
    return evaluate_items(
        held_out,
        encoder,
        read=material.read,
        limits=material.limits,
        threads=material.threads,
        progress=progress,
    )


def _chance(evaluation: Evaluation) -> float:
    """What queries would miss if their gallery came in any order."""
    total = queries = 0.0
    for one in evaluation.directions:
        right = min(one.n_gallery, max(1, round(one.answers)))
        missed = [
            math.comb(one.n_gallery - right, min(k, one.n_gallery))
            / math.comb(one.n_gallery, min(k, one.n_gallery))
            for k in RECALL_AT
        ]
        total += one.n_queries * sum(missed) / len(missed)
        queries += one.n_queries
    return total / queries if queries else 1.0


def _missed(evaluation: Evaluation) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """What each query of each direction missed, and its content group.

    Raises:
        NotReady: nothing can be asked.
    """
    missed: list[NDArray[np.float64]] = []
    groups: list[str] = []
    for direction in evaluation.directions:
        view = evaluation.views[Modality(direction.name.split("->")[0])]
        hits = [(direction.ranks <= k).astype(np.float64) for k in RECALL_AT]
        missed.append(1.0 - np.mean(hits, axis=0))
        groups += [view.groups[at] for at in direction.queries]
    if not missed:
        raise NotReady("none of the held-out items can be asked about")
    return np.concatenate(missed), tuple(groups)
