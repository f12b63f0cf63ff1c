"""Fit what `scrubjay extract` weighs its candidates by, on the taught part of generated panels.

    python bench/extract_fit.py --write                  # what text alone says
    python bench/extract_fit.py --vlm FOLDER --write     # and a model that looks

The held-out part is never read here. Readings are kept in a folder, so that a second run is short.
`--vlm` names the folder of a model that `extract_teach.py` has taught; the panels it was taught on
are others than those used here.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from extract_panels import Answered, Read, counted, read_panels
from scrubjay.ask.extracting import scoring
from scrubjay.ask.extracting.candidates import fitting
from scrubjay.ask.extracting.entities import Entity
from scrubjay.ask.extracting.extraction import Found, answer
from scrubjay.ask.extracting.f1 import equal
from scrubjay.ask.extracting.features import NAMES, features
from scrubjay.ask.extracting.fusing import FUSED, judged
from scrubjay.ask.extracting.scoring import Coefficients
from scrubjay.ask.extracting.units import written
from scrubjay.media.panels.vocabulary import Part

PANELS = 900
FUSED_PANELS = 300
"""Panels that the weights with a model are fitted on; asking it takes its time."""
RIDGE = 0.002
LEAST = 0.3
"""Nothing less sure than this is ever answered, whatever F1 would gain by guessing."""
PATH = Path(scoring.__file__).with_name(scoring.FILE)

Case = tuple[NDArray[np.float64], NDArray[np.bool_]]
"""(candidates, features) and (candidates,) which are right."""


def cases(read: Sequence[Read]) -> list[Case]:
    """Every question that has candidates."""
    made = []
    for one in read:
        for name, truth in one.panel.answers.items():
            entity = Entity(name)
            those = fitting(one.found.candidates, entity)
            if not those:
                continue
            rows = features(entity, those, one.found.page)
            if one.found.judgements is not None:
                more = [judged(one.found.judgements.get(each), entity) for each in those]
                rows = [row + looked for row, looked in zip(rows, more, strict=True)]
            right = [bool(truth) and equal(written(c.value, c.unit), truth) for c in those]
            made.append((np.array(rows), np.array(right, bool)))
    return made


def fit(
    given: Sequence[Case], names: Sequence[str], near: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Weights of the least negative log-likelihood, held a little to others, or to 0."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    usual = np.array([(near or {}).get(name, 0.0) for name in names])

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        whole, slope = 0.0, np.zeros_like(weights)
        for rows, right in given:
            scores = np.append(rows @ weights, 0.0)
            chances = np.exp(scores - scores.max())
            chances /= chances.sum()
            wanted = np.append(right, not right.any())
            among = chances * wanted
            whole -= float(np.log(among.sum() + 1e-12))
            pull = chances - among / among.sum()
            slope += pull[:-1] @ rows
        n = len(given)
        away = weights - usual
        return whole / n + RIDGE * float(away @ away) / 2, slope / n + RIDGE * away

    found = minimize(loss, usual, jac=True, method="L-BFGS-B")
    return {name: round(float(value), 3) for name, value in zip(names, found.x, strict=True)}


def answers(read: Sequence[Read], known: Coefficients) -> list[Answered]:
    """What is answered to every question."""
    return [_answered(one, Entity(name), known) for one in read for name in one.panel.answers]


def _answered(one: Read, entity: Entity, known: Coefficients) -> Answered:
    told = answer(one.found, entity, known)
    panel = one.panel
    truth = panel.answers[entity.value]
    return Answered(
        one.seed, entity, panel.tags, panel.layout, told.prediction, truth, told.confidence
    )


def threshold(read: Sequence[Read], weights: Mapping[str, float]) -> float:
    """The chance under which silence scores best, from `LEAST` on."""
    both = Coefficients(weights, weights, 0.0, 0.0)
    told = answers(read, both)
    best = (0.0, 0.5)
    for least in np.arange(LEAST, 0.9, 0.01):
        quiet = [
            Answered(**{**_fields(one), "answer": one.answer if one.confidence >= least else ""})
            for one in told
        ]
        best = max(best, (counted(quiet).value, -float(least)))
    return round(abs(best[1]), 2)


def _fields(one: Answered) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Answered.__dataclass_fields__}


def without_looking(read: Sequence[Read]) -> list[Read]:
    """The same panels, read only."""
    return [Read(one.seed, one.panel, Found(one.found.page, one.found.candidates)) for one in read]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--panels", type=int, default=PANELS)
    parser.add_argument("--readings", type=Path, help="folder where readings are kept")
    parser.add_argument("--vlm", type=Path, help="a taught model")
    parser.add_argument("--write", action="store_true", help=f"write {PATH.name}")
    options = parser.parse_args()
    known = scoring.shipped() if PATH.exists() else Coefficients({}, {}, 0.5, 0.5)
    if options.vlm is None:
        read = list(read_panels(Part.TAUGHT, range(options.panels), options.readings))
        half = len(read) * 2 // 3
        weights = fit(cases(read[:half]), NAMES)
        least = threshold(read[:half], weights)
        told = Coefficients(weights, known.fused, least, known.least_fused)
        print(f"fitted on {half}, asked about the others: {counted(answers(read[half:], told))}")
        weights = fit(cases(read), NAMES)
        known = Coefficients(weights, known.fused, threshold(read, weights), known.least_fused)
    else:
        from extract_looking import looked

        read = list(read_panels(Part.TAUGHT, range(FUSED_PANELS), options.readings))
        seen = looked(read, options.vlm)
        names = [*NAMES, *FUSED]
        weights = fit(cases(seen), names, near=known.alone)
        known = Coefficients(known.alone, weights, known.least, threshold(seen, weights))
        print(f"read only:  {counted(answers(without_looking(read), known))}")
        print(f"and looked: {counted(answers(seen, known))}")
    if options.write:
        PATH.write_text(json.dumps(known.to_json(), indent=1) + "\n", encoding="utf-8")
        print(f"written to {PATH}")


if __name__ == "__main__":
    main()
