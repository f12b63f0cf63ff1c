"""Which version serves, and the month that decides it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from scrubjay.core.protocols import Progress
from scrubjay.core.types import Champion
from scrubjay.services.opening import open_pair
from scrubjay.store.home import Home

if TYPE_CHECKING:
    from scrubjay.retrain.rollback import RolledBack
    from scrubjay.search.query import Searcher


def begin_with_shipped(home: Home, *, progress: Progress) -> Champion:
    """The pair being served; where there is none, the encoder that comes with Scrubjay serves.

    Raises:
        MissingExtra: torch, which writes its graphs once, is not installed.
    """
    from scrubjay.retrain.shipped import register_shipped

    champion = home.registry.champion()
    if champion is not None:
        return champion
    return set_champion(home, register_shipped(home, progress=progress), progress=progress)


def open_version(home: Home, version: str, *, progress: Progress) -> Searcher:
    """Any version ready to search all the home holds, embedded first where it is not yet."""
    from scrubjay.retrain.serving import embed_version

    return open_pair(home, embed_version(home, version, progress=progress))


def set_champion(home: Home, version: str, *, progress: Progress) -> Champion:
    """Embed the collection with a version and serve the pair."""
    from scrubjay.retrain.calibration import refit_if_grown
    from scrubjay.retrain.serving import embed_version, publish, upgrade

    champion = embed_version(home, version, progress=progress)
    refit_if_grown(home, champion, progress=progress)
    publish(home, champion)
    upgrade(home, version, limit=0, progress=progress)  # what was uploaded meanwhile
    return champion


def run_month(
    home: Home,
    config: Mapping[str, Any],
    *,
    restart: bool,
    accept: str | None,
    human: Callable[[str], None] | None,
    as_json: bool,
    progress: Progress,
) -> Mapping[str, Any]:
    """Take in new data, train, compare, deploy or refuse, and tell; the run's result as JSON."""
    from scrubjay.retrain.retrain import retrain

    return retrain(
        home,
        config,
        restart=restart,
        accept=accept,
        human=human,
        as_json=as_json,
        progress=progress,
    )


def plan_month(home: Home, config: Mapping[str, Any]) -> dict[str, Any]:
    """What `run_month` would do now; costs a listing of the source and nothing else."""
    from scrubjay.retrain.retrain import plan_only

    return plan_only(home, config)


def month_history(home: Home) -> list[dict[str, Any]]:
    """Every finished month, the oldest first."""
    from scrubjay.retrain.history import history

    return history(home.runs)


def roll_back(home: Home, version: str | None, *, progress: Progress) -> RolledBack:
    """Serve an earlier version again; None means what served before."""
    from scrubjay.retrain.rollback import rollback

    return rollback(home, version, progress=progress)
