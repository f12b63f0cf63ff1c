"""Months by recipes that ask more than pairs of a home, until what they made is served."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.retrain.bands import SMALL, write_month
from tests.retrain.months import FIRST, Ran, opened, retrain

OTHERWISE = ("experiment=", "trainer.max_epochs=")
HARD = [
    "experiment=hard_negatives",
    "encoder=builtin",
    "trainer.max_epochs=25",
    *(one for one in SMALL if not one.startswith(OTHERWISE)),
]
"""The recipe on a network that learns a month in seconds."""


def too_little(ran: Ran) -> list[str]:
    """Why something was not mined, as the run's events say it."""
    events = [json.loads(line) for line in ran.err.splitlines()]
    return [one["why"] for one in events if one["event"] == "mined too little"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_month_of_hard_negatives_mines_the_version_served_beats_it_and_is_served(
    tmp_path: Path,
) -> None:
    bucket, home = tmp_path / "bucket", tmp_path / "home"
    settings = [*HARD, "fit.replay=null", "evaluate.found_among=3", f"data.source={bucket}"]

    write_month(bucket / "2026-01", FIRST)
    first = retrain(home, "month=2026-01", settings=settings)
    assert first.result["status"] == "promoted", first.err
    [why] = too_little(first)
    assert "no index to mine" in why

    write_month(bucket / "2026-02", ("orange", "purple"), among=FIRST, most=150)
    second = retrain(home, "month=2026-02", settings=settings)
    assert second.result["status"] == "promoted", second.err
    assert too_little(second) == []
    gained = second.result["figures"]["2026-02"]
    assert gained["challenger"] > gained["champion"]
    [fit] = (home / "runs" / second.result["run"] / "ledger").glob("*-fit.json")
    fitted = json.loads(fit.read_bytes())["result"]
    learned = fitted["learned_new"] + fitted["learned_old"]
    assert 0.9 * learned < fitted["hard_negatives"] <= learned
    now = opened(home)
    champion = now.registry.champion()
    assert champion is not None
    assert champion.version == second.result["version"]
    assert now.generations.open(champion.generation).versions() == {champion.version: 270}
