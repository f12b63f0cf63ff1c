"""What one more month of data would bring: trainings on parts of it, and a curve through them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import BadConfig, NotReady, ScrubjayError
from scrubjay.core.protocols import Progress, TrainableEncoder, silent
from scrubjay.core.types import Item, Modality, Split
from scrubjay.evaluate.learning_curve import Outlook, outlook
from scrubjay.evaluate.retrieval import RECALL_AT
from scrubjay.retrain.diagnosing.material import Material
from scrubjay.retrain.diagnosing.parts import Part, month_of, nested_parts
from scrubjay.retrain.diagnosing.vanishing import vanishing_folder
from scrubjay.retrain.negatives import negatives_for
from scrubjay.retrain.run import CONFIG, FINISHED
from scrubjay.search.measure import Evaluation, evaluate_items
from scrubjay.store.home import Home
from scrubjay.store.version import VersionInfo
from scrubjay.training.instantiate import REF, TARGET, refers_to

SHARES: Final = (0.25, 0.5, 0.75, 1.0)
PAIRS: Final = "scrubjay.training.data.PairData"
MODULE: Final = "scrubjay.training.contrastive."

HOW: Final = (
    "Each part is trained with the version's own configuration from the same start, for as many "
    "steps as the whole: a quarter of the data is seen four times as often. The error is the mean "
    "of what R@1, R@5 and R@10 miss, over the held-out queries of all directions. The interval is "
    "of other held-out groups and of how far the curve misses its points; each part was trained "
    "once."
)


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
    """

    outlook: Outlook | None = None
    unit: str = ""
    month: int = 0
    months: int = 0
    trained: tuple[Trained, ...] = ()
    cost_s: float | None = None
    command: str = ""
    why: str | None = None
    how: str = HOW

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
        }


def measure(
    material: Material,
    against: Material | None = None,
    *,
    home: Home | None = None,
    train: bool = False,
    shares: Sequence[float] = SHARES,
    progress: Progress = silent,
) -> Section:
    """Train on parts and fit a curve; without `train`, say what that would cost.

    The trainings are of this version's configuration; nothing of them is registered or kept.

    Args:
        home: whose registry knows how the version was trained.
        train: whether to do it.
        shares: of the data, rising.
    """
    about = _about(home, material.version)
    held_out = _held_out(material)
    unit, parts = nested_parts(
        material.everything, shares, frozenset(item.group for item in held_out)
    )
    month, months = month_of(material.everything, unit)
    command = f"scrubjay diagnose {material.version} --curve"
    why = _hindrance(about, held_out, parts)
    if why is not None or about is None or home is None:
        return Section(unit=unit, month=month, months=months, why=why)
    if not train:
        cost = _cost(home, about, len(shares))
        return Section(unit=unit, month=month, months=months, cost_s=cost, command=command)
    config = about.lineage["config"]
    errors: list[NDArray[np.float64]] = []
    chance = 1.0
    groups: tuple[str, ...] = ()
    trained: list[Trained] = []
    for done, (share, part) in enumerate(zip(shares, parts, strict=True)):
        progress("training for the curve", done, len(parts))
        began = time.monotonic()
        try:
            evaluation = _evaluated(config, share, part, held_out, material, home, progress)
            missed, asked = _missed(evaluation)
            chance = _chance(evaluation)
            if errors and asked != groups:
                raise NotReady("files changed meanwhile; run it again")
        except ScrubjayError as error:
            return Section(
                unit=unit,
                month=month,
                months=months,
                trained=tuple(trained),
                why=f"the training on {part.n:,} {unit} failed: {error}",
            )
        groups = asked
        errors.append(missed)
        trained.append(Trained(part.n, len(part.items), time.monotonic() - began))
    curve = outlook(
        [part.n for part in parts],
        np.stack(errors, axis=1),
        groups,
        n=parts[-1].n + month,
        chance=chance,
    )
    return Section(curve, unit, month, months, tuple(trained), command=command)


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


