"""The chapter on backups, followed to the letter."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.retrain.bands import write_month
from tests.retrain.months import FIRST, QUICK, opened, retrain

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def scrubjay(home: Path, registry: Path, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "scrubjay", *arguments, "--home", str(home), "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SCRUBJAY_BUILTIN": "0", "SCRUBJAY_REGISTRY": str(registry)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout))


def month(home: Path, registry: Path, bucket: Path, name: str) -> str:
    """Run a month that is promoted; return its version."""
    asked = (f"month={name}", f"data.source={bucket}")
    ran = retrain(home, *asked, settings=QUICK, SCRUBJAY_REGISTRY=str(registry))
    assert ran.result.get("status") == "promoted", ran.err or ran.out
    return str(ran.result["version"])


def test_an_older_home_serves_the_newest_version_again_and_keeps_what_was_forgotten(
    tmp_path: Path,
) -> None:
    bucket, home, registry = (tmp_path / name for name in ("bucket", "home", "registry"))
    write_month(bucket / "2026-01", FIRST, most=60)
    first = month(home, registry, bucket, "2026-01")
    backup = tmp_path / "backup"
    shutil.copytree(home, backup)
    secret = next(item.id for item in opened(home).catalog.items())
    scrubjay(home, registry, "forget", secret, "--yes")
    write_month(bucket / "2026-02", ("orange",), among=FIRST, most=40)
    second = month(home, registry, bucket, "2026-02")
    assert second != first

    home.rename(tmp_path / "lost")
    shutil.copytree(backup, home)
    shutil.copytree(tmp_path / "lost" / "forgotten", home / "forgotten", dirs_exist_ok=True)
    scrubjay(home, registry, "forget", secret, "--yes")
    assert scrubjay(home, registry, "champion", "set", second)["version"] == second
    checks = scrubjay(home, registry, "doctor", f"data.source={bucket}")
    assert checks["ok"]
    plan = scrubjay(home, registry, "retrain", "--dry-run", f"data.source={bucket}")
    assert plan["objects"]["new"] > 0, "the second month came after the copy"
    ran = retrain(home, f"data.source={bucket}", settings=QUICK, SCRUBJAY_REGISTRY=str(registry))
    assert ran.code == 0, ran.err
    assert secret not in {item.id for item in opened(home).catalog.items()}


def test_an_empty_home_takes_everything_in_again_beside_a_registry_that_was_kept(
    tmp_path: Path,
) -> None:
    bucket, home, registry = (tmp_path / name for name in ("bucket", "home", "registry"))
    write_month(bucket / "2026-01", FIRST, most=60)
    month(home, registry, bucket, "2026-01")
    shutil.rmtree(home)
    ran = retrain(home, f"data.source={bucket}", settings=QUICK, SCRUBJAY_REGISTRY=str(registry))
    assert ran.code == 0, ran.err
    now = scrubjay(home, registry, "champion")
    assert now["rows"] == 60
