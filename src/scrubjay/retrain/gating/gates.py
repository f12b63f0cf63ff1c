"""The gate: whether a challenger becomes champion, with every reason in words.

A pure decision over figures taken beforehand; no input or output.

**The gain.** On this month's held-out part the challenger must be shown better: a one-sided paired
bootstrap over content groups refuses "the gain is at most `minimum_gain`" at `alpha`, so an equal
challenger is promoted with that probability at most. A held-out part too small to be judged shows
no gain, and what shows none replaces nothing.

**Nothing lost.** On all earlier months together, on each of them, on general sets and on slices a
loss must be shown to be smaller than a margin, by `evaluate.noninferiority`: every judged set must
say so, hence a challenger that loses more than the margin on one of them is promoted with
probability `alpha` at most. Half of what may go wrong by chance is the pooled months', where
forgetting shows first; the other sets share the other half, so that a challenger which lost
nothing is refused by all of them together with probability 1 - `equal_passes` + `alpha` at most.

**Sets that cannot tell** are named in the decision as undecided: neither passed nor failed in
silence. Earlier months' queries count in the pool all the same, an evident loss refuses, and
`refuse_undecided` refuses them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import UnknownName, WrongUse
from scrubjay.evaluate.health import RowHealth
from scrubjay.evaluate.noninferiority import Loss, NoLoss, no_loss
from scrubjay.evaluate.paired import PairedGain, paired_gain, successes
from scrubjay.retrain.gating.decision import Check, Decision, Outcome
from scrubjay.retrain.gating.settings import GateSettings, Part

POOL = "all earlier months"
POOL_SHARE = 0.5
"""Of what may go wrong by chance over all regression checks, the part the pooled months get."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Both models on one frozen set.

    Attributes:
        name: as people know it: `2026-11`, `language: de`.
        groups: n content groups.
        challenger: (n,) success of each query, 0 to 1; whether a right answer is among the first
            ten, for instance.
        champion: (n,) of the same queries; None when there is no champion yet.
    """

    name: str
    part: Part
    groups: Sequence[str] | NDArray[Any]
    challenger: NDArray[np.float64]
    champion: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What serving the challenger costs; None is not measured."""

    size_bytes: int | None = None
    latency_ms: float | None = None


def decide(
    comparisons: Sequence[Comparison],
    *,
    health: RowHealth,
    cost: Cost | None = None,
    settings: GateSettings | None = None,
) -> Decision:
    """Promote or refuse a challenger.

    Args:
        comparisons: exactly one held-out part, and any number of earlier months, general sets and
            slices. Without a champion only floors, embeddings and cost are looked at.
        health: of the challenger's embeddings.
        cost: by default nothing was measured.

    Raises:
        WrongUse: no or several held-out parts, two sets of one name, a champion on some sets
            only, outcomes that do not fit.
        UnknownName: a floor for a set that is not there.
    """
    settings = settings or GateSettings()
    _check_sets(comparisons, settings)
    checks = [_embeddings(health, settings), *_costs(cost or Cost(), settings)]
    checks += [_floor(one, settings) for one in comparisons if one.name in settings.floors]
    if comparisons[0].champion is None:
        checks.append(
            Check(
                "champion",
                "gain",
                Outcome.PASSED,
                "there is no champion to compare with; the challenger is the first",
                refuses=False,
            )
        )
    else:
        held_out = next(one for one in comparisons if one.part is Part.HELD_OUT)
        checks.append(_gain(held_out, settings))
        checks += _regressions(comparisons, settings)
    return Decision(not any(one.refuses for one in checks), tuple(checks), settings)


def _check_sets(comparisons: Sequence[Comparison], settings: GateSettings) -> None:
    names = [one.name for one in comparisons]
    held_out = [one.name for one in comparisons if one.part is Part.HELD_OUT]
    if len(held_out) != 1:
        raise WrongUse(f"the gate needs one held-out part, not {len(held_out)} {held_out}")
    twice = sorted({name for name in [*names, POOL] if [*names, POOL].count(name) > 1})
    if twice:
        raise WrongUse(f"two sets are called {', '.join(twice)}; give each its own name")
    if len({one.champion is None for one in comparisons}) > 1:
        raise WrongUse("the champion was measured on some sets only; measure it on all or none")
    for name in settings.floors:
        if name not in names:
            raise UnknownName("set with a floor", name, names)


def _embeddings(health: RowHealth, settings: GateSettings) -> Check:
    if not health.rows:
        wrong = "the challenger's embeddings were not looked at; encode some items first"
    elif health.not_finite:
        wrong = f"{health.not_finite} of {health.rows} embeddings hold numbers that are not finite"
    elif health.worst_length > settings.unit_tolerance:
        wrong = (
            f"embeddings are not of unit length: one is off by {health.worst_length:.2g}, "
            f"{settings.unit_tolerance:g} is allowed"
        )
    else:
        wrong = ""
    good = f"{health.rows} embeddings are finite and of unit length"
    return _plain_check("embeddings", "embeddings", wrong, good, health.to_json())


def _costs(cost: Cost, settings: GateSettings) -> list[Check]:
    measured = [
        ("size", cost.size_bytes, settings.max_bytes, "bytes"),
        ("latency", cost.latency_ms, settings.max_latency_ms, "ms"),
    ]
    checks = []
    for rule, value, limit, unit in measured:
        if limit is None:
            continue
        if value is None:
            wrong = f"the {rule} was not measured, and the gate allows {limit:g} {unit}"
        elif value <= limit:
            wrong = ""
        else:
            wrong = f"the {rule} is {value:,.10g} {unit}; {limit:,.10g} {unit} are allowed"
        good = f"the {rule} is within {limit:,.10g} {unit}"
        checks.append(_plain_check(rule, rule, wrong, good, {"value": value, "limit": limit}))
    return checks