def _hindrance(
    about: VersionInfo | None, held_out: Sequence[Item], parts: Sequence[Part]
) -> str | None:
    """Why no curve can be trained; None when one can."""
    config = about.lineage.get("config") if about is not None else None
    if not isinstance(config, Mapping) or "encoder" not in config:
        return (
            "the version does not say with which configuration it was trained, so that parts of "
            "the data cannot be trained in the same way; `scrubjay train` makes one that does"
        )
    if not refers_to(config.get("datamodule"), "items") and MODULE not in str(
        (config.get("model") or {}).get(TARGET)
    ):
        return (
            "the version was trained on files that its datamodule reads itself, so that parts of "
            "the collection cannot be trained in the same way"
        )
    if not held_out:
        return "nothing is held out to measure with; add more, or name test items in the manifest"
    if any(b.n <= a.n for a, b in pairwise(parts)) or parts[0].n < 2:
        return f"{parts[-1].n} content groups are too few to train on parts of them"
    return None


def _cost(home: Home | None, about: VersionInfo, trainings: int) -> float | None:
    """Seconds: as often as long as the version's own run took; None where that is not known."""
    if home is None:
        return None
    folder = home.runs / str(about.lineage.get("run", ""))
    try:
        began, ended = (folder / CONFIG).stat().st_mtime, (folder / FINISHED).stat().st_mtime
    except OSError:
        return None
    return max(0.0, ended - began) * trainings


def _evaluated(
    config: Mapping[str, Any],
    share: float,
    part: Part,
    held_out: Sequence[Item],
    material: Material,
    home: Home,
    progress: Progress,
) -> Evaluation:
    """Train on a part and measure it on what is held out, in a folder that vanishes."""
    from scrubjay.training.fit import fit
    from scrubjay.training.threads import torch_threads

    validated = [item for item in material.everything if item.split is Split.VAL]
    with vanishing_folder("curve") as folder, torch_threads(material.threads):
        items = [*part.items, *validated]
        mined = negatives_for(home, folder / "mined", config, items, progress=progress)
        fitted = fit(
            part_config(config, share),
            run=folder / "run",
            provided={"items": items, "read": material.read, **mined},
            progress=progress,
        )
        encoder = fitted.objects["encoder"]
        if not isinstance(encoder, TrainableEncoder):
            raise BadConfig(f"the configuration trains a {type(encoder).__name__}, not an encoder")
        return evaluate_items(
            held_out,
            encoder,
            read=material.read,
            limits=material.limits,
            threads=material.threads,
            progress=progress,
        )


def part_config(config: Mapping[str, Any], share: float) -> dict[str, Any]:
    """The configuration for a part: as many steps as the whole, in one process, without trackers.

    Of its callbacks only the one that keeps the best weights stays, where those are wanted. A
    datamodule that reads its own files gives way to pairs of the collection.
    """
    trainer = dict(config.get("trainer") or {})
    epochs = trainer.get("max_epochs")
    if isinstance(epochs, int) and epochs > 0:
        trainer["max_epochs"] = math.ceil(epochs / share)
    trainer |= {"devices": 1, "num_nodes": 1, "strategy": "auto"}
    callbacks = {
        name: node
        for name, node in (config.get("callbacks") or {}).items()
        if config.get("keep", "best") == "best"
        and isinstance(node, Mapping)
        and str(node.get(TARGET, "")).endswith("ModelCheckpoint")
        and node.get("monitor")
    }
    data = dict(config.get("datamodule") or {})
    if not refers_to(data, "items"):
        data = {
            TARGET: PAIRS,
            **{name: {REF: name} for name in ("items", "read", "encoder")},
            "batch_size": data.get("batch_size", 64),
            "seed": config.get("seed", 0),
        }
    return {
        **config,
        "trainer": trainer,
        "callbacks": callbacks,
        "logger": {},
        "datamodule": {**data, "workers": 0},
    }


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
