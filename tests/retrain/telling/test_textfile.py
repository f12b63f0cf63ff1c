"""Metrics a node exporter can read: valid, whole, under names that stay."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from scrubjay.core.errors import NotReady, UnknownName
from scrubjay.retrain.telling.textfile import (
    METRICS,
    PROMOTION,
    RUN,
    STATUSES,
    SUCCESS,
    run_figures,
    write_metrics,
    write_run,
)
from tests.retrain.results import result

HOME = {"home": "/srv/scrubjay"}


def read(path: Path) -> dict[str, dict[str, float]]:
    """Metric -> its own label's value ("" where it has none) -> value."""
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(path.read_text("utf-8")):
        for sample in family.samples:
            own = [value for name, value in sample.labels.items() if name != "home"]
            found.setdefault(sample.name, {})[own[0] if own else ""] = sample.value
    return found


def test_a_run_is_written_under_every_documented_name(tmp_path: Path) -> None:
    path = tmp_path / "scrubjay.prom"
    assert write_run(path, result(warnings=["drift"]), ended=1000.5, labels=HOME) == []
    found = read(path)
    assert found.keys() == METRICS.keys()
    assert found[RUN] == found[SUCCESS] == found[PROMOTION] == {"": 1000.5}
    assert found["scrubjay_retrain_status"] == {s: float(s == "promoted") for s in STATUSES}
    assert found["scrubjay_retrain_duration_seconds"] == {"scan": 4, "fit": 3600, "embed": 30}
    assert found["scrubjay_retrain_items"]["quarantined"] == 12
    assert found["scrubjay_retrain_quarantined_share"] == {"": pytest.approx(12 / 1215)}
    assert found["scrubjay_retrain_champion_figure"] == {"2026-11": 0.412, "2026-10": 0.5}
    assert found["scrubjay_retrain_challenger_figure"] == {"2026-11": 0.463, "2026-10": 0.495}
    assert found["scrubjay_retrain_warnings"] == {"": 1}


def test_all_carry_the_home_and_are_gauges_with_a_description(tmp_path: Path) -> None:
    path = tmp_path / "scrubjay.prom"
    write_run(path, result(), ended=1.0, labels=HOME)
    families = list(text_string_to_metric_families(path.read_text()))
    assert {family.type for family in families} == {"gauge"}
    assert {family.name: family.documentation for family in families} == {
        name: about for name, (about, _) in METRICS.items()
    }
    assert {sample.labels["home"] for one in families for sample in one.samples} == {HOME["home"]}


@pytest.mark.parametrize("status", ["failed", "stopped"])
def test_a_bad_run_keeps_when_the_last_good_one_was(status: str, tmp_path: Path) -> None:
    path = tmp_path / "scrubjay.prom"
    write_run(path, result(), ended=1000.0, labels=HOME)
    write_run(path, result(status="refused"), ended=2000.0, labels=HOME)
    write_run(path, result(status=status), ended=3000.0, labels=HOME)
    found = read(path)
    assert (found[RUN][""], found[SUCCESS][""], found[PROMOTION][""]) == (3000, 2000, 1000)
    assert found["scrubjay_retrain_status"][status] == 1


def test_before_the_first_good_run_nothing_is_said_of_one(tmp_path: Path) -> None:
    path = tmp_path / "scrubjay.prom"
    write_run(path, {"status": "failed"}, ended=5.0, labels=HOME)
    found = read(path)
    assert SUCCESS not in found
    assert found[RUN] == {"": 5}


@pytest.mark.parametrize("broken", [b"", b"\xff\xfe", b"no metrics {{{", b"scrubjay_x{a=} 1\n"])
def test_a_broken_file_is_replaced(broken: bytes, tmp_path: Path) -> None:
    path = tmp_path / "scrubjay.prom"
    path.write_bytes(broken)
    assert write_run(path, result(status="failed"), ended=5.0, labels=HOME) == []
    assert read(path)[RUN] == {"": 5}


def test_labels_hold_whatever_a_set_is_called(tmp_path: Path) -> None:
    path = tmp_path / "scrubjay.prom"
    name = 'tag="a\\b"\n{ü}'
    figures = {name: {"champion": 0.5, "challenger": None}}
    assert write_run(path, result(figures=figures), ended=1.0, labels={"home": 'C:\\x "y"'}) == []
    found = read(path)
    assert found["scrubjay_retrain_champion_figure"] == {name: 0.5}
    assert "scrubjay_retrain_challenger_figure" not in found


def test_what_is_no_number_is_left_out() -> None:
    figures = run_figures(
        result(took_s={"fit": float("nan"), "scan": 1}, data={"new": None, "gone": True}),
        ended=1.0,
    )
    assert figures["scrubjay_retrain_duration_seconds"] == {"scan": 1.0}
    assert figures["scrubjay_retrain_items"] == {}
    assert "scrubjay_retrain_quarantined_share" not in figures


def test_a_folder_that_is_not_there_is_a_problem_in_words(tmp_path: Path) -> None:
    (problem,) = write_run(tmp_path / "no" / "x.prom", result(), ended=1.0, labels=HOME)
    assert "metrics.folder" in problem
    with pytest.raises(NotReady, match=r"metrics\.folder"):
        write_metrics(tmp_path / "no" / "x.prom", {RUN: 1.0}, HOME)


def test_only_documented_names_are_written(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="scrubjay_retrain_status"):
        write_metrics(tmp_path / "x.prom", {"scrubjay_retrain_statu": 1.0}, {})
    assert list(tmp_path.iterdir()) == []


def test_figures_without_common_labels_are_written_too(tmp_path: Path) -> None:
    write_metrics(tmp_path / "x.prom", {RUN: 1.0, "scrubjay_retrain_status": {"failed": 1.0}}, {})
    assert read(tmp_path / "x.prom") == {RUN: {"": 1}, "scrubjay_retrain_status": {"failed": 1}}


def test_names_follow_the_conventions_of_prometheus() -> None:
    for name, (about, _) in METRICS.items():
        assert re.fullmatch(r"scrubjay_retrain_[a-z_]+", name)
        assert about.endswith(".")


@pytest.mark.parametrize("place", ["before", "after"])
def test_killed_while_writing_the_file_is_the_old_one_or_the_new(
    place: str, tmp_path: Path
) -> None:
    path = tmp_path / "scrubjay.prom"
    write_run(path, result(), ended=1.0, labels=HOME)
    program = (
        "import sys, pathlib\n"
        "from scrubjay.retrain.telling.textfile import write_run\n"
        "write_run(pathlib.Path(sys.argv[1]), {'status': 'failed'}, ended=2.0, labels={})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        env={**os.environ, "SCRUBJAY_FAILPOINT": f"textfile.{place}_replace"},
        timeout=280,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert read(path)[RUN] == {"": 1.0 if place == "before" else 2.0}
    assert len(list(tmp_path.glob("*.prom"))) == 1
