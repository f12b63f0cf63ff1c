"""What a month hands to its fit."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.cli.compose import compose
from scrubjay.core.types import Modality
from scrubjay.evaluate.examples import View
from scrubjay.media.layout import Problem
from scrubjay.retrain.gating.gates import Comparison, decide
from scrubjay.retrain.gating.settings import Part
from scrubjay.retrain.month_judging import _health, _unjudged
from scrubjay.retrain.month_learning import _named
from scrubjay.search.embed import NOT_FINITE
from scrubjay.search.measure import Evaluation


def test_a_tracker_without_a_name_is_called_by_the_month() -> None:
    named = _named(compose(["logger=wandb"]), "2026-03")
    assert named["logger"]["wandb"]["name"] == "2026-03"


def test_a_tracker_keeps_the_name_it_was_given() -> None:
    config = compose(["logger=wandb", "logger.wandb.name=mine"])
    assert _named(config, "2026-03") == config


def test_no_tracker_is_no_matter() -> None:
    config = compose(["logger=none"])
    assert _named(config, "2026-03") == config


def measured(broken: int, usable: int = 4) -> Evaluation:
    """Some unit rows, some that are no numbers, and a file nobody can read."""
    names = tuple(f"{place}" for place in range(usable))
    view = View(Modality.IMAGE, np.eye(usable, dtype=np.float32), names, names, names)
    problems = [Problem(f"{place}.png", NOT_FINITE) for place in range(broken)]
    problems.append(Problem("bad.png", "not a picture"))
    return Evaluation("", "test", usable + broken + 1, (), {Modality.IMAGE: view}, tuple(problems))


@pytest.mark.parametrize(("broken", "promoted"), [(0, True), (1, False)])
def test_a_challenger_is_refused_for_rows_that_no_query_met(broken: int, promoted: bool) -> None:
    """Better wherever it can be asked, and no number where it cannot."""
    wins = Comparison("2026-03", Part.HELD_OUT, np.arange(200), np.ones(200), np.zeros(200))
    decision = decide([wins], health=_health(measured(broken)))
    assert decision.promoted == promoted
    if broken:
        assert decision.reasons == ("1 of 5 embeddings hold numbers that are not finite",)


def test_a_challenger_of_which_nothing_can_be_asked_is_told_why() -> None:
    none = np.empty(0)
    empty = Comparison("2026-03", Part.HELD_OUT, none, none, none)
    assert _unjudged([empty], _health(measured(2))) == (
        "2026-03: no held-out query can be asked, so no gain can be shown: "
        "2 of 6 embeddings hold numbers that are not finite"
    )
    assert str(_unjudged([empty], _health(measured(0)))).endswith("no gain can be shown")
