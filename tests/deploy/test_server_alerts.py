"""The alarms on the service: each raised by what it is meant for, none by a good day."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from scrubjay.core.types import Champion, Modality
from scrubjay.evaluate.drift import Drift
from scrubjay.web.holdings import Holdings
from scrubjay.web.metrics import Metrics
from scrubjay.web.query_drift import Known
from tests.deploy.test_alerts import GROUPS, Evaluator, Sample, promql

RULES = GROUPS[1]["rules"]
NOW = 1_800_000_000.0
SERVED = Champion("2026-11-3f2a91c", "2026-11-3f2a91c")
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "MatchOp.Equal": lambda value, wanted: value == wanted,
    "MatchOp.Re": lambda value, wanted: re.fullmatch(str(wanted), str(value)) is not None,
}


class OverTime(Evaluator):
    """PromQL over two scrapes five minutes apart."""

    def __init__(self, before: str, after: str, now: float) -> None:
        super().__init__(after, now)
        self.earlier = Evaluator(before, now - 300).samples

    def of(self, expression: Any) -> float | list[Sample]:
        if type(expression).__name__ == "MatrixSelector":
            return self._rates(expression.vector_selector)
        return super().of(expression)

    def _rates(self, one: Any) -> list[Sample]:
        was = {(name, *sorted(labels.items())): value for name, labels, value in self.earlier}
        return [
            (labels, (value - was.get((name, *sorted(labels.items())), 0.0)) / 300)
            for name, labels, value in self.samples
            if name == one.name and all(_fits(labels, m) for m in one.matchers.matchers)
        ]

    def _called(self, one: Any) -> float | list[Sample]:
        if one.func.name == "rate":
            return self.of(one.args[0])
        if one.func.name == "histogram_quantile":
            return self._quantile(float(one.args[0].val), self.of(one.args[1]))
        return super()._called(one)

    def _quantile(self, q: float, buckets: Any) -> list[Sample]:
        """The upper edge of the bucket that holds it: a little above what Prometheus gives."""
        edges = sorted((float(labels["le"]), value) for labels, value in buckets)
        if not edges or edges[-1][1] == 0:
            return []
        return [({}, next(le for le, value in edges if value >= q * edges[-1][1]))]

    def _both(self, one: Any) -> float | list[Sample]:
        left, right = self.of(one.lhs), self.of(one.rhs)
        if isinstance(left, list) and isinstance(right, list) and str(one.op) == "/":
            of = {tuple(sorted(labels.items())): value for labels, value in right}
            pairs = [(labels, value, of[tuple(sorted(labels.items()))]) for labels, value in left]
            return [(labels, value / by) for labels, value, by in pairs if by]
        return super()._both(one)


def _fits(labels: dict[str, str], matcher: Any) -> bool:
    return OPERATORS[str(matcher.op)](labels.get(matcher.name, ""), matcher.value)  # type: ignore[arg-type]


def good() -> Metrics:
    metrics = Metrics()
    state = metrics._state
    state._champion = SERVED
    state._holdings = Holdings({Modality.IMAGE: 40}, 0, 40, {}, SERVED)
    state._read_at = NOW - 20
    for _ in range(1000):
        metrics.on_request("POST", "/v1/search", 200, 0.004)
    return metrics


def text(metrics: Metrics) -> str:
    return generate_latest(metrics.registry).decode()


def alarms(happened: Callable[[Metrics], object], now: float = NOW) -> set[str]:
    """What is raised after something happened to a server that was well."""
    metrics = good()
    before = text(metrics)
    for _ in range(1000):
        metrics.on_request("POST", "/v1/search", 200, 0.004)
    happened(metrics)
    evaluator = OverTime(before, text(metrics), now)
    return {rule["alert"] for rule in RULES if evaluator.of(promql.parse(rule["expr"]))}


def test_a_good_day_is_silent() -> None:
    assert alarms(lambda metrics: metrics.on_request("POST", "/v1/search", 400, 0.001)) == set()


def test_a_server_that_answers_no_search_or_no_scrape_is_gone() -> None:
    def stopped(metrics: Metrics) -> None:
        metrics._state._champion = None

    assert alarms(stopped) == {"ScrubjayServerGone"}
    assert {
        rule["alert"] for rule in RULES if OverTime("", "", NOW).of(promql.parse(rule["expr"]))
    } == {"ScrubjayServerGone"}


def test_failing_slow_and_full_servers_are_told_apart() -> None:
    def times(n: int, status: int, seconds: float) -> Callable[[Metrics], object]:
        def happened(metrics: Metrics) -> None:
            for _ in range(n):
                metrics.on_request("POST", "/v1/search", status, seconds)

        return happened

    assert alarms(times(5, 500, 0.004)) == set(), "half a percent"
    assert alarms(times(30, 500, 0.004)) == {"ScrubjayServerFails"}
    assert alarms(times(5, 200, 4.0)) == set()
    assert alarms(times(30, 200, 4.0)) == {"ScrubjayServerSlow"}
    assert alarms(times(1, 429, 0.004)) == {"ScrubjayServerFull"}


def test_a_champion_that_is_not_taken_and_a_home_that_is_not_read() -> None:
    def published(metrics: Metrics) -> None:
        held = Holdings({}, 0, 0, {}, Champion("2026-12-77ab012", "2026-12-77ab012"))
        metrics._state._holdings = held

    assert alarms(published) == {"ScrubjayServerBehind"}
    assert alarms(lambda _: None, now=NOW + 900) == {"ScrubjayServerFiguresOld"}


def test_queries_that_drifted() -> None:
    def drifted(warns: bool) -> Callable[[Metrics], object]:
        def happened(metrics: Metrics) -> None:
            one = Drift("text", 300, 300, 0.4, 0.005, 0.9, (), warns)
            metrics.drift.known = Known("training", (one,))

        return happened

    assert alarms(drifted(warns=False)) == set()
    assert alarms(drifted(warns=True)) == {"ScrubjayQueriesDrifted"}


def test_the_text_that_is_judged_is_what_prometheus_would_read() -> None:
    names = {family.name for family in text_string_to_metric_families(text(good()))}
    assert {"scrubjay_http_requests", "scrubjay_champion_info"} <= names
