"""The month as people run it: promoted, refused, stopped, nothing new; and killed anywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scrubjay.retrain.pipeline import STEPS
from tests.retrain.bands import SMALL, write_month
from tests.retrain.months import FIRST, QUICK, opened, retrain, state

DATA = ("scan", "validate", "snapshot")
LEARNING = ("fit", "export", "evaluate", "gate")
SERVING = ("package", "register", "bridge", "publish", "embed", "complete")
KNOWN = (*FIRST, "orange")
PARTS = 2
"""The failpoints are dealt out, so that two processes share them."""
ORDER = [*DATA, *LEARNING, *SERVING, "notify"]


def ledger(home: Path, run: str) -> list[str]:
    files = sorted((home / "runs" / run / "ledger").glob("*.json"))
    return [json.loads(path.read_bytes())["step"] for path in files]


def results(home: Path, step: str) -> list[dict[str, Any]]:
    files = sorted(home.glob(f"runs/month-*/ledger/*-{step}.json"))
    return [json.loads(path.read_bytes())["result"] for path in files]


def test_the_steps_are_those_of_the_design_in_their_order() -> None:
    assert [step.name for step in STEPS] == ORDER


def test_a_first_month_serves_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    bucket, home = tmp_path / "bucket", tmp_path / "home"
    write_month(bucket / "2026-01", FIRST, most=60)
    source = f"data.source={bucket}"

    planned = retrain(home, "--dry-run", source, settings=QUICK)
    assert planned.code == 0
    assert planned.result["objects"]["new"] == 61, "sixty pictures and a manifest"
    assert not home.exists(), "a dry run writes nothing"

    first = retrain(home, "month=2026-01", source, settings=QUICK)
    assert (first.code, first.result["status"]) == (0, "promoted"), first.err
    assert first.result["version"].startswith("2026-01-")
    assert first.result["data"]["items"] == 60
    assert ledger(home, first.result["run"]) == ORDER
    events = [json.loads(line) for line in first.err.splitlines()]
    assert [one["step"] for one in events if one["event"] == "step done"] == ORDER
    assert {one["run"] for one in events} == {first.result["run"]}
    now = opened(home)
    assert now.registry.champion() is not None
    assert now.generations.open(first.result["version"]).count() == 60
    assert (Path(first.result["report"])).read_text().count("<h2>") >= 3
    card = (now.registry.folder(first.result["version"]) / "card.md").read_text()
    assert "60 items of 2026-01" in card

    before = state(home)
    again = retrain(home, "month=2026-01", source, settings=QUICK)
    assert (again.code, again.result["status"]) == (0, "no-change")
    after = state(home)
    assert {**after, "months": None} == {**before, "months": None}
    shown = subprocess.run(
        [sys.executable, "-m", "scrubjay", "history", "--json", "--home", str(home)],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = json.loads(shown.stdout)["months"]
    assert [row["status"] for row in rows] == ["promoted", "no-change"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["data.source=/no/such/folder"], "no folder"),
        (["gate.alpha=2"], "gate.alpha"),
        (["data.sorce=x"], "data.source"),
        (["--accept", "2026-01"], "nothing is held"),
    ],
)
def test_wrong_use_is_said_in_one_line_and_leaves_nothing_behind(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    ran = retrain(tmp_path / "home", *arguments, settings=QUICK)
    assert ran.code == 2, ran.err
    assert says in ran.err
    again = retrain(tmp_path / "home", "--dry-run", settings=QUICK)
    assert again.result["goes_on_with"] is None, "nobody is kept to a mistake"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_only_real_gains_are_promoted_and_no_months_data_is_lost(tmp_path: Path) -> None:
    bucket, home = tmp_path / "bucket", tmp_path / "home"
    settings = [
        *SMALL,
        "fit.replay=null",
        "evaluate.found_among=3",
        "gate.alpha=0.05",
        f"data.source={bucket}",
    ]

    write_month(bucket / "2026-01", FIRST)
    assert retrain(home, "month=2026-01", settings=settings).result["status"] == "promoted"

    write_month(bucket / "2026-02", ("orange", "purple"), among=FIRST, most=150)
    gained = retrain(home, "month=2026-02", settings=settings).result
    assert gained["status"] == "promoted", gained["reasons"]
    figures = gained["figures"]["2026-02"]
    assert figures["challenger"] > figures["champion"]
    # Mapped rows served first; all are the new version's own by the end.
    version = gained["version"]
    assert opened(home).generations.open(version).versions() == {version: 270}

    write_month(bucket / "2026-03", ("pink",), among=KNOWN, most=120, shuffled=True)
    refused = retrain(home, "month=2026-03", settings=settings).result
    assert refused["status"] == "refused"
    assert refused["champion"] == version
    now = opened(home)
    assert len(now.held.ids()) == 120
    assert now.generations.open(version).count() == 390, "searchable all the same"

    write_month(bucket / "2026-04", ("brown",), among=KNOWN, most=120, broken=0.3)
    stopped = retrain(home, "month=2026-04", settings=settings)
    assert (stopped.code, stopped.result["status"]) == (1, "stopped")
    assert stopped.result["data"]["quarantined"] == 36
    now = opened(home)
    assert len(now.held.ids()) == 120 + 84
    assert now.generations.open(version).count() == 390 + 84

    # Its owner mends the files and says so: the month is learned after all.
    shutil.rmtree(bucket / "2026-04")
    write_month(bucket / "2026-04", ("brown",), among=KNOWN, most=120)
    mended = retrain(home, "month=2026-05", "--accept", "2026-04", settings=settings).result
    assert mended["status"] == "promoted", mended["reasons"]
    assert mended["data"]["to_learn"] > 60
    assert len(opened(home).held.ids()) == 120, "the shuffled month is held still"

    # Right captions release a held month by themselves.
    shutil.rmtree(bucket / "2026-03")
    write_month(bucket / "2026-03", ("pink",), among=KNOWN, most=120)
    right = retrain(home, "month=2026-06", settings=settings).result
    assert right["status"] == "promoted", right["reasons"]
    # But for those whose caption fell on its own picture: nothing about them changed.
    assert len(opened(home).held.ids()) <= 5

    # Deleted files leave catalog, generation and snapshot, whatever else happens.
    for path in sorted((bucket / "2026-01" / "images").glob("red-*"))[:5]:
        path.unlink()
    gone = retrain(home, "month=2026-07", settings=settings).result
    assert (gone["status"], gone["data"]["gone"]) == ("no-change", 5)
    now = opened(home)
    assert now.catalog.count() == 120 + 150 + 120 + 120 - 5
    assert now.generations.open(right["version"]).count() == 505


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_gain_of_an_accepted_month_carries_no_bad_one(tmp_path: Path) -> None:
    bucket, home = tmp_path / "bucket", tmp_path / "home"
    settings = [*SMALL, "evaluate.found_among=3", f"data.source={bucket}"]
    write_month(bucket / "2026-01", FIRST)
    assert retrain(home, "month=2026-01", settings=settings).result["status"] == "promoted"

    # A good month that nobody could have passed.
    write_month(bucket / "2026-02", ("orange", "purple"), among=FIRST, most=150)
    strict = [*settings, "gate.minimum_gain=0.99"]
    assert retrain(home, "month=2026-02", settings=strict).result["status"] == "refused"

    write_month(bucket / "2026-03", ("pink",), among=KNOWN, most=120, shuffled=True)
    both = retrain(home, "month=2026-03", "--accept", "2026-02", settings=settings).result
    assert both["status"] == "refused", both["reasons"]
    assert both["figures"]["2026-02"]["part"] == "earlier month"
    assert both["figures"]["2026-02"]["challenger"] > both["figures"]["2026-02"]["champion"] + 0.2
    assert "learned along: 150 accepted items" in both["notes"]
    assert len(opened(home).held.ids()) == 120, "what was accepted stays accepted"

    shutil.rmtree(bucket / "2026-03")
    write_month(bucket / "2026-03", ("pink",), among=KNOWN, most=120)
    right = retrain(home, "month=2026-04", settings=settings).result
    assert right["status"] == "promoted", right["reasons"]
    assert right["figures"]["2026-02"]["challenger"] > 0.5


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_every_failpoint_and_called_again_it_ends_as_if_nothing_had_happened(
    tmp_path: Path, part: int
) -> None:
    bucket, begun = tmp_path / "bucket", tmp_path / "begun"
    source = f"data.source={bucket}"
    write_month(bucket / "2026-01", FIRST, most=66, judged=2)
    zygote = Zygote()
    settings = [*QUICK, "trainer.max_epochs=1", "gate.minimum_n=2", source]
    assert zygote.run(begun, [*settings, "month=2026-01"]) == 0

    # Something of everything: new, changed, gone, broken, and enough for a bridge.
    write_month(bucket / "2026-02", ("orange",), among=FIRST[:3], most=30, judged=2)
    gone, broken, *_ = sorted((bucket / "2026-01" / "images").glob("*.png"))
    gone.unlink()
    broken.write_bytes(b"no picture any more")
    second = [*settings, "month=2026-02", "validate.max_bad=0.5"]

    undisturbed = copied(begun, tmp_path / "undisturbed")
    names = tmp_path / "names"
    assert zygote.run(undisturbed, second, f"record:{names}") == 0, log(undisturbed)
    wanted = state(undisturbed)
    assert wanted["months"][-1][1] == "promoted", wanted["months"][-1]
    assert all(one["ready"] for one in results(undisturbed, "bridge")[1:])
    passed = list(dict.fromkeys(names.read_text().split()))
    assert {f"retrain.before_{step}" for step in ORDER} <= set(passed)
    assert len(passed) > 50, passed

    wrong = {}
    # A step's own failpoints lie right beside those of its ledger entry.
    apart = [name for name in passed if not name.startswith("retrain.")]
    for name in apart[part::PARTS]:
        home = copied(begun, tmp_path / "killed")
        if zygote.run(home, second, name) != -9:
            wrong[name] = "it was not killed there"
        elif zygote.run(home, second) != 0:
            wrong[name] = log(home)[-1500:]
        elif (found := state(home)) != wanted:
            wrong[name] = str({key for key in wanted if wanted[key] != found[key]})
    assert not wrong, json.dumps(wrong, indent=1)


def copied(home: Path, target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    target.with_name(f"{target.name}.log").unlink(missing_ok=True)
    return Path(shutil.copytree(home, target))


def log(home: Path) -> str:
    return home.with_name(f"{home.name}.log").read_text()


class Zygote:
    """See `killing_month`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.retrain.killing_month"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "SCRUBJAY_BUILTIN": "0", "OMP_NUM_THREADS": "1"},
        )

    def run(self, home: Path, overrides: list[str], failpoint: str = "") -> int:
        asked = {"home": str(home), "overrides": overrides, "failpoint": failpoint}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return int(answer["status"])
