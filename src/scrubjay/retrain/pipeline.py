"""The month: every step on one line, each done once whatever happens in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scrubjay.core.failpoint import failpoint
from scrubjay.retrain import (
    month_data,
    month_judging,
    month_learning,
    month_package,
    month_serving,
    month_telling,
)
from scrubjay.retrain.ledger import LEDGER, Ledger
from scrubjay.retrain.month import Month

Results = Mapping[str, Mapping[str, Any]]


def always(results: Results) -> bool:
    """In every run."""
    return True


def learning(results: Results) -> bool:
    """When there is something new, and nothing wrong with it."""
    return results["snapshot"]["ends"] is None


def promoted(results: Results) -> bool:
    """When the challenger passed the gate."""
    return learning(results) and bool(results["gate"]["promoted"])


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name in the ledger, what it does, and when."""

    name: str
    do: Callable[[Month], Mapping[str, Any]]
    when: Callable[[Results], bool]


STEPS = (
    Step("scan", month_data.scan, always),
    Step("validate", month_data.validate, always),
    Step("snapshot", month_data.snapshot, always),
    Step("fit", month_learning.fit, learning),
    Step("export", month_learning.export, learning),
    Step("evaluate", month_judging.evaluate, learning),
    Step("gate", month_judging.gate, learning),
    Step("package", month_package.package, promoted),
    Step("register", month_package.register, promoted),
    Step("bridge", month_serving.bridge, promoted),
    Step("publish", month_serving.publish, promoted),
    Step("embed", month_serving.embed, promoted),
    Step("complete", month_serving.complete, promoted),
    Step("notify", month_telling.notify, always),
)


def run_month(month: Month) -> Mapping[str, Any]:
    """Do every step that is not done, and return the run's result.

    Killed anywhere, the same call goes on: it repeats at most the step it was killed in.
    """
    ledger = Ledger(month.folder / LEDGER)
    month.results.update(ledger.results())
    for step in STEPS:
        if step.name in month.results or not step.when(month.results):
            continue
        month.lease.check()
        month.log.say("step begins", step=step.name)
        began = time.monotonic()
        failpoint(f"retrain.before_{step.name}")
        result = step.do(month)
        failpoint(f"retrain.after_{step.name}")
        month.lease.check()  # who stood still too long has a successor in this very run
        month.seconds.update(ledger.seconds())
        ledger.record(step.name, result, took_s=time.monotonic() - began)
        month.results[step.name] = result
        month.log.say("step done", step=step.name, took_s=round(time.monotonic() - began, 3))
    month.seconds.update(ledger.seconds())
    return month_telling.finish(month)
