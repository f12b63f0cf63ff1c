"""What a person reads of a month: the decision and why, figures, warnings, where to read more."""

from __future__ import annotations

from typing import Any

import pytest

from scrubjay.cli import history, retrain

RESULT: dict[str, Any] = {
    "month": "2026-03",
    "status": "refused",
    "reasons": ["2026-03: +0.4 points: a gain above 0 points is not shown"],
    "warnings": ["descriptions: drifted [a lot]"],
    "notes": ["2026-01: 40 content groups cannot tell"],
    "data": {"new": 120, "to_learn": 84},
    "figures": {
        "2026-03": {"champion": 0.5, "challenger": 0.504, "queries": 240},
        "2026-01": {"champion": None, "challenger": 1.0, "queries": 40},
    },
    "champion": "2026-02-abcdef0",
    "report": "/home/runs/month-1/report.html",
    "not_told": ["json://***@host: connection refused"],
}


def test_a_month_is_told_with_its_reasons_warnings_and_figures(
    capsys: pytest.CaptureFixture[str],
) -> None:
    retrain._show(RESULT)
    said = capsys.readouterr().out
    for words in (
        "2026-03     refused",
        "a gain above 0 points is not shown",
        "warning: descriptions: drifted [a lot]",
        "note: 2026-01: 40 content groups cannot tell",
        "120 new, 84 to learn",
        "2026-03: 50.0% -> 50.4% (240 queries)",
        "2026-01: - -> 100.0% (40 queries)",
        "champion  2026-02-abcdef0",
        "/home/runs/month-1/report.html",
        "not told: json://***@host: connection refused",
    ):
        assert words in said


def test_a_plan_says_that_nothing_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    retrain._show_plan(
        {
            "month": "2026-03",
            "goes_on_with": "month-1",
            "champion": None,
            "source": "s3://b/p",
            "objects": {"new": 3, "bytes": 12},
            "held": {"2026-02": 7},
            "steps": [
                {"step": "scan", "done": True, "when": "In every run."},
                {"step": "fit", "done": False, "when": "When there is something new."},
            ],
        }
    )
    said = capsys.readouterr().out
    assert "going on with month-1" in said
    assert "3 new, 12 bytes" in said
    assert "scrubjay retrain --accept 2026-02" in said
    assert said.splitlines()[-1] == "nothing was done"
    assert [line.split()[0] for line in said.splitlines() if "scan" in line] == ["done"]


def test_a_history_has_a_row_a_month_and_the_reasons_below(
    capsys: pytest.CaptureFixture[str],
) -> None:
    history._show(
        [
            {
                "month": "2026-03",
                "status": "refused",
                "champion": "2026-02-abcdef0",
                "data": {"new": 120, "quarantined": 2},
                "held_out": {"champion": 0.5, "challenger": 0.504},
                "earlier": {"challenger": 1.0},
                "reasons": ["no gain"],
            }
        ]
    )
    said = capsys.readouterr().out
    assert "50 -> 50" in said
    assert "2026-02-abcdef0" in said
    assert "2026-03  no gain" in said


def test_no_history_says_how_to_begin_one(capsys: pytest.CaptureFixture[str]) -> None:
    history._show([])
    assert "scrubjay retrain" in capsys.readouterr().out