def _floor(one: Comparison, settings: GateSettings) -> Check:
    floor = settings.floors[one.name]
    value = float(successes("challenger", one.challenger).mean())
    said = f"{one.name}: the challenger reaches {_percent(value)}, the floor is {_percent(floor)}"
    wrong = said if value < floor else ""
    return _plain_check(one.name, "floor", wrong, said, {"challenger": value, "floor": floor})


def _plain_check(name: str, rule: str, wrong: str, good: str, figures: Mapping[str, Any]) -> Check:
    outcome = Outcome.FAILED if wrong else Outcome.PASSED
    return Check(name, rule, outcome, wrong or good, refuses=bool(wrong), figures=figures)


def _gain(one: Comparison, settings: GateSettings) -> Check:
    gain = _paired(one, settings)
    p = gain.p_at_most(settings.minimum_gain)
    figures = {
        **_means(one),
        "gain": gain.to_json(),
        "n_queries": gain.n_queries,
        "n_groups": gain.n_groups,
        "minimum_gain": settings.minimum_gain,
        "p": p,
    }
    told = f"{one.name}: {_told(gain)}, p = {p:.2g}"
    asked = f"a gain above {_points(settings.minimum_gain)}"
    if gain.n_groups < settings.minimum_n:
        outcome = Outcome.UNDECIDED
        words = (
            f"{told}; {gain.n_groups} content groups are too few to show a gain, "
            f"at least {settings.minimum_n} are needed: hold out more"
        )
    elif p <= settings.alpha:
        outcome, words = Outcome.PASSED, f"{told}: {asked} is shown"
    else:
        outcome = Outcome.FAILED
        words = f"{told}: {asked} is not shown, p must be at most {settings.alpha:g}"
    return Check(one.name, "gain", outcome, words, outcome is not Outcome.PASSED, figures)


def _regressions(comparisons: Sequence[Comparison], settings: GateSettings) -> list[Check]:
    """The pooled months first, then every single set in the order given."""
    earlier = [one for one in comparisons if one.part is Part.EARLIER]
    single = [
        (one, settings.margin(one.part))
        for one in comparisons
        # A single earlier month is the pool.
        if one.part is not Part.HELD_OUT and not (one.part is Part.EARLIER and len(earlier) == 1)
    ]
    pool = [(_pooled(earlier), settings.pool_margin)] if earlier else []
    pool_share = (POOL_SHARE if single else 1.0) if pool else 0.0
    return [
        *[_regression(one, margin, pool_share, settings) for one, margin in pool],
        *[
            _regression(one, margin, (1 - pool_share) / len(single), settings)
            for one, margin in single
        ],
    ]


def _regression(one: Comparison, margin: float, share: float, settings: GateSettings) -> Check:
    said = no_loss(
        _paired(one, settings),
        margin,
        share=share,
        equal_passes=settings.equal_passes,
        minimum_n=settings.minimum_n,
    )
    outcome = {
        Loss.RULED_OUT: Outcome.PASSED,
        Loss.CANNOT_TELL: Outcome.UNDECIDED,
    }.get(said.loss, Outcome.FAILED)
    refuses = outcome is Outcome.FAILED or (
        outcome is Outcome.UNDECIDED and settings.refuse_undecided
    )
    figures = {**_means(one), **said.to_json()}
    return Check(one.name, "no loss", outcome, _loss_words(one.name, said), refuses, figures)


def _loss_words(name: str, said: NoLoss) -> str:
    told, margin = f"{name}: {_told(said.gain)}", _points(said.margin)
    if said.loss is Loss.RULED_OUT:
        return f"{told}: a loss of {margin} is ruled out, p = {said.p_margin:.2g}"
    if said.loss is Loss.NOT_RULED_OUT:
        return (
            f"{told}: a loss of {margin} is not ruled out, p = {said.p_margin:.2g} must be at "
            f"most {said.gain.alpha:g}"
        )
    if said.loss is Loss.EVIDENT:
        return f"{told}: a loss is evident, p = {said.p_loss:.2g}, and {margin} are allowed"
    return (
        f"{told}: {said.gain.n_groups} content groups cannot tell whether {margin} were lost; "
        f"about {said.needed_groups} could"
    )


def _pooled(earlier: Sequence[Comparison]) -> Comparison:
    champions = [one.champion for one in earlier if one.champion is not None]
    return Comparison(
        name=POOL if len(earlier) > 1 else earlier[0].name,
        part=Part.EARLIER,
        groups=np.concatenate([np.asarray(one.groups) for one in earlier]),
        challenger=np.concatenate([one.challenger for one in earlier]),
        champion=np.concatenate(champions),
    )


def _paired(one: Comparison, settings: GateSettings) -> PairedGain:
    if one.champion is None:
        raise WrongUse(f"{one.name}: the champion was not measured")
    try:
        return paired_gain(
            one.champion,
            one.challenger,
            one.groups,
            alpha=settings.alpha,
            resamples=settings.resamples,
            seed=settings.seed,
        )
    except WrongUse as error:
        raise WrongUse(f"{one.name}: {error}") from error


def _means(one: Comparison) -> dict[str, float]:
    champion = np.asarray(one.champion, np.float64)
    return {"champion": float(champion.mean()), "challenger": float(np.mean(one.challenger))}


def _told(gain: PairedGain) -> str:
    confidence = f"{100 * (1 - 2 * gain.alpha):g}%"
    low, high = 100 * gain.low, 100 * gain.high
    return f"{100 * gain.value:+.1f} points ({confidence} interval {low:+.1f} to {high:+.1f})"


def _points(share: float) -> str:
    return f"{100 * share:g} points"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"
