"""Points asked one after the other, each in a process of its own, with what is kept between."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from scrubjay.ask.comparing.apart import Task, Visit, do_apart
from scrubjay.ask.comparing.kept import Kept
from scrubjay.core.errors import BadConfig
from scrubjay.core.protocols import Progress, silent

TRIES: Final = 2
"""Visits to finish a round: the second where kept answers turned out to be another model's."""


@dataclass(frozen=True, slots=True)
class Measuring:
    """How it is measured.

    Attributes:
        warmup: pieces done first, in each process, whose time is not taken.
        rounds: how often each piece is done.
        limit_s: longest silence of a point before it is given up.
        fresh: whether what was kept is measured again.
    """

    warmup: int = 2
    rounds: int = 1
    limit_s: float = 600.0
    fresh: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be followed.

        Raises:
            BadConfig: a value out of its range.
        """
        for name, value, least, most in (
            ("warmup", self.warmup, 0, 100),
            ("rounds", self.rounds, 1, 100),
            ("limit_s", self.limit_s, 1, 86_400),
        ):
            if isinstance(value, bool) or not least <= value <= most:
                raise BadConfig(f"{name} must be from {least} to {most}, not {value!r}")

    @property
    def how(self) -> str:
        """In words, for whoever reads the times."""
        times = "once" if self.rounds == 1 else f"{self.rounds} times, points forth and back"
        return (
            f"one at a time, one process at a time, each piece {times}, after {self.warmup} "
            f"that do not count; loading does not count either"
        )


@dataclass(slots=True)
class Outcome:
    """What became of one point.

    Attributes:
        results: for each round, the pieces by their index, as JSON.
        when: it was begun; what is older was kept.
        reused: pieces that were kept from before.
    """

    name: str
    about: Mapping[str, Any] = field(default_factory=dict)
    results: list[dict[int, Mapping[str, Any]]] = field(default_factory=list)
    visits: list[Mapping[str, Any]] = field(default_factory=list)
    failure: str | None = None
    when: str | None = None
    reused: int = 0

    def largest(self, name: str) -> Any:  # noqa: ANN401 - JSON
        """The largest of a figure over its visits; None: it is not known."""
        known = [one[name] for one in self.visits if one.get(name) is not None]
        return max(known) if known else None


@dataclass(frozen=True, slots=True)
class Job:
    """One point's work.

    Attributes:
        path: of the file its results are kept in.
        pieces: how many there are.
    """

    name: str
    task: Task
    path: Path
    pieces: int


Needless = Callable[[Job, Mapping[str, Outcome]], bool]
"""Whether a job need not be done, since what was done says the same."""


def never(job: Job, done: Mapping[str, Outcome]) -> bool:
    """Every job is done."""
    return False


def measure(
    jobs: Sequence[Job],
    measuring: Measuring,
    *,
    needless: Needless = never,
    progress: Progress = silent,
) -> dict[str, Outcome]:
    """Do every job that is not done yet; one that fails says why, and the others go on.

    Rounds go forth and back over the jobs, so that what slows the machine for a while slows no one
    job alone.

    Returns:
        Name -> outcome, in the order of the jobs, without those that are needless.
    """
    outcomes: dict[str, Outcome] = {}
    kept = {job.name: Kept(job.path, fresh=measuring.fresh) for job in jobs}
    try:
        for round_ in range(measuring.rounds):
            for job in jobs if round_ % 2 == 0 else jobs[::-1]:
                outcome = outcomes.get(job.name)
                if outcome is None:
                    if needless(job, outcomes):
                        continue
                    outcome = outcomes[job.name] = _begun(job, kept[job.name], measuring)
                if outcome.failure is None:
                    _round(job, round_, kept[job.name], outcome, measuring, progress)
    finally:
        for one in kept.values():
            one.close()
    for name, outcome in outcomes.items():
        one = kept[name]
        outcome.about, outcome.visits, outcome.when = one.about, list(one.visits), one.when
        outcome.results = [
            {index: result for (at, index), result in one.results.items() if at == round_}
            for round_ in range(measuring.rounds)
        ]
    wanted = [job.name for job in jobs if job.name in outcomes]
    return {name: outcomes[name] for name in wanted}


def _begun(job: Job, kept: Kept, measuring: Measuring) -> Outcome:
    here = [
        place for place in kept.results if place[0] < measuring.rounds and place[1] < job.pieces
    ]
    return Outcome(job.name, about=kept.about, reused=len(here))


def _round(
    job: Job, round_: int, kept: Kept, outcome: Outcome, measuring: Measuring, progress: Progress
) -> None:
    what = f"asking {job.name}" + (f", round {round_ + 1}" if measuring.rounds > 1 else "")
    for attempt in range(TRIES):
        left = [at for at in range(job.pieces) if _is_left(kept, round_, at, again=not attempt)]
        if not left:
            return
        if len(left) < job.pieces:
            progress(what, job.pieces - len(left), job.pieces)
        visit = _visit(job, round_, left, kept, measuring, lambda n: progress(what, n, job.pieces))
        outcome.about = kept.about
        if visit.failure is not None:
            outcome.failure = visit.failure
            return


def _visit(
    job: Job,
    round_: int,
    left: Sequence[int],
    kept: Kept,
    measuring: Measuring,
    tell: Callable[[int], None],
) -> Visit:
    def opened(visit: Visit) -> None:
        kept.begin({**visit.about, "began": datetime.now(UTC).isoformat(timespec="seconds")})

    def done(index: int, result: Mapping[str, Any]) -> None:
        kept.add(round_, index, result)
        tell(sum(1 for at, _ in kept.results if at == round_))

    load = _load()
    visit = do_apart(
        job.task,
        left,
        warm=[left[at % len(left)] for at in range(measuring.warmup)],
        limit_s=measuring.limit_s,
        on_opened=opened,
        on_done=done,
    )
    kept.visited(
        {
            "round": round_,
            "load_s": visit.load_s,
            "peak_bytes": visit.peak_bytes,
            "device_peak_bytes": visit.device_peak_bytes,
            "load_average": load,
            "failure": visit.failure,
        }
    )
    return visit


def _is_left(kept: Kept, round_: int, index: int, *, again: bool) -> bool:
    """Whether a piece is to be done; with `again` also what failed before."""
    known = kept.results.get((round_, index))
    return known is None or (again and "error" in known)


def _load() -> float | None:
    """How busy the machine was before; None: it does not say."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):
        return None


def machine() -> dict[str, Any]:
    """What it was measured on."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "load_average": _load(),
    }
