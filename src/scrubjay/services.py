"""The composition root: a home folder becomes the objects commands work with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.core.config import Settings, home_path
from scrubjay.core.errors import NotReady
from scrubjay.core.protocols import Encoder, Progress
from scrubjay.core.types import Champion, Split
from scrubjay.store.home import Home

if TYPE_CHECKING:
    from scrubjay.retrain.single import Trained
    from scrubjay.search.collect import Added
    from scrubjay.search.measure import Evaluation
    from scrubjay.search.query import Searcher


def open_home(home: Path | None) -> Home:
    """The home named on the command line, by $SCRUBJAY_HOME, or ./scrubjay-home."""
    return Home(Settings(home=home_path(home)))


def current_champion(home: Home) -> Champion:
    """The pair being served.

    Raises:
        NotReady: no version was published yet.
    """
    champion = home.registry.champion()
    if champion is None:
        raise NotReady(
            f"no encoder serves {home.path} yet: run `scrubjay add FOLDER`, then `scrubjay train`"
        )
    return champion


def open_encoder(home: Home, version: str) -> Encoder:
    """A registered version's exported graphs, after they were held against its manifest."""
    from scrubjay.models.load import load_version

    home.registry.verify(version, below="export")
    return load_version(
        home.registry.folder(version), version=version, threads=home.settings.threads
    )


def open_champion(home: Home) -> Searcher:
    """The champion's encoder and generation, ready to search."""
    from scrubjay.search.query import Searcher

    champion = current_champion(home)
    return Searcher(
        open_encoder(home, champion.version), home.generations.open(champion.generation), champion
    )


def add_folder(home: Home, folder: Path, *, month: str, progress: Progress) -> Added:
    """Scan a folder into the home and index what is new with the champion, if there is one."""
    from scrubjay.search.collect import Target
    from scrubjay.search.collect import add_folder as collect

    champion = home.registry.champion()
    target = (
        Target(open_encoder(home, champion.version), home.generations.open(champion.generation))
        if champion
        else None
    )
    return collect(home, folder, month=month, target=target, progress=progress)


def train(home: Home, config: Mapping[str, Any], *, resume: bool, progress: Progress) -> Trained:
    """Fit what the configuration says, register the encoder, and serve it if it is the first."""
    from scrubjay.retrain.single import train_once

    return train_once(home, config, resume=resume, progress=progress)


def evaluate(
    home: Home, version: str | None, *, split: Split | None, progress: Progress
) -> Evaluation:
    """Measure a version (default: the champion) on a part of the newest snapshot (default: all)."""
    from scrubjay.retrain.source import snapshot_source
    from scrubjay.search.measure import evaluate_items
    from scrubjay.store.objects import read_uri

    encoder = open_encoder(home, version or current_champion(home).version)
    items = [item for item in snapshot_source(home).items if split is None or item.split is split]
    return evaluate_items(
        items,
        encoder,
        read=read_uri,
        limits=home.settings.limits,
        threads=home.settings.threads,
        progress=progress,
    )


def set_champion(home: Home, version: str, *, progress: Progress) -> Champion:
    """Embed the collection with a version and serve the pair."""
    from scrubjay.retrain.serving import embed_version, publish

    champion = embed_version(home, version, progress=progress)
    publish(home, champion)
    return champion
