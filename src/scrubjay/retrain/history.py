"""What the months came to: one row each, for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scrubjay.retrain.gating.settings import Part
from scrubjay.retrain.month_run import finished_months


def history(runs: Path) -> list[dict[str, Any]]:
    """Every finished month's row, the oldest first.

    Raises:
        Damaged: a result cannot be read.
    """
    return [_row(result) for result in finished_months(runs)]


def _row(result: Mapping[str, Any]) -> dict[str, Any]:
    figures = result.get("figures") or {}
    return {
        "month": result["month"],
        "run": result["run"],
        "status": result["status"],
        "version": result.get("version"),
        "champion": result.get("champion"),
        "data": dict(result.get("data") or {}),
        "held_out": _of_part(figures, Part.HELD_OUT),
        "earlier": _of_part(figures, Part.EARLIER),
        "reasons": list(result.get("reasons") or ()),
        "took_s": round(sum((result.get("took_s") or {}).values()), 1),
    }


def _of_part(figures: Mapping[str, Mapping[str, Any]], part: Part) -> dict[str, float] | None:
    """Champion's and challenger's share of right answers over all sets of a part."""
    sets: Sequence[Mapping[str, Any]] = [
        one for one in figures.values() if one["part"] == part.value and one["queries"]
    ]
    queries = sum(one["queries"] for one in sets)
    if not queries:
        return None
    return {
        who: sum(one[who] * one["queries"] for one in sets) / queries
        for who in ("champion", "challenger")
        if all(one[who] is not None for one in sets)
    }
