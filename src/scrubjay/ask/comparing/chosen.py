"""The point to use: the best, the cheapest or fastest that is not shown to be worse, or any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scrubjay.ask.comparing.points import By
from scrubjay.ask.comparing.results import Result, versus
from scrubjay.core.errors import NotReady, UnknownName, WrongUse

BEST: Final = "best"
CHEAPEST: Final = "cheapest"
FASTEST: Final = "fastest"
WAYS: Final = (BEST, CHEAPEST, FASTEST)


def chosen(rows: Sequence[Result], way: str, *, measure: str) -> Result:
    """One of the rows that a configuration can name.

    Args:
        rows: every point with its figures.
        way: `best` by the measure, the faster of equals; `cheapest` or `fastest` of those that are
            not shown to be worse than the best; or a point's name.
        measure: of accuracy.

    Raises:
        UnknownName: no such point.
        WrongUse: the point named cannot be written into a configuration.
        NotReady: there is none to choose from.
    """
    if way not in WAYS:
        named = next((row for row in rows if row.name == way), None)
        if named is None:
            raise UnknownName("point", way, [*WAYS, *(row.name for row in rows)])
        _check(named)
        return named
    usable = [row for row in rows if row.failure is None and row.point.by is By.CHAIN]
    if not usable:
        raise NotReady("no model that `scrubjay ask` can use has answered; see why in the table")
    best = min(usable, key=lambda row: (-row.accuracy[measure].value, _pace(row)))
    if way == BEST:
        return best
    worse = {
        one.first if one.better == one.second else one.second
        for one in versus(usable, measure)
        if one.better == best.name
    }
    as_good = [row for row in usable if row.name not in worse]
    if way == FASTEST:
        return min(as_good, key=_pace)
    priced = [row for row in as_good if row.cost is not None]
    if not priced:
        raise NotReady(
            "nothing has a price yet; give prices.machine_per_hour=AMOUNT, or prices.models in "
            "compare.yaml"
        )
    return min(priced, key=lambda row: (row.cost or 0.0, _pace(row)))


def _pace(row: Result) -> float:
    return row.percentile(50) or 0.0


def _check(row: Result) -> None:
    if row.point.by is not By.CHAIN:
        raise WrongUse(
            f"{row.name} is measured beside the models that `scrubjay ask` uses (by="
            f"{row.point.by.value}), and no configuration of it can say that; choose another"
        )
    if row.failure is not None:
        raise WrongUse(f"{row.name} did not answer ({row.failure}); choose another")
