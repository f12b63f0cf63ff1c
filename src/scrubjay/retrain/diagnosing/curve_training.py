"""How the parts of a learning curve are trained: as the version was, or as a month would."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scrubjay.core.errors import BadConfig
from scrubjay.core.protocols import Progress, TrainableEncoder
from scrubjay.core.types import Item, Split
from scrubjay.retrain.diagnosing.material import Material
from scrubjay.retrain.diagnosing.parts import Part
from scrubjay.retrain.month_fit import BASE, FitSettings, fit_month
from scrubjay.retrain.month_plan import plan_of
from scrubjay.retrain.negatives import negatives_for
from scrubjay.retrain.run import Run
from scrubjay.store.home import Home
from scrubjay.store.version import VersionInfo
from scrubjay.training.instantiate import REF, TARGET, refers_to

PAIRS: Final = "scrubjay.training.data.PairData"
MADE_BY_MONTH: Final = "alpha"
"""In the lineage of a version whose weights a month chose."""

OWN: Final = "Each part is trained with the version's own configuration from the same start"
OWN_FILES: Final = (
    ", but on pairs of this collection, where the configuration draws its batches from files that "
    "it finds itself"
)
GOES_ON: Final = (
    "The version names no configuration, so each part is trained as a month would train it: from "
    "the version's own weights, by what `scrubjay retrain` composes and what is said behind "
    "--curve, with the weights kept that find the validation items best on the way from the old "
    "to the new"
)
MONTHS: Final = (
    "Months made this version, so each part is trained as by its last month, all at once, from "
    "where the first of them began, which had seen none of it"
)
OTHER: Final = (
    "Each part is trained by the recipe that was asked for, from the encoder that it names"
)
STEPS: Final = (
    ", for as many steps as the whole: a quarter of the data is seen four times as often. The "
    "error is the mean of what R@1, R@5 and R@10 miss, over the held-out queries of all "
    "directions. The interval is of other held-out groups and of how far the curve misses its "
    "points; each part was trained once."
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a month would train by.

    Attributes:
        config: as `scrubjay retrain` composes it.
        named: the overrides that somebody gave for the curve; none: the month's standing ones.
    """

    config: Mapping[str, Any]
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """How every part is trained.

    Attributes:
        config: of the fit; None where nobody composed one yet.
        month: how weights are chosen; None: the version's own configuration, as it was trained.
        start: the version's folder, where its weights are what training begins with.
        goes_on: whether the version itself goes on learning.
        how: for a reader.
        recipe: in words; empty for the version's own.
        command: that trains the curve.
    """

    config: Mapping[str, Any] | None
    month: FitSettings | None
    start: Path | None
    goes_on: bool
    how: str
    recipe: str
    command: str


def way_of(home: Home, about: VersionInfo, recipe: Recipe | None) -> Way:
    """The version's own configuration, or a month's where it names none or another is asked for.

    A version that names its configuration has learned from the collection: going on with it would
    show it all of the data again. So a recipe that is asked for begins with its own encoder there,
    and what months made begins where the first of them did.

    Raises:
        UnknownName, BadConfig: the recipe is none of a month.
    """
    own: Any = about.lineage.get("config")
    named = recipe.named if recipe is not None else ()
    command = shlex.join(["scrubjay", "diagnose", about.id, "--curve", *named])
    if _names(about) and not named:
        first = _before_months(home, about)
        if first is not about:
            return _as_months(home, first, own, command)
        elsewhere = "" if refers_to(own.get("datamodule"), "items") else OWN_FILES
        return Way(own, None, None, False, OWN + elsewhere + STEPS, "", command)
    if recipe is None:
        return Way(None, FitSettings(), None, True, GOES_ON + STEPS, "", command)
    plan = plan_of(recipe.config)
    goes_on = not _names(about) and plan.fit.start != BASE
    start = home.registry.folder(about.id) if goes_on else None
    told = _told(plan.train, named, start=about.id if goes_on else None)
    how = (GOES_ON if goes_on else OTHER) + STEPS
    return Way(plan.train, plan.fit, start, goes_on, how, told, command)


def _names(about: VersionInfo) -> bool:
    """Whether a version says with which configuration it was trained."""
    config = about.lineage.get("config")
    return isinstance(config, Mapping) and "encoder" in config


def _before_months(home: Home, about: VersionInfo) -> VersionInfo:
    """The nearest of its parents that no month made; itself where that is not known."""
    known = {one.id: one for one in home.registry.versions()}
    one = about
    while MADE_BY_MONTH in one.lineage and one.lineage.get("parent") in known:
        one = known[one.lineage["parent"]]
    return about if MADE_BY_MONTH in one.lineage else one


def _as_months(home: Home, first: VersionInfo, config: Mapping[str, Any], command: str) -> Way:
    """Each part by a month's configuration, from where the version before all months was."""
    if not _names(first):
        told = _told(config, (), start=first.id)
        folder = home.registry.folder(first.id)
        return Way(config, FitSettings(), folder, False, MONTHS + STEPS, told, command)
    config = {**config, "encoder": first.lineage["config"]["encoder"]}
    told = _told(config, (), start=None)
    return Way(config, FitSettings(start=BASE), None, False, MONTHS + STEPS, told, command)


def train_part(
    way: Way,
    share: float,
    part: Part,
    folder: Path,
    material: Material,
    home: Home,
    progress: Progress,
) -> TrainableEncoder:
    """Train on a part, in a folder that the caller removes.

    Raises:
        ScrubjayError: the training fails.
    """
    from scrubjay.training.fit import fit
    from scrubjay.training.threads import torch_threads

    validated = [item for item in material.everything if item.split is Split.VAL]
    items = [*part.items, *validated]
    config = part_config(way.config or {}, share)
    mined = negatives_for(home, folder / "mined", config, items, progress=progress)
    if way.month is not None:
        return fit_month(
            Run(folder / "run", config),
            items=items,
            new=_all(items),
            champion=way.start,
            read=material.read,
            resume=False,
            settings=way.month,
            threads=material.threads,
            provided=mined,
            progress=progress,
        ).encoder
    with torch_threads(material.threads):
        fitted = fit(
            config,
            run=folder / "run",
            provided={"items": items, "read": material.read, **mined},
            progress=progress,
        )
    encoder = fitted.objects["encoder"]
    if not isinstance(encoder, TrainableEncoder):
        raise BadConfig(f"the configuration trains a {type(encoder).__name__}, not an encoder")
    return encoder


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


def _all(items: Sequence[Item]) -> frozenset[str]:
    return frozenset(item.id for item in items)


def _told(config: Mapping[str, Any], named: Sequence[str], *, start: str | None) -> str:
    """A recipe in words, as an owner would name it."""
    given = " ".join(named) if named else "as a month"
    trainer, model, data = (config.get(one) or {} for one in ("trainer", "model", "datamodule"))
    figures = {
        "epochs": trainer.get("max_epochs"),
        "learning rate": model.get("lr"),
        "batches of": data.get("batch_size"),
    }
    said = [
        f"{value:g} {name}" if name == "epochs" else f"{name} {value:g}"
        for name, value in figures.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    begins = f"from {start}" if start else "from its own encoder"
    return f"{given} ({', '.join([begins, *said])})"
