"""What the gate does with models that were really trained, of which the truth is known.

    python bench/gate_models.py --trials 200

Things have a kind and six properties; a noisy picture of 48 numbers shows them, a caption of
synonyms and idle words names some of them. Every month brings new kinds. Two small towers learn
which caption belongs to which picture. Each trial holds out things nobody has seen, 1,000 of this
month and 400 of each of three earlier ones, and the gate decides with its default settings on what
both models find among them. What is true is measured on other things, ten thousand of this month.

Equal: the champion's recipe with another seed; no model is special, every one is champion in one
trial and challenger in another. Better: more pairs of this month, more steps. Degraded:
each spoiled in its own way. `--start base` fits every model from one taught beforehand, as
Scrubjay's months do; `--start nothing` from weights of its own. `--models` trains fewer models than
there are trials and pairs them anew in each.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from gate_world import (
    BETTER,
    CHAMPION,
    EARLIER,
    HELD_OUT,
    NAMES,
    OF_EARLIER,
    THIS,
    Floats,
    Things,
    Towers,
    World,
    degraded,
    found,
    open_school,
)
from scrubjay.core.types import Item, Kind, Modality, Split
from scrubjay.evaluate.examples import View
from scrubjay.evaluate.health import inspect_rows
from scrubjay.retrain.gating.decision import Decision
from scrubjay.retrain.gating.frozen import comparisons, outcomes
from scrubjay.retrain.gating.gates import decide
from scrubjay.retrain.gating.settings import GateSettings

TRUTH_SETS = 10


def items() -> list[Item]:
    """What the frozen things are called; the same every time."""
    months = [THIS] * HELD_OUT + [month for month in EARLIER for _ in range(OF_EARLIER)]
    return [
        Item(
            id=f"{place:04d}",
            kind=Kind.IMAGE,
            uris=(f"{place:04d}.png",),
            sha256="",
            group=f"{place:04d}",
            split=Split.TEST,
            month=NAMES[month],
            size=0,
        )
        for place, month in enumerate(months)
    ]


def views(rows: Mapping[Modality, Floats], frozen: Sequence[Item]) -> dict[Modality, View]:
    """Both sides as the month sees them: rows that are no numbers are left out."""
    seen = {}
    for modality, vectors in rows.items():
        kept = np.flatnonzero(np.isfinite(vectors).all(axis=1))
        some = [frozen[int(place)] for place in kept]
        groups, uris = tuple(one.group for one in some), tuple(one.uri for one in some)
        seen[modality] = View(modality, vectors[kept], groups, uris, ("",) * len(some))
    return seen


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A decision, and how far the two models agreed on this month's held-out part."""

    decision: Decision
    correlation: float


def judge(champion: Towers, challenger: Towers, things: Things, frozen: Sequence[Item]) -> Trial:
    """Let the gate decide on frozen things with its default settings."""
    mine, theirs = challenger.encode(things), champion.encode(things)
    sets = comparisons(
        outcomes(views(mine, frozen), views(theirs, frozen)),
        frozen,
        new=[one.id for one in frozen[:HELD_OUT]],
        month=NAMES[THIS],
    )
    decision = decide(sets, health=inspect_rows(mine.values()), settings=GateSettings())
    return Trial(decision, agreement(sets[0].champion, sets[0].challenger))


def agreement(first: NDArray[np.float64] | None, second: NDArray[np.float64]) -> float:
    """Correlation of two models' successes; nothing agrees with what never changes."""
    if first is None or not (first.std() and second.std()):
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


@dataclass(frozen=True, slots=True)
class Truth:
    """R@10 on things that no decision is taken on: this month's, and each earlier month's."""

    this: float
    months: tuple[float, ...]

    @property
    def earlier(self) -> float:
        """All earlier months together; they are of one size."""
        return sum(self.months) / len(self.months)


def truth(model: Towers, sets: Sequence[Things]) -> Truth:
    right = np.stack([found(model, things) for things in sets])
    months = np.split(right[:, HELD_OUT:], len(EARLIER), axis=1)
    return Truth(float(right[:, :HELD_OUT].mean()), tuple(float(one.mean()) for one in months))


Tried: TypeAlias = tuple[float, float, Trial]
"""True gain this month, true gain on the earlier months, and what the gate made of it."""


def share(promoted: Sequence[bool]) -> str:
    """`7 of 200 (3.5%, 1.7 to 7.0)`: Wilson's 95% interval."""
    n, z = len(promoted), NormalDist().inv_cdf(0.975)
    if not n:
        return "0 of 0"
    p = sum(promoted) / n
    middle, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
    return f"{sum(promoted)} of {n} ({p:.1%}, {100 * max(low, 0):.1f} to {100 * high:.1f})"


