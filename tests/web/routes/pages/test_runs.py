"""Runs: one under way is followed step by step, one that ended tells why."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from scrubjay.retrain.ledger import LEDGER, Ledger
from scrubjay.retrain.month_run import MonthRun, begin_month
from scrubjay.retrain.pipeline import STEPS as PIPELINE
from scrubjay.store.lease import acquire
from scrubjay.web.pages import runs
from scrubjay.web.pages.run_steps import LEARNING, SERVING, STEPS, views
from tests.web.conftest import ServedHome
from tests.web.routes.pages.conftest import Visitor
from tests.web.routes.pages.markup import Markup, faults

LEARNED = {"ends": None, "to_learn": 54, "to_judge": 30}


@pytest.fixture
def month(own_home: ServedHome) -> MonthRun:
    """A run that was begun and has done its first step."""
    run = begin_month(own_home.open().runs, "2026-11", {})
    Ledger(run.folder / LEDGER).record("scan", {"added": 1200, "changed": 0, "gone": 3}, took_s=4)
    return run


def states(page: Markup) -> dict[str, str]:
    """Step -> state, as a screen reader hears them."""
    lines = [
        one
        for one in page.all("li")
        if one.attributes.get("class") in {"done", "now", "failed", "waiting", "left-out"}
    ]
    heard = [one.text.split("\n") for one in lines]
    return {
        words[0]: words[1].strip()
        for line in heard
        for words in [next(one for one in line if ": " in one).strip().rsplit(": ", 1)]
    }


def test_every_step_of_the_pipeline_has_words_in_its_order() -> None:
    assert list(STEPS) == [step.name for step in PIPELINE]
    assert LEARNING | SERVING | {"scan", "validate", "snapshot", "notify"} == set(STEPS)


def test_a_run_under_way_is_followed(
    visiting: Callable[..., Visitor], own_home: ServedHome, month: MonthRun
) -> None:
    visitor, lease = visiting(own_home), acquire(own_home.open().lease, holder="me", ttl_s=60)
    try:
        page = visitor.page("/runs")
        assert faults(page) == []
        part = page.with_id("run")
        assert (part.attributes["hx-get"], part.attributes["hx-trigger"]) == (
            f"/runs/{month.id}/progress",
            "every 2s",
        )
        assert "1,200 new" in part.text
        assert states(page)["Check it"] == "under way"
        ledger = Ledger(month.folder / LEDGER)
        ledger.record("validate", {"bad": 2}, took_s=1)
        ledger.record("snapshot", LEARNED, took_s=1)
        after = Markup.of(visitor.get(part.attributes["hx-get"], part=True).text)
        assert after.all("html") == []
        assert states(after)["Learn from it"] == "under way"
        assert "54 to learn from" in after.with_id("run").text
        (bar,) = after.all("progress")
        assert (bar.attributes["value"], bar.attributes["max"]) == ("3", str(len(STEPS)))
    finally:
        lease.release()


def test_a_run_nobody_goes_on_with_says_how_to(
    visiting: Callable[..., Visitor], own_home: ServedHome, month: MonthRun
) -> None:
    visitor = visiting(own_home)
    page = visitor.page(f"/runs/{month.id}")
    assert faults(page) == []
    assert "interrupted" in page.with_id("run").text
    assert "scrubjay retrain" in page.with_id("run").text
    assert "hx-get" not in page.with_id("run").attributes
    log = {"at": "2026-11-21T10:00:00+00:00", "level": "error", "event": "run failed"}
    (month.folder / "log.jsonl").write_text(json.dumps({**log, "error": "NotReady: <b>no"}) + "\n{")
    told = visitor.page(f"/runs/{month.id}").with_id("run").text
    assert "NotReady: <b>no" in told
    assert "failed" in told


def test_a_run_that_ended_tells_why_with_its_figures_and_report(
    visiting: Callable[..., Visitor], own_home: ServedHome, month: MonthRun
) -> None:
    visitor = visiting(own_home)
    assert visitor.get(f"/runs/{month.id}/report").status_code == 404
    (month.folder / "report.html").write_text("<title>r</title><style>b{}</style>")
    figures = {"2026-11": {"part": "held-out", "queries": 90, "challenger": 0.6, "champion": 0.66}}
    month.finish(
        {
            "run": month.id,
            "month": "2026-11",
            "status": "refused",
            "reasons": ["a gain is <not> shown"],
            "warnings": ["image: drifted"],
            "figures": figures,
            "data": {"new": 1200, "held": 12},
            "quarantined": [{"path": "a<b>.png", "reason": "truncated"}],
            "took_s": {"scan": 4.0, "fit": 250.0},
        }
    )
    page = visitor.page(f"/runs/{month.id}")
    assert faults(page) == []
    told = page.all("main")[0].text
    for text in ("refused", "<not>", "drifted", "66.0%", "60.0%", "1,200", "a<b>.png", "4 min"):
        assert text in told
    assert set(states(page).values()) == {"done", "not needed"}
    answer = visitor.get(f"/runs/{month.id}/report")
    assert answer.status_code == 200
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]
    row = visitor.page("/runs").all("tbody")[0].text
    assert "November 2026" in row
    assert "refused" in row


@pytest.mark.parametrize(
    ("done", "left_out", "now"),
    [
        ({}, set(), "scan"),
        (
            {"scan": {}, "validate": {}, "snapshot": {"ends": "no-change"}},
            LEARNING | SERVING,
            "notify",
        ),
        (
            {
                **{key: {} for key in ("scan", "validate", "fit", "export", "evaluate")},
                "snapshot": {"ends": None},
                "gate": {"promoted": False},
            },
            SERVING,
            "notify",
        ),
        (
            {
                **{key: {} for key in ("scan", "validate", "fit", "export", "evaluate")},
                "snapshot": {"ends": None},
                "gate": {"promoted": True},
            },
            set(),
            "package",
        ),
    ],
)
def test_steps_a_run_does_not_need_are_not_waited_for(
    done: dict[str, dict[str, object]], left_out: set[str], now: str
) -> None:
    ledger = {name: {"result": result, "took_s": 1.0} for name, result in done.items()}
    told = views(ledger, [], status="running", now=datetime.now(UTC))
    assert {one.name for one in told if one.state == "left out"} == left_out
    assert [one.name for one in told if one.state == "now"] == [now]


def test_how_long_the_current_step_takes_is_told() -> None:
    begun = {"at": "2026-11-21T10:00:00+00:00", "step": "scan", "event": "step begins"}
    now = datetime(2026, 11, 21, 10, 7, tzinfo=UTC)
    assert views({}, [begun], status="running", now=now)[0].took == "for 7 min"


@pytest.mark.parametrize("name", ["..", "month-x", "%2e%2e", "month-*"])
def test_only_runs_are_runs(visitor: Visitor, name: str) -> None:
    assert visitor.get(f"/runs/{name}/report").status_code in {400, 404}


def test_a_damaged_log_line_is_passed_over(own_home: ServedHome, month: MonthRun) -> None:
    whole = {"at": "2026-11-21T10:00:00+00:00", "level": "info", "event": "step begins"}
    lines = [b"\xff\xfe", b"[]", b"{}", json.dumps(whole).encode(), b'{"at": "2026']
    (month.folder / "log.jsonl").write_bytes(b"\n".join(lines))
    assert len(runs.run(own_home.open(), month.id).events) == 1
