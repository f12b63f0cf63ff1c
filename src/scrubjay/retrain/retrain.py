"""One month from beginning to end: the lease, the run to go on with, and what came of it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from scrubjay.core.protocols import Progress
from scrubjay.retrain.forgetting.forget import finish_forgotten
from scrubjay.retrain.ledger import LEDGER, read_ledger
from scrubjay.retrain.month import Month
from scrubjay.retrain.month_plan import plan_of
from scrubjay.retrain.month_run import MonthRun, begin_month, unfinished_month
from scrubjay.retrain.month_telling import failed
from scrubjay.retrain.pipeline import STEPS, run_month
from scrubjay.retrain.telling.events import EventLog
from scrubjay.retrain.telling.notify import Notifier
from scrubjay.search.drop import preview
from scrubjay.store.home import Home
from scrubjay.store.lease import Lease, acquire, read_tenure

LOG = "log.jsonl"
LEASE_S = 120.0
CHECK_EVERY_S = 1.0
ABANDONED = "abandoned"
ASKED_ANEW = frozenset({"notify", "metrics"})
"""Sections that are never written down: addresses hold secrets."""


def retrain(
    home: Home,
    config: Mapping[str, Any],
    *,
    restart: bool = False,
    accept: str | None = None,
    human: Callable[[str], None] | None = None,
    as_json: bool = False,
    progress: Progress,
    lease_s: float = LEASE_S,
) -> Mapping[str, Any]:
    """Run a month, or go on with the one that was killed or failed.

    A run that goes on keeps what it was asked for when it began; only whom to tell is taken anew,
    since addresses with secrets are never written down.

    Args:
        config: as `conf/retrain.yaml` composes it.
        restart: leave an unfinished run and begin anew.
        accept: a month whose held items may be learned from, from now on.
        human: takes lines for a person.
        as_json: gives it events as JSON instead.
        lease_s: how long the lease outlives a holder that was killed.

    Returns:
        The run's result.

    Raises:
        LeaseHeld: another run is under way.
        ScrubjayError: a step failed; the next call goes on with it.
    """
    plan = plan_of(config)
    notifier = Notifier(plan.notify)
    problems = notifier.check()
    holder = f"{socket.gethostname()} process {os.getpid()}"
    lease = acquire(home.lease, holder=holder, ttl_s=lease_s, above=home.registry.fence)
    try:
        with lease.renewing():
            home.registry.claim(lease.token)
            finish_forgotten(home, progress=progress)
            if accept is not None:
                home.held.accept(accept)
            run = _run(home, config, plan.month, restart=restart)
            plan = replace(plan_of(run.config), notify=plan.notify, metrics=plan.metrics)
            with EventLog(
                run.id, run.folder / LOG, human, as_json=as_json, secrets=notifier.secrets
            ) as log:
                for problem in problems:
                    log.say("notification address refused", level="warning", why=problem)
                month = Month(home, run, plan, lease, log, while_held(lease, progress))
                try:
                    result = run_month(month)
                except Exception as error:
                    if _is_taken_over(home, lease):
                        lease.check()  # the same run goes on elsewhere: it has not failed
                    failed(month, error)
                    raise
            finish_forgotten(home, progress=progress)
            return result
    finally:
        lease.release()


def while_held(lease: Lease, progress: Progress) -> Progress:
    """Progress that ends a run which lost its lease, in the middle of a step too.

    Its successor works in the same folder.
    """
    checked = time.monotonic()

    def report(what: str, done: int, total: int | None) -> None:
        nonlocal checked
        if time.monotonic() - checked >= CHECK_EVERY_S:
            lease.check()
            checked = time.monotonic()
        progress(what, done, total)

    return report


def _is_taken_over(home: Home, lease: Lease) -> bool:
    now = read_tenure(home.lease)
    return now is not None and now.token != lease.token


def _run(home: Home, config: Mapping[str, Any], month: str, *, restart: bool) -> MonthRun:
    left = unfinished_month(home.runs)
    # A run that has done nothing yet keeps nobody to what it was asked.
    if left is not None and not restart and read_ledger(left.folder / LEDGER):
        return left
    if left is not None:
        why = "left for a new run with --restart" if restart else "left before its first step"
        left.finish({"run": left.id, "month": left.month, "status": ABANDONED, "reasons": [why]})
    asked = {name: one for name, one in config.items() if name not in ASKED_ANEW}
    return begin_month(home.runs, month, {**asked, "month": month})


def plan_only(home: Home, config: Mapping[str, Any]) -> dict[str, Any]:
    """What a run would do now; nothing is fetched, written or trained.

    Raises:
        WrongUse: the configuration or the source cannot be used.
    """
    plan = plan_of(config)
    left = unfinished_month(home.runs)
    done: list[str] = []
    if left is not None:
        done = list(read_ledger(left.folder / LEDGER))
    left = left if done else None
    champion = home.registry.champion()
    found = None if plan.data.source is None else preview(home, plan.data.source)
    return {
        "month": left.month if left else plan.month,
        "goes_on_with": left.id if left else None,
        "champion": champion.version if champion else None,
        "source": plan.data.source,
        "objects": None
        if found is None
        else {
            "new": found.new,
            "changed": found.changed,
            "gone": found.gone,
            "unchanged": found.unchanged,
            "bytes": found.bytes,
        },
        "held": {one.month: len(one.ids) for one in home.held.drops()},
        "steps": [
            {"step": step.name, "done": step.name in done, "when": step.when.__doc__}
            for step in STEPS
        ],
    }
