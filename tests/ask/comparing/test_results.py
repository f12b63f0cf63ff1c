from __future__ import annotations

import pytest

from scrubjay.ask.comparing.cost import Prices
from scrubjay.ask.comparing.results import results, versus
from scrubjay.ask.comparing.running import Outcome
from tests.ask.comparing.posed import point, posed, said

NONE = Prices()
QUESTIONS = (
    posed("red", group="a"),
    posed("blue", group="b"),
    posed(unanswerable=True, group="c"),
    posed("two", "2", "2", unanswerable=False, group="d"),
)
SAID = (
    said("Red", confidence=0.9, seconds=0.1, model_s=0.05, tokens_out=1, tokens_in=4),
    said("I can't tell", told=False, seconds=0.2),
    said("I can't tell", told=False, seconds=0.3),
    said("2", confidence=0.7, seconds=0.4, model_s=0.15, tokens_out=3, tokens_in=6),
)


def one_row(*rounds, failure=None, prices=NONE, **about):
    outcome = Outcome("fake", about={"family": "fake", "name": "fake", **about}, failure=failure)
    outcome.results = [{at: one.to_json() for at, one in enumerate(said_)} for said_ in rounds]
    outcome.visits = [{"peak_bytes": 5}, {"peak_bytes": 7, "load_s": 1.0}]
    (row,) = results([point()], {"fake": outcome}, QUESTIONS, prices)
    return row


def test_every_figure_by_hand():
    told = one_row(SAID, prices=Prices(machine_per_hour=3.6)).to_json()
    assert {name: one["value"] for name, one in told["accuracy"].items()} == {
        "exact": 0.5,
        "normalised": 0.75,
        "consensus": 0.75,
        "contained": 0.75,
    }
    assert told["refusals"] == {
        "n": 2,
        "rate": 0.5,
        "right": 1,
        "wrong": 1,
        "unanswerable_noticed": 1.0,
    }
    assert told["calibration"]["n"] == 2
    assert told["calibration"]["ece"] == pytest.approx(0.2)
    assert told["calibration"]["brier"] == pytest.approx((0.01 + 0.09) / 2)
    assert told["latency"]["p50_s"] == pytest.approx(0.25)
    assert told["latency"]["p95_s"] == pytest.approx(0.385)
    assert told["tokens_per_s"] == pytest.approx(4 / 0.2)
    assert (told["tokens_in"], told["tokens_out"]) == (10, 4)
    assert (told["peak_memory_bytes"], told["load_s"]) == (7, 1.0)
    assert told["cost_per_1000"] == pytest.approx(0.25)


def test_times_are_of_all_rounds_and_answers_of_the_first():
    later = tuple(said("blue", seconds=1.0) for _ in SAID)
    row = one_row(SAID, later)
    assert row.said[0].text == "Red"
    assert sorted(row.seconds) == [0.1, 0.2, 0.3, 0.4, 1.0, 1.0, 1.0, 1.0]


def test_a_question_that_failed_is_wrong_and_no_refusal():
    failed = said("", told=False, error="gone")
    row = one_row((SAID[0], SAID[1], failed, SAID[3]))
    assert row.failure is None
    assert row.to_json()["errors"] == ["gone"]
    assert (row.refusals.n, row.refusals.rate) == (1, pytest.approx(1 / 3))
    assert row.scores[2].normalised == 0
    assert len(row.seconds) == 3


def test_what_never_answered_has_no_figures():
    row = one_row(failure="no such model")
    assert row.to_json()["failure"] == "no such model"
    assert "accuracy" not in row.to_json()
    assert versus([row], "normalised") == ()
