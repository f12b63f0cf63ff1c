"""The encoder that comes with Scrubjay serves a home until it has one of its own."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from scrubjay import __version__
from scrubjay.core.protocols import Progress, TrainableEncoder
from scrubjay.models.builtin import shipped
from scrubjay.models.load import EXPORT_FOLDER, load_trainable
from scrubjay.store.home import Home

FAMILY, SOURCE = "builtin", "shipped"


def register_shipped(home: Home, *, progress: Progress) -> str:
    """Register the shipped encoder with its serving graphs; the same home keeps it once.

    Raises:
        MissingExtra: torch, which writes the graphs, is not installed.
    """
    weights = shipped.digest()
    for one in home.registry.versions():
        if one.lineage.get("weights") == weights:
            return one.id
    progress("preparing the built-in encoder", 0, 1)
    encoder = load_trainable(FAMILY, source=SOURCE)
    about = shipped.figures()
    version = home.registry.register(
        partial(_write, encoder),
        month=str(about["month"]),
        lineage={
            "shipped": True,
            "weights": weights,
            "source": "the world Scrubjay draws",
            "scrubjay": __version__,
        },
        metrics=about,
        card=shipped.card(),
    )
    progress("preparing the built-in encoder", 1, 1)
    return version


def gives_way(home: Home, version: str) -> bool:
    """Whether a version came with Scrubjay, so that the first of the owner's own replaces it."""
    return any(one.id == version and one.lineage.get("shipped") for one in home.registry.versions())


def _write(encoder: TrainableEncoder, folder: Path) -> None:
    encoder.save_pretrained(folder)
    (folder / EXPORT_FOLDER).mkdir()
    encoder.export(folder / EXPORT_FOLDER)
