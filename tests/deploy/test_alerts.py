"""The alert rules: sound PromQL on figures that exist, each raised by the run it is meant for."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from scrubjay.retrain.telling.textfile import METRICS, STATUSES, write_run
from scrubjay.web.metrics import METRICS as OF_THE_SERVER
from tests.deploy.test_dockerfile import DEPLOY, REPOSITORY

promql = pytest.importorskip("promql_parser")
GROUPS = yaml.safe_load((DEPLOY / "alerts.yaml").read_text())["groups"]
RULES = GROUPS[0]["rules"]
ALL_RULES = [rule for group in GROUPS for rule in group["rules"]]
LABELS = {
    **{name: {own} if own else set() for name, (_, own) in METRICS.items()},
    **{name: set(labels) for name, (_, labels) in OF_THE_SERVER.items()},
}
OF_THE_EXPORTER = {"node_textfile_scrape_error"}
COMMON = {"home", "instance", "job"}
DAY = 86400.0
Sample = tuple[dict[str, str], float]


def selectors(expression: Any) -> Iterator[Any]:
    """Every metric an expression reads."""
    if isinstance(expression, promql.VectorSelector):
        yield expression
    if isinstance(expression, promql.MatrixSelector):
        yield expression.vector_selector
    for name in ("lhs", "rhs", "expr"):
        if (inner := getattr(expression, name, None)) is not None:
            yield from selectors(inner)
    for inner in getattr(expression, "args", None) or []:
        yield from selectors(inner)


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule["alert"])
def test_every_rule_has_what_prometheus_and_a_person_need(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations", "keep_firing_for"}
    assert re.fullmatch(r"Scrubjay[A-Z]\w+", rule["alert"])
    assert re.fullmatch(r"\d+[smhdw]", rule.get("for", "1h"))
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert set(rule["annotations"]) == {"summary", "runbook"}
    used = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert used <= COMMON
    promql.parse(rule["expr"])


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule["alert"])
def test_every_metric_a_rule_reads_is_written_with_these_labels(rule: dict[str, Any]) -> None:
    read = list(selectors(promql.parse(rule["expr"])))
    assert read
    for one in read:
        if one.name in OF_THE_EXPORTER:
            continue
        name = one.name.removesuffix("_bucket")
        assert name in LABELS
        for matcher in one.matchers.matchers:
            assert matcher.name in LABELS[name] | COMMON
            if matcher.name == "status" and name in METRICS:
                assert matcher.value in STATUSES


def test_every_alarm_has_its_heading_and_every_heading_its_alarm() -> None:
    text = (REPOSITORY / "docs" / "operations.md").read_text()
    headings = re.findall(r"^### (Scrubjay\w+)$", text, re.MULTILINE)
    assert headings == [rule["alert"] for rule in ALL_RULES]
    for rule in ALL_RULES:
        assert rule["annotations"]["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"


class Evaluator:
    """As much of PromQL as the rules use, over the text a run wrote."""

    def __init__(self, text: str, now: float) -> None:
        self.now = now
        self.samples = [
            (one.name, dict(one.labels), one.value)
            for family in text_string_to_metric_families(text)
            for one in family.samples
        ]

    def fires(self, rule: dict[str, Any]) -> bool:
        return bool(self.of(promql.parse(rule["expr"])))

    def of(self, expression: Any) -> float | list[Sample]:
        match type(expression).__name__:
            case "NumberLiteral":
                return float(expression.val)
            case "ParenExpr":
                return self.of(expression.expr)
            case "VectorSelector":
                return self._selected(expression)
            case "Call":
                return self._called(expression)
            case "AggregateExpr":
                return self._summed(expression)
            case "BinaryExpr":
                return self._both(expression)
        raise NotImplementedError(type(expression).__name__)

    def _selected(self, one: Any) -> list[Sample]:
        wanted = {matcher.name: matcher.value for matcher in one.matchers.matchers}
        return [
            (labels, number)
            for name, labels, number in self.samples
            if name == one.name and wanted.items() <= labels.items()
        ]

    def _called(self, one: Any) -> float | list[Sample]:
        if one.func.name == "time":
            return self.now
        assert one.func.name == "absent"
        return [] if self.of(one.args[0]) else [({}, 1.0)]

    def _summed(self, one: Any) -> list[Sample]:
        assert str(one.op) == "sum"
        sums: dict[tuple[str, ...], float] = {}
        inner = self.of(one.expr)
        assert isinstance(inner, list)
        for labels, number in inner:
            key = tuple(labels.get(name, "") for name in one.modifier.labels)
            sums[key] = sums.get(key, 0.0) + number
        return [(dict(zip(one.modifier.labels, k, strict=True)), v) for k, v in sums.items()]

    def _both(self, one: Any) -> float | list[Sample]:
        left, right, op = self.of(one.lhs), self.of(one.rhs), str(one.op)
        if op == "or":
            assert isinstance(left, list)
            assert isinstance(right, list)
            return [*left, *right]
        if isinstance(left, float) and isinstance(right, float):
            return _reckoned(left, op, right)
        if isinstance(left, float):
            assert isinstance(right, list)
            return [(labels, _reckoned(left, op, number)) for labels, number in right]
        assert isinstance(right, float)
        compare = {">": lambda a: a > right, "==": lambda a: a == right}[op]
        return [(labels, number) for labels, number in left if compare(number)]


def _reckoned(left: float, op: str, right: float) -> float:
    return {"-": left - right, "*": left * right}[op]


def run(status: str, **data: int) -> dict[str, Any]:
    return {"status": status, "data": {"new": 100, "quarantined": 0, "held": 0, **data}}


def alarms(folder: Path, *runs: dict[str, Any], after_s: float = 0.0) -> set[str]:
    """What is raised some time after these runs, one a month, the last of them now."""
    path, now = folder / "scrubjay.prom", time.time()
    for number, result in enumerate(runs):
        ended = now - 31 * DAY * (len(runs) - 1 - number)
        assert write_run(path, result, ended=ended, labels={"home": "home"}) == []
    text = path.read_text() if runs else ""
    evaluator = Evaluator(text, now + after_s)
    return {rule["alert"] for rule in RULES if evaluator.fires(rule)}


def test_a_good_month_is_silent(tmp_path: Path) -> None:
    result = run("promoted") | {"took_s": {"fit": 3600.0, "embed": 600.0}}
    assert alarms(tmp_path, result) == set()
    assert alarms(tmp_path, result, run("no-change"), after_s=30 * DAY) == set()


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("failed", {"ScrubjayRunFailed"}),
        ("stopped", {"ScrubjayMonthStopped", "ScrubjayHeldForLong"}),
        ("refused", {"ScrubjayMonthRefused", "ScrubjayHeldForLong"}),
    ],
)
def test_each_way_a_month_can_go_wrong_raises_its_own(
    tmp_path: Path, status: str, expected: set[str]
) -> None:
    held = 0 if status == "failed" else 40
    assert alarms(tmp_path, run("promoted"), run(status, held=held)) == expected


def test_a_month_that_never_comes_is_missed_after_the_longest_month_and_two_days(
    tmp_path: Path,
) -> None:
    assert alarms(tmp_path, run("promoted"), after_s=32 * DAY) == set()
    assert alarms(tmp_path, run("promoted"), after_s=34 * DAY) == {"ScrubjayMonthMissing"}
    missed = alarms(tmp_path, run("promoted"), run("failed"), after_s=3 * DAY)
    assert missed == {"ScrubjayMonthMissing", "ScrubjayRunFailed"}


def test_no_figures_at_all_are_an_alarm(tmp_path: Path) -> None:
    assert alarms(tmp_path) == {"ScrubjayFiguresMissing"}


def test_quarantine_drift_long_runs_and_months_without_promotion(tmp_path: Path) -> None:
    assert alarms(tmp_path, run("promoted", new=96, quarantined=4)) == {"ScrubjayQuarantineGrows"}
    assert alarms(tmp_path, run("promoted") | {"warnings": ["drift"]}) == {"ScrubjayRunWarned"}
    slow = run("promoted") | {"took_s": {"fit": 11 * 3600.0, "embed": 2 * 3600.0}}
    assert alarms(tmp_path, slow) == {"ScrubjayRunSlow"}
    quiet = [run("no-change")] * 4
    assert alarms(tmp_path, run("promoted"), *quiet) == {"ScrubjayNothingPromoted"}
