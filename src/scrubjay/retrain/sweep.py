"""One recipe with several settings: a training each, all from the same items, the best first.

sweeps/<id>/sweep.json says what is tried, and what came of it so far; it is written anew, whole,
after every training, so that a sweep that was stopped goes on where it was.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scrubjay.core.errors import (
    Damaged,
    LeaseHeld,
    NotReady,
    ScrubjayError,
    UnknownName,
    WrongUse,
)
from scrubjay.core.protocols import Progress
from scrubjay.retrain.helping import help_fit, is_helper
from scrubjay.retrain.run import CONFIG, FINISHED, run_name
from scrubjay.retrain.single import train_once
from scrubjay.retrain.source import snapshot_source
from scrubjay.store.durable import write_durably
from scrubjay.store.home import Home
from scrubjay.training.instantiate import refers_to
from scrubjay.training.run_files import CHECKPOINTS, LAST
from scrubjay.training.secrets import masked

FOLDER = "sweeps"
FILE = "sweep.json"
USUAL = ("val/recall", "val/loss")
"""What points are compared by where nothing else is said and the recipe keeps no best weights."""


@dataclass(frozen=True, slots=True)
class Point:
    """One setting of what is swept.

    Attributes:
        settings: what differs between points, as overrides.
        config: composed with them; as it is kept, secrets are masked.
        run: name of its run's folder.
        metrics: figures of its fit and of its export on the held-out part; empty until it is done.
        version: registered; None for what is no encoder.
        seconds: its training took.
        failed: why it has no figures; None when it has, or was not tried yet.
    """

    settings: tuple[str, ...]
    config: Mapping[str, Any]
    run: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    version: str | None = None
    seconds: float | None = None
    failed: str | None = None

    @property
    def done(self) -> bool:
        """Whether it was tried."""
        return self.seconds is not None

    def lacks(self, figure: str | None) -> bool:
        """Whether it has figures, and not this one."""
        return bool(self.metrics) and figure not in self.metrics


@dataclass(frozen=True, slots=True)
class Sweep:
    """What was tried.

    Attributes:
        folder: where it is kept.
        by: the figure points are compared by; None until the first has figures.
        largest: whether more of it is better.
        points: in the order they are tried.
        snapshot: what all learn from; None where the recipe reads files of its own.
    """

    folder: Path
    points: tuple[Point, ...]
    by: str | None
    largest: bool
    snapshot: str | None = None

    def ranked(self) -> list[Point]:
        """The best first, then those without the figure, then those that failed."""
        worst = float("-inf")

        def place(point: Point) -> tuple[int, float]:
            value = point.metrics.get(str(self.by), worst)
            known = self.by in point.metrics and value == value  # noqa: PLR0124 - not NaN
            order = 0 if known else 1 if point.failed is None else 2
            return order, (-value if self.largest else value) if known else 0.0

        return sorted(self.points, key=place)

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object, points ranked."""
        return {
            "folder": str(self.folder),
            "by": self.by,
            "largest": self.largest,
            "snapshot": self.snapshot,
            "points": [_plain(point) for point in self.ranked()],
        }


def sweep(
    home: Home,
    tried: Sequence[tuple[Sequence[str], Mapping[str, Any]]],
    *,
    by: str | None = None,
    largest: bool | None = None,
    resume: bool = False,
    told: Callable[[int, int, Point], None],
    progress: Progress,
) -> Sweep | None:
    """Train every point; what fails is named in its place and stops no other.

    Nothing is served: of several versions the owner chooses.

    Args:
        tried: settings that differ and the configuration composed with them; ignored with `resume`.
        by: a figure of the trainings; None: what the recipe keeps its best weights by, else
            `val/recall`, else `val/loss`.
        largest: whether more of it is better; None: as the recipe says, else unless its name ends
            in `loss`.
        resume: go on with the newest sweep that is not finished.
        told: hears of every point before it is trained: its place, how many there are, the point.

    Returns:
        None in a process that only helped another.

    Raises:
        WrongUse: nothing to try; or trainings lack the figure that the recipe goes by.
        UnknownName: trainings have no figure `by`; what was trained is kept.
        NotReady: nothing to resume, or nothing to learn from.
    """
    if is_helper():
        help_fit(home, resume=resume)
        return None
    state = _unfinished(home) if resume else _begun(home, tried, by, largest)
    if resume and by is not None:
        state = replace(state, by=by, largest=_rises(by) if largest is None else largest)
    _check_comparable(state, named=by is not None)
    _keep(state)
    for place, point in enumerate(state.points):
        if point.done:
            continue
        told(place, len(state.points), point)
        finished = _trained(home, point, state.snapshot, progress)
        points = (*state.points[:place], finished, *state.points[place + 1 :])
        state = _judged(replace(state, points=points), finished)
        _keep(state)
        _check_comparable(state, named=by is not None)
    return state


