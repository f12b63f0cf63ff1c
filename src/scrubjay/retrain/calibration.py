"""The cutoff of a pair is fitted when it is made, and again when its collection has grown."""

from __future__ import annotations

import json

from scrubjay.core.errors import Damaged
from scrubjay.core.protocols import Encoder, Progress
from scrubjay.core.types import Champion, Split
from scrubjay.retrain.shipped import gives_way
from scrubjay.search.calibrate import Fitted, calibrate
from scrubjay.search.cutoff import Calibration, read_calibration, rows_cut
from scrubjay.store.durable import locked, sweep_aside, write_durably
from scrubjay.store.home import Home

LOCK = ".cutoff.lock"
GROWN = 0.2
"""A cutoff is fitted anew when so large a share of the rows came, went or changed."""


def fit_cutoff(home: Home, pair: Champion, *, progress: Progress) -> Fitted:
    """Fit a pair's cutoff from held-out items; nothing is written.

    An encoder that came with Scrubjay has learned from none of the owner's items: all may ask.

    Raises:
        UnknownName: there is no such version or generation.
    """
    items = list(home.catalog.items())
    learned = frozenset() if gives_way(home, pair.version) else frozenset({Split.TRAIN})
    asking = frozenset(item.id for item in items if item.split not in learned)
    generation = home.generations.open(pair.generation)
    return calibrate(generation, items, _encoder(home, pair), asking=asking, progress=progress)


def refit(home: Home, pair: Champion, *, progress: Progress) -> Calibration:
    """Fit a pair's cutoff and put it beside its generation, in one step."""
    fitted = fit_cutoff(home, pair, progress=progress).calibration
    told = json.dumps(fitted.to_json(), indent=1, ensure_ascii=False) + "\n"
    path = home.generations.cutoff(pair.generation)
    with locked(path.with_name(LOCK), "writing a cutoff"):
        sweep_aside(path.parent, path.name)
        write_durably(path, told.encode(), point="cutoff")
    return fitted


def refit_if_grown(home: Home, pair: Champion, *, changed: int = 0, progress: Progress) -> None:
    """Fit a pair's cutoff where there is none of it, or of a collection that was rather another.

    Args:
        changed: items that just changed, their descriptions perhaps.
    """
    if not _fits(home, pair, changed):
        refit(home, pair, progress=progress)


def _fits(home: Home, pair: Champion, changed: int) -> bool:
    try:
        there = read_calibration(home.generations.cutoff(pair.generation))
    except Damaged:
        return False
    if there is None or not there.of(_encoder(home, pair).spec):
        return False
    rows = rows_cut(home.generations.open(pair.generation))
    return abs(rows - there.rows) + changed <= GROWN * there.rows


def _encoder(home: Home, pair: Champion) -> Encoder:
    from scrubjay.models.load import load_version

    folder = home.registry.folder(pair.version)
    return load_version(folder, version=pair.version, threads=home.settings.threads)
