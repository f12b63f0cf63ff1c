"""A home folder, its registry and its versions, opened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scrubjay.core.config import (
    ModelChoice,
    Settings,
    home_path,
    registry_url,
    wants_builtin,
)
from scrubjay.core.errors import NotReady
from scrubjay.core.protocols import Encoder, Progress
from scrubjay.core.types import Champion
from scrubjay.store.home import Home

if TYPE_CHECKING:
    from scrubjay.search.query import Searcher
    from scrubjay.store.registry import Registry
    from scrubjay.store.version import VersionInfo

CHAMPION_NAME = "champion"
"""What the version being served may be called."""


def open_home(
    home: Path | None,
    *,
    builtin: bool | None = None,
    listener: ModelChoice | None = None,
    reader: ModelChoice | None = None,
) -> Home:
    """The home named on the command line, by $SCRUBJAY_HOME, or ./scrubjay-home.

    Args:
        home: as given on the command line.
        builtin: whether a new home begins with the encoder in the box; None asks the environment.
        listener: what hears what is said in videos; None: what works offline, in English.
        reader: what reads what is written in them; None: what works offline.
    """
    begins = wants_builtin() if builtin is None else builtin
    settings = Settings(home=home_path(home), builtin=begins, registry=registry_url())
    return Home(
        replace(
            settings,
            listener=listener or settings.listener,
            reader=reader or settings.reader,
        )
    )


def find_registry(home: Path | None, url: str | None) -> Registry:
    """The registry named on the command line, by $SCRUBJAY_REGISTRY, or the home's own.

    Args:
        home: as given on the command line.
        url: as given on the command line: `s3://bucket/prefix` or a folder.
    """
    from scrubjay.store.bucket_registry import open_registry

    return open_registry(home_path(home).expanduser().absolute(), registry_url(url))


def list_versions(registry: Registry) -> tuple[list[VersionInfo], Champion | None]:
    """Every version, the newest first, and the pair being served."""
    return registry.versions()[::-1], registry.champion()


def pull_version(registry: Registry, version: str, folder: Path, *, progress: Progress) -> str:
    """Copy a version into a folder, complete and verified or not at all; return its id.

    Args:
        version: an id, or `champion`.

    Raises:
        NotReady: the champion was asked for and there is none.
    """
    if version == CHAMPION_NAME:
        champion = registry.champion()
        if champion is None:
            raise NotReady(
                f"no version is served from {registry.url} yet; `scrubjay models list` shows which "
                f"there are"
            )
        version = champion.version
    registry.pull(version, folder, progress=progress)
    return version


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
    return open_pair(home, current_champion(home))


def open_pair(home: Home, pair: Champion) -> Searcher:
    """A version's encoder and one of its generations, ready to search."""
    from scrubjay.search.cutoff import Cutoffs
    from scrubjay.search.query import Searcher

    encoder, generation = open_encoder(home, pair.version), home.generations.open(pair.generation)
    cutoff = Cutoffs(home.generations.cutoff(pair.generation), encoder, generation)
    return Searcher(encoder, generation, pair, cutoff=cutoff)


def shipped_version(home: Home) -> str:
    """The registered version that came with Scrubjay.

    Raises:
        NotReady: this home never had it.
    """
    found = [one.id for one in home.registry.versions() if one.lineage.get("shipped")]
    if not found:
        raise NotReady(
            f"{home.path} does not hold the encoder that comes with Scrubjay: it is prepared once, "
            f"with torch (pip install 'scrubjay[train]'), by `scrubjay add` in a new home"
        )
    return found[-1]