def _trained(home: Home, point: Point, snapshot: str | None, progress: Progress) -> Point:
    began = time.monotonic()
    folder = home.runs / point.run
    going = (folder / CHECKPOINTS / LAST).exists() and not (folder / FINISHED).exists()
    # A run that was killed before its first checkpoint, or after its end, is not gone on with.
    name = point.run if going or not (folder / CONFIG).exists() else _another(point.run)
    try:
        trained = train_once(
            home,
            point.config,
            resume=going,
            name=name,
            snapshot=snapshot,
            serve=False,
            progress=progress,
        )
    except (NotReady, LeaseHeld):
        raise  # no point could be trained
    except ScrubjayError as error:
        return replace(point, run=name, failed=str(error), seconds=time.monotonic() - began)
    return replace(
        point,
        run=name,
        metrics=dict(trained.metrics),
        version=trained.version,
        seconds=time.monotonic() - began,
    )


def _check_comparable(state: Sweep, *, named: bool) -> None:
    """Refuse to go on where a training lacks the figure; what was trained is kept."""
    known = next((one.metrics for one in state.points if one.lacks(state.by)), None)
    if known is None:
        return
    if named:
        raise UnknownName("figure of this sweep", str(state.by), list(known))
    raise WrongUse(
        f"points are compared by {state.by}, and a training did not measure it: are there "
        f"validation items? Go on with `scrubjay sweep --resume --by NAME`, one of "
        f"{', '.join(known)}"
    )


def _judged(state: Sweep, finished: Point) -> Sweep:
    """The same sweep; what points are compared by is settled by the first that has figures."""
    if state.by is not None or not finished.metrics:
        return state
    usual = [name for name in (*USUAL, *finished.metrics) if name in finished.metrics]
    return replace(state, by=usual[0], largest=_rises(usual[0]))


def _rises(name: str) -> bool:
    return not name.endswith("loss")


def _begun(
    home: Home,
    tried: Sequence[tuple[Sequence[str], Mapping[str, Any]]],
    by: str | None,
    largest: bool | None,
) -> Sweep:
    if not tried:
        raise WrongUse("nothing to sweep: give a setting several values, model.lr=1e-4,3e-4")
    name = run_name()
    first = tried[0][1]
    kept_by, rises = _kept_by(first)
    chosen = by or kept_by
    digits = len(str(len(tried)))
    state = Sweep(
        folder=home.path / FOLDER / name,
        by=chosen,
        largest=largest if largest is not None else rises if not by else _rises(by),
        points=tuple(
            Point(tuple(settings), config, f"{name}-{place + 1:0{digits}d}")
            for place, (settings, config) in enumerate(tried)
        ),
        snapshot=_snapshot(home, first),
    )
    state.folder.mkdir(parents=True)
    return state


def _kept_by(config: Mapping[str, Any]) -> tuple[str | None, bool]:
    """(figure, whether it rises) that the recipe keeps its best weights by."""
    best = (config.get("callbacks") or {}).get("best") or {}
    return best.get("monitor"), best.get("mode", "max") == "max"


def _snapshot(home: Home, config: Mapping[str, Any]) -> str | None:
    own = not refers_to(config, "items") or config["datamodule"].get("folder") is not None
    return None if own else snapshot_source(home).snapshot


def _another(run: str) -> str:
    return f"{run}-{secrets.token_hex(2)}"


def _keep(state: Sweep) -> None:
    told = {
        "by": state.by,
        "largest": state.largest,
        "snapshot": state.snapshot,
        "points": [{**_plain(one), "config": masked(one.config)} for one in state.points],
    }
    write_durably(state.folder / FILE, json.dumps(told, indent=1).encode())


def _plain(point: Point) -> dict[str, Any]:
    return {
        "settings": list(point.settings),
        "run": point.run,
        "version": point.version,
        "metrics": dict(point.metrics),
        "seconds": point.seconds,
        "failed": point.failed,
    }


def _unfinished(home: Home) -> Sweep:
    """The newest sweep with a point that was not tried, or cannot be compared as it was asked.

    Raises:
        NotReady: there is none.
        Damaged: its file cannot be believed.
    """
    for path in sorted((home.path / FOLDER).glob(f"*/{FILE}"), reverse=True):
        state = _read(path)
        if any(not point.done or point.lacks(state.by) for point in state.points):
            return state
    raise NotReady("no unfinished sweep in this home; start one with `scrubjay sweep ...`")


def _read(path: Path) -> Sweep:
    try:
        told = json.loads(path.read_bytes())
        points = tuple(
            Point(tuple(one.pop("settings")), **one)  # what _keep wrote, name by name
            for one in told.pop("points")
        )
        return Sweep(folder=path.parent, points=points, **told)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(
            f"{path} cannot be read ({error!r}); remove its folder and start the sweep again"
        ) from error
