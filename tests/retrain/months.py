"""Months of flags run by the real command, and what a home looks like afterwards."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scrubjay.core.config import Settings
from scrubjay.retrain.month_run import finished_months
from scrubjay.store.home import Home
from tests.retrain.bands import SMALL

FIRST = ("red", "green", "blue", "yellow", "white", "black")
QUICK = [
    *SMALL,
    "trainer.max_epochs=2",
    "fit.replay=null",
    "gate.minimum_gain=-0.99",
    "gate.alpha=0.49",
    "gate.resamples=1000",
    "gate.pool_margin=0.99",
    "gate.earlier_margin=0.99",
    "bridge.min_recall=0.0",
]
"""Two epochs, and a gate that lets everything through."""


@dataclass
class Ran:
    """What the command did."""

    code: int
    out: str
    err: str
    result: dict[str, Any] = field(default_factory=dict)


def retrain(home: Path, *arguments: str, settings: list[str] = SMALL, **more: str) -> Ran:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "scrubjay", "retrain", "--json", "--home", str(home)),
            *settings,
            *arguments,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={**os.environ, "SCRUBJAY_BUILTIN": "0", **more},
    )
    assert "Traceback" not in done.stderr, done.stderr
    result = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    return Ran(done.returncode, done.stdout, done.stderr, result)


def opened(home: Path) -> Home:
    return Home(Settings(home=home, builtin=False))


def state(home: Path) -> dict[str, Any]:
    """All that must be equal however a home came to it; times and run names are left out."""
    one = opened(home)
    champion = one.registry.champion()
    generations = {}
    for name in one.generations.names():
        rows = []
        for page in one.generations.open(name).pages(10_000):
            for row in page.rows.to_pylist():
                vector = np.asarray(row.pop("vector"), np.float32).tobytes()
                rows.append((row["key"], row["version"], hashlib.sha256(vector).hexdigest()))
        generations[name] = sorted(rows)
    return {
        "champion": champion,
        "versions": one.registry.ids(),
        "items": [(item.id, item.uris, item.month, item.captions) for item in one.catalog.items()],
        "snapshots": sorted(one.catalog.snapshots()),
        "held": sorted(one.held.ids()),
        "quarantine": sorted((one.path, one.reason) for one in one.quarantine.all()),
        "generations": generations,
        "months": [
            (row["month"], row["status"], row["reasons"], row["data"], row["figures"])
            for row in finished_months(one.runs)
            if row["status"] != "abandoned"
        ],
    }
