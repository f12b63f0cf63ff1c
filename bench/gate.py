"""What the gate does with challengers whose truth is known: simulated successes, many times over.

    python bench/gate.py --trials 200

Two models' successes on one query are a pair of coins with given means and a given correlation:
models of the same recipe agree on most queries, and the more they agree the less their difference
spreads. First table: this month's held-out part alone. Second table: a challenger 5 points better
this month, with earlier months beside it, by what it did to those.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from scrubjay.evaluate.health import RowHealth
from scrubjay.retrain.gating.gates import Comparison, decide
from scrubjay.retrain.gating.settings import GateSettings, Part

HEALTHY = RowHealth(rows=1000, not_finite=0, worst_length=0.0)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--queries", type=int, default=1000, help="in this month's held-out part")
    parser.add_argument("--gain", type=float, default=0.05)
    return parser.parse_args()


def coins(
    rng: np.random.Generator, n: int, *, base: float, gain: float, correlation: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Successes (n,) of a champion with mean `base` and a challenger with mean `base + gain`."""
    other = base + gain
    both = base * other + correlation * np.sqrt(base * (1 - base) * other * (1 - other))
    both = min(both, base, other)
    drawn = rng.random(n)
    champion = drawn < base
    challenger = (drawn < both) | ((drawn >= base) & (drawn < base + other - both))
    return champion.astype(np.float64), challenger.astype(np.float64)


def compared(
    rng: np.random.Generator,
    name: str,
    part: Part,
    n: int,
    *,
    base: float = 0.5,
    gain: float,
    correlation: float,
) -> Comparison:
    """A simulated frozen set of n queries, each its own content group."""
    champion, challenger = coins(rng, n, base=base, gain=gain, correlation=correlation)
    return Comparison(name, part, np.arange(n), challenger, champion)


def spread(n: int, *, base: float, gain: float, correlation: float) -> float:
    """Standard error of the mean difference of n such pairs of coins."""
    first, second = base * (1 - base), (base + gain) * (1 - base - gain)
    variance = first + second - 2 * correlation * np.sqrt(first * second)
    return float(np.sqrt(variance / n))


def promoted(trials: int, sets: Callable[[np.random.Generator], Sequence[Comparison]]) -> float:
    """Share of simulated challengers that are promoted."""
    rng = np.random.default_rng(0)
    decisions = [decide(sets(rng), health=HEALTHY).promoted for _ in range(trials)]
    return sum(decisions) / trials


def main() -> None:
    given = arguments()
    alone(given)
    among_months(given)


def this_month(
    rng: np.random.Generator, *, n: int, base: float, gain: float, correlation: float
) -> list[Comparison]:
    """The held-out part alone."""
    return [
        compared(rng, "this month", Part.HELD_OUT, n, base=base, gain=gain, correlation=correlation)
    ]


def after_months(
    rng: np.random.Generator, *, n: int, gain: float, size: int, lost: Sequence[float]
) -> list[Comparison]:
    """The held-out part and earlier months of `size` queries, each with its own change."""
    return [
        *this_month(rng, n=n, base=0.5, gain=gain, correlation=0.6),
        *[
            compared(rng, f"month {i}", Part.EARLIER, size, gain=change, correlation=0.6)
            for i, change in enumerate(lost)
        ],
    ]


def alone(given: argparse.Namespace) -> None:
    """By base success and correlation: error of the gain, and who is promoted."""
    n, gain = given.queries, given.gain
    z = NormalDist().inv_cdf(1 - GateSettings().alpha)
    print(f"{n} queries, {given.trials} challengers each; points: share of queries x 100")
    print(
        f"{'base':>5} {'corr.':>6} {'error':>12} {'worse':>7} {'equal':>7} {'better':>7} "
        f"{'predicted':>10}   promoted when {100 * gain:g} points worse, equal, better"
    )
    for base in (0.2, 0.5, 0.8):
        for correlation in (0.0, 0.2, 0.4, 0.6, 0.8):
            error = spread(n, base=base, gain=gain, correlation=correlation)
            shares = [
                promoted(
                    given.trials,
                    partial(this_month, n=n, base=base, gain=truth, correlation=correlation),
                )
                for truth in (-gain, 0.0, gain)
            ]
            predicted = NormalDist().cdf(gain / error - z)
            print(
                f"{base:>5} {correlation:>6} {100 * error:>5.2f} points "
                + " ".join(f"{share:>7.1%}" for share in shares)
                + f" {predicted:>10.1%}"
            )


def among_months(given: argparse.Namespace) -> None:
    """By number and size of earlier months: who is promoted, by what was forgotten."""
    truths: dict[str, Callable[[int], float]] = {
        "nothing": lambda month: 0.0,
        "5 of all": lambda month: -0.05,
        "10 of one": lambda month: -0.10 if month == 0 else 0.0,
        "20 of one": lambda month: -0.20 if month == 0 else 0.0,
    }
    print(
        f"\n{100 * given.gain:g} points better this month, correlation 0.6; promoted by what was "
        f"forgotten, in points"
    )
    print(f"{'months':>7} {'queries each':>13} " + " ".join(f"{name:>10}" for name in truths))
    for months in (1, 3, 11):
        for size in (50, 150, 500, 2000):
            shares = [
                promoted(
                    given.trials,
                    partial(
                        after_months,
                        n=given.queries,
                        gain=given.gain,
                        size=size,
                        lost=[lost(month) for month in range(months)],
                    ),
                )
                for lost in truths.values()
            ]
            print(f"{months:>7} {size:>13} " + " ".join(f"{share:>10.1%}" for share in shares))


if __name__ == "__main__":
    main()
