"""A month's run that stands still where a test wants it, and months that have ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scrubjay.retrain.ledger import LEDGER, Ledger
from scrubjay.retrain.month_run import begin_month, finished_months
from scrubjay.store.lease import acquire
from tests.web.browser.lived_in import opened


@dataclass
class UnderWay:
    """A run that holds the lease."""

    folder: Path
    ledger: Ledger

    def did(self, step: str) -> None:
        """Record a step as done, the way a run does."""
        results: dict[str, dict[str, object]] = {
            "scan": {"source": "s3://pictures", "added": 12, "changed": 0, "gone": 0},
            "validate": {"stopped": False, "findings": [], "bad": 0},
            "snapshot": {"ends": None, "snapshot": "2026-03", "new": [], "champion": None},
        }
        self.ledger.record(step, results[step], took_s=1.5)


@contextmanager
def running(home: Path, month: str = "2026-03") -> Iterator[UnderWay]:
    """Begin a month and hold its lease until the block ends."""
    one = opened(home)
    lease = acquire(one.lease, holder="a test", ttl_s=60, above=one.registry.fence)
    try:
        run = begin_month(one.runs, month, {"month": month})
        with lease.renewing():
            yield UnderWay(run.folder, Ledger(run.folder / LEDGER))
    finally:
        lease.release()


def refused(home: Path, month: str) -> None:
    """Put a month into the past that was like the last one, and not let through."""
    one = opened(home)
    last = finished_months(one.runs)[-1]
    run = begin_month(one.runs, month, {"month": month})
    figures = {
        month: {"part": "held-out", "queries": 90, "challenger": 0.61, "champion": 0.66},
        last["month"]: {"part": "earlier", "queries": 108, "challenger": 0.7, "champion": 0.9},
    }
    result = {
        **last,
        "run": run.id,
        "month": month,
        "status": "refused",
        "version": None,
        "figures": figures,
        "reasons": ["2026-02: finds less than before: 70.0% of 90.0%"],
        "report": None,
    }
    run.finish(result)