def points(values: Sequence[float]) -> str:
    return f"{100 * np.mean(values):.2f} points (spread {100 * np.std(values):.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--models", type=int, help="of each recipe; one a trial when not given")
    parser.add_argument("--start", choices=sorted(CHAMPION), default="base")
    given = parser.parse_args()
    torch.set_num_threads(1)
    study(given.start, given.trials, given.models or given.trials)


def study(start: str, trials: int, models: int) -> None:
    """Teach, measure the truth, let the gate decide, and say what it did."""
    if not trials <= models * (models - 1):
        raise SystemExit(f"{models} models make fewer than {trials} pairs; train more")
    began, world, frozen = time.perf_counter(), World(), items()
    school, recipe = open_school(world, start), CHAMPION[start]
    rich = BETTER[start]
    champions = school.fit(recipe, range(models))
    betters = school.fit(rich, range(models, 2 * models))
    spoiled = degraded(school, recipe, rich)
    print(
        f"start from {start}: {models} models of {recipe.pairs} pairs of this month, {models} of "
        f"{rich.pairs}, {len(spoiled)} degraded, taught in {time.perf_counter() - began:.0f} s"
    )
    unseen = [world.frozen(np.random.default_rng([2, place])) for place in range(TRUTH_SETS)]
    known = [truth(model, unseen) for model in champions]
    above = [truth(model, unseen) for model in betters]
    print(f"true R@10 of the champion's recipe {points([one.this for one in known])}")

    equal: list[Tried] = []
    better: list[Tried] = []
    for trial in range(trials):
        first, turn = trial % models, trial // models
        things = world.frozen(np.random.default_rng([3, trial]))
        for kept, those, truths, second in (
            (equal, champions, known, (first + 1 + turn) % models),
            (better, betters, above, (first + turn) % models),
        ):
            kept.append(
                (
                    truths[second].this - known[first].this,
                    truths[second].earlier - known[first].earlier,
                    judge(champions[first], those[second], things, frozen),
                )
            )
    report("equal", equal, 0.0)
    report("better", better, 0.05)
    refused(spoiled, champions[0], known[0], world, unseen, frozen)
    print(f"in all {time.perf_counter() - began:.0f} s")


def report(name: str, tried: Sequence[Tried], meant: float) -> None:
    """Who was promoted, of all and of those whose true gain is what was meant."""
    gains = [gain for gain, _, _ in tried]
    passed = [one.decision.promoted for _, _, one in tried]
    print(f"{name}: promoted {share(passed)}")
    print(f"  true gain this month {points(gains)}; earlier {points([e for _, e, _ in tried])}")
    near = [abs(gain - meant) <= 0.005 for gain in gains]
    print(f"  of those within half a point of {100 * meant:g}: {share(_chosen(passed, near))}")
    not_better = [gain <= 0 for gain in gains]
    print(f"  of those truly no better: {share(_chosen(passed, not_better))}")
    print(f"  correlation of the two {np.mean([one.correlation for _, _, one in tried]):.2f}")
    stopped: dict[str, int] = {}
    for _, _, one in tried:
        for check in one.decision.checks:
            if check.refuses:
                stopped[check.name] = stopped.get(check.name, 0) + 1
    print(f"  refused for {stopped}")


def _chosen(passed: Sequence[bool], which: Sequence[bool]) -> list[bool]:
    return [one for one, wanted in zip(passed, which, strict=True) if wanted]


def refused(
    spoiled: Mapping[str, Towers],
    champion: Towers,
    known: Truth,
    world: World,
    unseen: Sequence[Things],
    frozen: Sequence[Item],
) -> None:
    """Every degraded challenger: what is true of it, and what stopped it."""
    kept = 0
    for place, (name, model) in enumerate(spoiled.items()):
        one, things = truth(model, unseen), world.frozen(np.random.default_rng([4, place]))
        decision = judge(champion, model, things, frozen).decision
        kept += not decision.promoted
        why = ", ".join(f"{c.name} ({c.rule})" for c in decision.checks if c.refuses) or "PROMOTED"
        this, earlier = 100 * (one.this - known.this), 100 * (one.earlier - known.earlier)
        worst = 100 * min(a - b for a, b in zip(one.months, known.months, strict=True))
        print(f"  {name:<36} {this:+6.1f} {earlier:+6.1f} {worst:+6.1f}  {why}")
    print(
        f"degraded: refused {kept} of {len(spoiled)}; before the reasons true changes in points: "
        "this month, earlier months, the worst of them"
    )


if __name__ == "__main__":
    main()
