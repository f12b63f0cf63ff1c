from __future__ import annotations

import pytest

from scrubjay.ask.comparing.chosen import chosen
from scrubjay.ask.comparing.points import By
from scrubjay.ask.comparing.results import Result
from scrubjay.ask.comparing.running import Outcome
from scrubjay.core.errors import NotReady, UnknownName, WrongUse
from tests.ask.comparing.posed import point, posed, said


def row(name, right, *, seconds, cost=None, by=By.CHAIN, failure=None, n=20):
    questions = tuple(posed("red", group=str(at)) for at in range(n))
    answers = tuple(said("red" if at < right else "blue", seconds=seconds) for at in range(n))
    outcome = Outcome(name, failure=failure)
    return Result(point(name, by=by), outcome, questions, answers, (seconds,) * n, cost)


ROWS = [
    row("best", 19, seconds=2.0, cost=3.0),
    row("near", 18, seconds=0.5, cost=2.0),
    row("poor", 4, seconds=0.1, cost=0.1),
    row("baseline", 20, seconds=0.01, by=By.COMMONEST),
    row("broken", 20, seconds=0.01, failure="no memory"),
]


@pytest.mark.parametrize(
    ("way", "name"), [("best", "best"), ("fastest", "near"), ("cheapest", "near"), ("poor", "poor")]
)
def test_speed_and_price_decide_among_those_not_shown_to_be_worse(way, name):
    assert chosen(ROWS, way, measure="normalised").name == name


def test_the_faster_of_equals_is_the_best():
    rows = [row("slow", 19, seconds=2.0), row("quick", 19, seconds=1.0)]
    assert chosen(rows, "best", measure="normalised").name == "quick"


def test_what_cannot_be_chosen_says_why():
    with pytest.raises(UnknownName, match="did you mean 'poor'"):
        chosen(ROWS, "por", measure="normalised")
    with pytest.raises(WrongUse, match="by=commonest"):
        chosen(ROWS, "baseline", measure="normalised")
    with pytest.raises(WrongUse, match="no memory"):
        chosen(ROWS, "broken", measure="normalised")
    with pytest.raises(NotReady, match="see why in the table"):
        chosen(ROWS[3:], "best", measure="normalised")
    with pytest.raises(NotReady, match="machine_per_hour"):
        chosen([row("a", 3, seconds=1.0)], "cheapest", measure="normalised")
