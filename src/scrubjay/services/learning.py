"""Teaching and measuring outside a month."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.core.errors import MissingExtra
from scrubjay.core.protocols import Progress
from scrubjay.core.types import Champion, Split
from scrubjay.services.opening import current_champion, open_encoder
from scrubjay.services.serving import begin_with_shipped
from scrubjay.store.home import Home

if TYPE_CHECKING:
    from scrubjay.retrain.diagnosing.diagnose import Diagnosis
    from scrubjay.retrain.generated import Generated
    from scrubjay.retrain.single import Trained
    from scrubjay.retrain.sweep import Point, Sweep
    from scrubjay.search.calibrate import Fitted
    from scrubjay.search.measure import Evaluation


def train(home: Home, config: Mapping[str, Any], *, resume: bool, progress: Progress) -> Trained:
    """Fit what the configuration says, register the encoder, and serve it if it is the first."""
    from scrubjay.retrain.single import train_once

    return train_once(home, config, resume=resume, progress=progress)


def sweep(
    home: Home,
    tried: Sequence[tuple[Sequence[str], Mapping[str, Any]]],
    *,
    by: str | None,
    largest: bool | None,
    resume: bool,
    told: Callable[[int, int, Point], None],
    progress: Progress,
) -> Sweep | None:
    """Train one recipe with several settings, all from the same items."""
    from scrubjay.retrain.sweep import sweep as sweep_points

    return sweep_points(
        home, tried, by=by, largest=largest, resume=resume, told=told, progress=progress
    )


def generate_sheet(
    home: Home, label: str, count: int, *, out: Path, run: Path | None, seed: int
) -> Generated:
    """Write a sheet of pictures by the generator that a run (default: the newest) taught.

    Raises:
        MissingExtra: torch is not installed.
    """
    try:
        from scrubjay.retrain.generated import generate_sheet as write_sheet
    except ModuleNotFoundError as error:
        raise MissingExtra("generating pictures", "train") from error
    return write_sheet(home, label, count, out=out, run=run, seed=seed)


def evaluate(
    home: Home, version: str | None, *, split: Split | None, progress: Progress
) -> Evaluation:
    """Measure a version (default: the champion) on a part of the newest snapshot (default: all)."""
    from scrubjay.retrain.source import snapshot_source
    from scrubjay.search.measure import evaluate_items

    encoder = open_encoder(home, version or current_champion(home).version)
    items = [item for item in snapshot_source(home).items if split is None or item.split is split]
    return evaluate_items(
        items,
        encoder,
        read=home.reader(),
        limits=home.settings.limits,
        threads=home.settings.threads,
        progress=progress,
    )


def evaluate_cutoff(home: Home, version: str | None, *, progress: Progress) -> Fitted | None:
    """How well a version (default: the champion) knows that nothing here is close enough.

    Measured on questions of held-out items, whatever split is evaluated; None where the
    collection is not embedded with the version.
    """
    from scrubjay.retrain.calibration import fit_cutoff

    champion = home.registry.champion()
    pair = Champion(version, version) if version else current_champion(home)
    if champion is not None and champion.version == pair.version:
        pair = champion
    if pair.generation not in home.generations.names():
        return None
    return fit_cutoff(home, pair, progress=progress)


def diagnose(
    home: Home,
    version: str | None,
    *,
    against: str | None,
    split: Split | None,
    folder: Path | None,
    curve: bool,
    recipe: tuple[Mapping[str, Any], Sequence[str]] | None = None,
    progress: Progress,
) -> Diagnosis:
    """Where a version (default: the champion) fails, on a part of the collection or a folder.

    A home that serves nothing yet diagnoses the encoder in the box, where there is a folder.

    Args:
        recipe: a month's composed configuration, and what was overridden for this curve.
    """
    from scrubjay.retrain.diagnosing.curve_training import Recipe
    from scrubjay.retrain.diagnosing.diagnose import diagnose as measure

    if folder is not None and version is None and home.settings.builtin:
        begin_with_shipped(home, progress=progress)

    return measure(
        home,
        version,
        against=against,
        split=split,
        folder=folder,
        curve=curve,
        recipe=Recipe(recipe[0], tuple(recipe[1])) if recipe else None,
        progress=progress,
    )


def diagnosis_page(home: Home, diagnosis: Diagnosis) -> str:
    """The diagnosis as one HTML file, with pictures and recordings."""
    from scrubjay.retrain.diagnosing.page import diagnosis_html

    return diagnosis_html(diagnosis, home.reader())
