"""A cutoff that finds nothing spoken close enough to any words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from scrubjay.core.types import Kind, Modality
from scrubjay.evaluate.cutoff import Law, Line, Shares
from scrubjay.search.cutoff import direction, read_calibration
from tests.web.browser.lived_in import opened

FAR = 0.9
"""Cosine under which nothing counts; words and recordings are never that near."""


def cut_recordings(home: Path) -> None:
    """Put it into what was fitted for the champion: two small months teach no cutoff."""
    champion = opened(home).registry.champion()
    assert champion is not None
    path = home / "generations" / f"{champion.generation}.cutoff.json"
    fitted = read_calibration(path)
    assert fitted is not None
    law = Law(
        way="best",
        weights=(1.0, 0.0, 0.0, 0.0),
        absent_place=Line(FAR, 0.0),
        absent_width=0.01,
        answerable=tuple(FAR + 0.001 * percent for percent in range(101)),
        answerable_slope=0.0,
        rows=fitted.rows,
        measured=Shares(1.0, 1.0),
    )
    strict = replace(fitted, laws={direction(Modality.TEXT, Kind.SPEECH): (law,)})
    path.write_text(json.dumps(strict.to_json()), encoding="utf-8")
