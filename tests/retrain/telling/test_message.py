"""The month in words: what it was decided, on which figures, what was set aside, where to read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.retrain.telling.message import SHOWN, message
from scrubjay.retrain.telling.settings import Told
from tests.retrain.results import result


def test_a_promoted_month_says_all_there_is_to_say() -> None:
    kind, title, body = message(result())
    assert kind is Told.SUCCESS
    assert title == "Scrubjay 2026-11: promoted 2026-11-3f2a91c"
    assert body == (
        "2026-11-3f2a91c was promoted and serves now.\n"
        "\n"
        "Why:\n"
        "- 2026-11: R@10 rose by 0.051 (at least 0.020)\n"
        "\n"
        "Data: 1,200 new, 3 changed, 7 gone, 12 quarantined, 0 held\n"
        "\n"
        "Figures (champion, challenger):\n"
        "- 2026-11: 0.412, 0.463 (+0.051)\n"
        "- 2026-10: 0.500, 0.495 (-0.005)\n"
        "\n"
        "Quarantined, 12:\n"
        "- s3://pictures/a.png: half a picture\n"
        "- s3://pictures/b.png: no description\n"
        "- and 10 more, in the report\n"
        "\n"
        "Notes:\n"
        "- 2026-03: 12 groups are too few to tell\n"
        "\n"
        "Report: /home/me@work/runs/month-1/report.html\n"
        "Run: month-20261101-020000-1a2b, 61 min"
    )


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        ("promoted", Told.SUCCESS, "serves now"),
        ("refused", Told.WARNING, "scrubjay retrain --accept 2026-11"),
        ("stopped", Told.WARNING, "scrubjay retrain --accept 2026-11"),
        ("no-change", Told.NO_CHANGE, "Nothing new"),
        ("failed", Told.FAILURE, "`scrubjay retrain` goes on"),
        ("what is that", Told.FAILURE, "It failed"),
    ],
)
def test_every_way_a_month_ends_has_its_kind_and_says_what_next(status, kind, said) -> None:
    told, title, body = message(result(status=status))
    assert told is kind
    assert title.startswith("Scrubjay 2026-11: ")
    assert said in body


def test_a_failed_month_says_why_in_full() -> None:
    error = "NotReady: could not list s3://x; " + "check the network " * 30
    _, title, body = message(result(status="failed", error=error))
    assert "FAILED" in title
    assert error.strip() in body


@pytest.mark.parametrize("status", ["promoted", "no-change"])
def test_good_news_with_warnings_is_a_warning(status: str) -> None:
    kind, title, body = message(result(status=status, warnings=["queries drift: 0.31"]))
    assert kind is Told.WARNING
    assert title.endswith(", with warnings")
    assert "Warnings:\n- queries drift: 0.31" in body


def test_a_failure_stays_one_whatever_else_there_is() -> None:
    assert message(result(status="failed", warnings=["w"]))[0] is Told.FAILURE


def test_long_lists_are_cut_and_say_so() -> None:
    many = [f"reason {n}" for n in range(SHOWN + 5)]
    figures = {f"set {n}": {"champion": 0.1, "challenger": None} for n in range(SHOWN + 3)}
    _, _, body = message(result(reasons=many, figures=figures))
    assert f"- reason {SHOWN - 1}\n- and 5 more, in the report" in body
    assert f"reason {SHOWN}" not in body
    assert "- set 0: 0.100, none\n" in body
    assert f"- set {SHOWN - 1}: 0.100, none\n- and 3 more, in the report" in body


def test_names_that_strangers_chose_stay_on_their_line_and_call_nobody() -> None:
    hostile = "a\nRun: fake\r\x1b[31m\u202e <!channel> @everyone <@U123> `x`" + "x" * 1000
    _, _, body = message(result(quarantined=[{"path": hostile, "reason": hostile}]))
    (line,) = [one for one in body.splitlines() if "channel" in one]
    assert not any(mark in line for mark in ("\x1b", "\u202e", "<", ">", "@", "`"))
    assert len(line) < 1000
    assert body.count("\nRun: ") == 1


def test_what_a_run_that_failed_early_does_not_hold_is_left_out() -> None:
    kind, title, body = message({"run": "r", "month": "2026-11", "status": "failed"})
    assert kind is Told.FAILURE
    assert "Figures" not in body
    assert "None" not in title + body


def test_no_secret_of_the_environment_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    _, title, body = message(result(status="failed", error="denied to wJalrXUtnFEMI"))
    assert "wJalrXUtnFEMI" not in title + body
    assert "denied to ***" in body


words = st.text() | st.none()


@given(
    status=st.sampled_from(["promoted", "refused", "stopped", "no-change", "failed", ""]),
    month=words,
    reasons=st.lists(st.text()) | st.none(),
    error=words,
    figures=st.dictionaries(
        st.text(),
        st.fixed_dictionaries({}, optional={"champion": st.floats() | st.none()}),
        max_size=3,
    ),
    data=st.dictionaries(st.text(), st.integers() | st.none(), max_size=3),
)
def test_whatever_the_result_holds_there_is_a_title_of_one_line(**given) -> None:
    kind, title, body = message(result(**given))
    assert kind in Told
    assert len(title.splitlines()) == 1
    assert body.strip()
