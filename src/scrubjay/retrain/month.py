"""What every step of a month is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from scrubjay.core.protocols import Progress
from scrubjay.core.types import Item, Split
from scrubjay.retrain.marks import taught
from scrubjay.retrain.month_plan import MonthPlan
from scrubjay.retrain.month_run import MonthRun
from scrubjay.retrain.telling.events import EventLog
from scrubjay.store.home import Home
from scrubjay.store.lease import Lease


@dataclass(slots=False)
class Month:
    """One run under way.

    Attributes:
        results: step -> what came of it, of every step that is done.
        seconds: step -> seconds it took.
    """

    home: Home
    run: MonthRun
    plan: MonthPlan
    lease: Lease
    log: EventLog
    progress: Progress
    results: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The run's."""
        return self.run.folder

    @cached_property
    def learned_from(self) -> tuple[Item, ...]:
        """The snapshot's items that are still there; read once."""
        return tuple(self.home.catalog.snapshot_items(self.results["snapshot"]["snapshot"]))

    @property
    def heard(self) -> int:
        """Number of the newest feedback that this run may learn from."""
        return int(self.results["snapshot"].get("feedback", 0))

    @cached_property
    def taught_from(self) -> tuple[Item, ...]:
        """The same items with the queries they were marked right for, which training alone sees."""
        return taught(self.learned_from, self.home.feedback.judgements(until=self.heard))

    @cached_property
    def new(self) -> frozenset[str]:
        """Ids of what this run may learn that its champion did not."""
        return frozenset(self.results["snapshot"]["new"])

    @cached_property
    def judged(self) -> frozenset[str]:
        """Ids of the new items on which a gain must be shown.

        What a gate refused and somebody accepted counts among the earlier months, lest its gain
        hide what is wrong with this one - if without it enough is held out to judge by.
        """
        vouched_for = frozenset(self.results["snapshot"]["vouched_for"])
        arrived = self.new - vouched_for
        groups = {
            item.group
            for item in self.learned_from
            if item.id in arrived and item.split is Split.TEST
        }
        return arrived if len(groups) >= self.plan.gate.minimum_n else self.new

    @property
    def champion(self) -> str | None:
        """The version that is to be beaten: what served when the run looked at its data.

        None when nothing did, or only what came with Scrubjay.
        """
        champion: str | None = self.results["snapshot"]["champion"]
        return champion

    @property
    def version(self) -> str:
        """The challenger's, once it is registered."""
        return str(self.results["register"]["version"])
