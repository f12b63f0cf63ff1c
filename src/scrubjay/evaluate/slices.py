"""Which parts of a collection a model does worse on, and how sure that is.

A slice is a set of queries: those with short captions, of one speaker, of dark pictures. It is
compared with all other queries of the same direction.

Interval: the cluster bootstrap over content groups (`evaluate.bootstrap`), or Wilson's where that
is wider, which does not shrink to nothing where every query succeeds.

Test: were successes handed out at random, how often would the slice be as bad? Successes are
exchanged between whole content groups of as many queries, and among the queries of a group:
multi-level block permutation (Winkler, Webster, Vidaurre, Nichols and Smith, "Multi-level block
permutation", NeuroImage 123, 2015). Queries of a group succeed together, so exchanging them one by
one would find differences where there are none; and a bootstrap promises too much of slices of a
few groups, whose spread it cannot see. The test is exact where groups of a size are alike but for
the slice. A group whose size no other has is only exchanged within.

Every slice shown competes with every other: `evaluate.multiple.step_down` over the slices of a
direction, times the directions (Bonferroni). A slice is called worse below ALPHA.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import WrongUse
from scrubjay.evaluate.bootstrap import CONFIDENCE, Estimate, group_codes, group_weights
from scrubjay.evaluate.multiple import alone, holm, step_down
from scrubjay.evaluate.paired import RESAMPLES as PAIRED_RESAMPLES
from scrubjay.evaluate.paired import paired_gain
from scrubjay.evaluate.wilson import wilson

ALPHA: Final = 0.05
CUTOFFS: Final = (1, 10)
RESAMPLES: Final = 1000
FEW_GROUPS: Final = 5
"""With fewer, a slice may be bad because of what these few things are."""
_CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """Queries with something in common.

    Attributes:
        about: what divides the queries: `caption length`.
        name: which part this is: `short`.
        members: (n,) whether each query belongs.
        also: what else has the very same queries: `tag: new`.
    """

    about: str
    name: str
    members: NDArray[np.bool_]
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A slice under this version against another one, on the queries both answered.

    Attributes:
        gain: this version minus the other.
        p: of a change as large, in either direction, if both were equally good.
        adjusted: the same, all slices shown taken together (Holm 1979).
    """

    gain: Estimate
    p: float
    adjusted: float

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {"gain": self.gain.to_json(), "p": self.p, "p_adjusted": self.adjusted}


@dataclass(frozen=True, slots=True)
class SliceFigures:
    """One slice, measured.

    Attributes:
        n_groups: content groups among its queries.
        recall: cut-off -> share of its queries with a right answer among the first so many.
        difference: recall at the judged cut-off, minus that of all other queries.
        p: of a slice as bad, if being in it made no difference.
        adjusted: the same, all slices shown taken together.
        also: as of the slice.
        change: against another version, where there is one.
    """

    about: str
    name: str
    n_queries: int
    n_groups: int
    recall: dict[int, Estimate]
    difference: Estimate
    p: float
    adjusted: float
    also: tuple[str, ...] = ()
    change: Change | None = None

    @property
    def worse(self) -> bool:
        """Whether it is shown that the slice is worse than the rest."""
        return self.adjusted < ALPHA and self.difference.value < 0

    @property
    def few(self) -> bool:
        """Whether its queries are about so few things that these may be the reason."""
        return self.n_groups < FEW_GROUPS

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "about": self.about,
            "name": self.name,
            "also": list(self.also),
            "n_queries": self.n_queries,
            "n_groups": self.n_groups,
            "recall": {str(k): one.to_json() for k, one in self.recall.items()},
            "difference": self.difference.to_json(),
            "p": self.p,
            "p_adjusted": self.adjusted,
            "worse": self.worse,
            "change": self.change.to_json() if self.change else None,
        }


def judged_cutoff(ranks: NDArray[np.int64], cutoffs: Sequence[int] = CUTOFFS) -> int:
    """The cut-off that tells queries apart best: whose recall over all is nearest to one half.

    Chosen before any slice is looked at; of two as near, the stricter.
    """
    return min(cutoffs, key=lambda k: (abs(float((ranks <= k).mean()) - 0.5), k))


def measure_slices(
    ranks: NDArray[np.int64],
    groups: Sequence[str] | NDArray[Any],
    slices: Sequence[Slice],
    *,
    judged_at: int,
    directions: int = 1,
    cutoffs: Sequence[int] = CUTOFFS,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[SliceFigures]:
    """Figures of every slice, in the order given; `ranked` puts the worst first.

    Args:
        ranks: (n,) rank of each query's first right answer, 1 is best.
        groups: n content groups.
        slices: each of some, not all, of the queries.
        judged_at: the cut-off differences and tests are about; one of `cutoffs`.
        directions: how many such families are looked at together.
        resamples: collections drawn for intervals, and exchanges for tests.
        seed: the same seed gives the same figures.

    Raises:
        WrongUse: lengths that differ, or a slice of no query or of all.
    """
    members = _members(ranks, groups, slices)
    if not slices:
        return []
    codes, n_groups = group_codes(np.asarray(groups))
    success = np.stack([ranks <= k for k in cutoffs], axis=1).astype(np.float64)
    judged = list(cutoffs).index(judged_at)
    sizes = members.sum(axis=1)
    recall = (members @ success) / sizes[:, None]
    rest = (success.sum(axis=0) - members @ success) / (len(ranks) - sizes)[:, None]
    difference = recall[:, judged] - rest[:, judged]
    lows, highs = _intervals(success, codes, n_groups, members, judged, resamples, seed)
    observed, drawn = _exchanged(success[:, judged], codes, members, resamples, seed)
    ps, together = alone(observed, drawn), step_down(observed, drawn)
    figures = []
    for at, one in enumerate(slices):
        n = int(sizes[at])
        estimates = {}
        for place, k in enumerate(cutoffs):
            low, high = wilson(float(recall[at, place]), n)
            estimates[k] = Estimate(
                float(recall[at, place]),
                max(0.0, min(low, float(lows[at, place]))),
                min(1.0, max(high, float(highs[at, place]))),
            )
        figures.append(
            SliceFigures(
                about=one.about,
                name=one.name,
                also=one.also,
                n_queries=n,
                n_groups=len(np.unique(codes[one.members])),
                recall=estimates,
                difference=Estimate(
                    float(difference[at]), float(lows[at, -1]), float(highs[at, -1])
                ),
                p=float(ps[at]),
                adjusted=min(1.0, directions * float(together[at])),
            )
        )
    return figures


def ranked(figures: Sequence[SliceFigures]) -> list[SliceFigures]:
    """Slices shown to be worse first, then all by the size of their deficit."""
    return sorted(figures, key=lambda one: (not one.worse, one.difference.value))


def with_changes(
    figures: Sequence[Sequence[SliceFigures]],
    slices: Sequence[Sequence[Slice]],
    ranks: Sequence[NDArray[np.int64]],
    others: Sequence[NDArray[np.int64]],
    groups: Sequence[Sequence[str] | NDArray[Any]],
    judged_at: Sequence[int],
    *,
    seed: int = 0,
) -> list[list[SliceFigures]]:
    """The figures with each slice's change against another version; one entry a direction.

    Paired, query by query, groups resampled (`evaluate.paired`); all together by Holm (1979).

    Args:
        others: ranks under the other version of the same queries; 0 where it has none.
    """
    total = sum(len(one) for one in figures)
    # Two-sided and times `total`, the smallest p the resamples can say must still be below ALPHA.
    resamples = max(PAIRED_RESAMPLES, round(3 * total / ALPHA))
    changes: list[Change | None] = []
    for own, mine, theirs, group, k in zip(slices, ranks, others, groups, judged_at, strict=True):
        known, names = theirs > 0, np.asarray(group)
        for one in own:
            kept = one.members & known
            if not kept.any():
                changes.append(None)
                continue
            gain = paired_gain(
                (theirs[kept] <= k).astype(np.float64),
                (mine[kept] <= k).astype(np.float64),
                names[kept],
                resamples=resamples,
                seed=seed,
            )
            p = min(1.0, 2 * min(gain.p_at_most(0.0), gain.p_at_least(0.0)))
            changes.append(Change(Estimate(gain.value, gain.low, gain.high), p, p))
    adjusted = iter(holm([one.p for one in changes if one is not None]))
    told = iter(None if one is None else replace(one, adjusted=next(adjusted)) for one in changes)
    return [[replace(one, change=next(told)) for one in own] for own in figures]


def _members(
    ranks: NDArray[np.int64], groups: Sequence[str] | NDArray[Any], slices: Sequence[Slice]
) -> NDArray[np.float64]:
    """(slices, n) ones and zeros."""
    if len(ranks) != len(groups):
        raise WrongUse(f"{len(ranks)} ranks but {len(groups)} content groups; one each")
    for one in slices:
        if one.members.shape != ranks.shape or not 0 < one.members.sum() < len(ranks):
            raise WrongUse(
                f"slice {one.about} {one.name!r} holds {int(one.members.sum())} of {len(ranks)} "
                f"queries; it needs some, and some beside it"
            )
    return np.array([one.members for one in slices], np.float64).reshape(-1, len(ranks))


def _intervals(
    success: NDArray[np.float64],
    codes: NDArray[np.int64],
    n_groups: int,
    members: NDArray[np.float64],
    judged: int,
    resamples: int,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lows and highs (slices, cut-offs + 1): of every recall, and of the difference at the last."""
    inside = [_totals(codes, n_groups, members * column) for column in success.T]
    sizes = _totals(codes, n_groups, members)
    outside = _totals(codes, n_groups, (1 - members) * success[:, judged])
    others = _totals(codes, n_groups, 1 - members)
    drawn = []
    for weights in group_weights(n_groups, resamples, seed):
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = [(weights @ one) / (weights @ sizes) for one in inside]
            apart = shares[judged] - (weights @ outside) / (weights @ others)
        drawn.append(np.stack([*shares, apart], axis=2))
    tail = 100 * (1 - CONFIDENCE) / 2
    # A draw without any query of the slice says nothing of it.
    low, high = _nan_percentiles(np.concatenate(drawn), (tail, 100 - tail))
    return low, high


def _nan_percentiles(
    drawn: NDArray[np.float64], at: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    flat = drawn.reshape(len(drawn), -1)
    found = np.percentile(flat, at, axis=0)
    for column in np.flatnonzero(np.isnan(found).any(axis=0)):
        known = flat[:, column][~np.isnan(flat[:, column])]
        found[:, column] = np.percentile(known, at) if len(known) else (-1.0, 1.0)
    low, high = found.reshape(2, *drawn.shape[1:])
    return low, high


def _totals(
    codes: NDArray[np.int64], n_groups: int, values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(groups, slices): sums of (slices, n) over the queries of each group."""
    totals = [np.bincount(codes, weights=row, minlength=n_groups) for row in values]
    return np.stack(totals, axis=1)


def _exchanged(
    success: NDArray[np.float64],
    codes: NDArray[np.int64],
    members: NDArray[np.float64],
    resamples: int,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far each slice falls short of what is expected: observed (m,), exchanged (draws, m).

    In standard deviations of the exchanges, the observed one among them; 0 where none changes it.
    """
    n = len(success)
    sizes = np.bincount(codes)
    # Groups of a size side by side, and the queries of a group.
    layout = np.lexsort((np.arange(n), codes, sizes[codes]))
    successes = success[layout].astype(np.float32)
    within = members[:, layout].T.astype(np.float32)
    blocks = codes[layout]
    rng = np.random.default_rng(seed)
    at_once = max(1, _CELLS_AT_ONCE // n)
    pieces = [successes[None] @ within]
    for start in range(0, resamples, at_once):
        order = _orders(rng, min(at_once, resamples - start), blocks, sizes)
        pieces.append(successes[order] @ within)
    hits = np.concatenate(pieces).astype(np.float64)
    spread = hits.std(axis=0)
    short = (hits.mean(axis=0) - hits) / np.where(spread > 0, spread, 1.0)
    return short[0], short[1:]


def _orders(
    rng: np.random.Generator, draws: int, blocks: NDArray[np.int64], sizes: NDArray[np.int64]
) -> NDArray[np.int64]:
    """(draws, n) places the successes come from: groups of one size exchanged, and all within.

    `blocks` must have groups of a size side by side, smaller sizes first.
    """
    if sizes.max() == 1:
        return rng.random((draws, len(blocks)), np.float32).argsort(axis=1)
    # Where each group goes: its rank among the groups, those of its own size only.
    keys = sizes + 0.999 * rng.random((draws, len(sizes)))
    places = np.empty((draws, len(sizes)))
    np.put_along_axis(
        places, keys.argsort(axis=1), np.arange(len(sizes), dtype=np.float64)[None], axis=1
    )
    shuffled: NDArray[np.int64] = (
        places[:, blocks] + 0.999 * rng.random((draws, len(blocks)))
    ).argsort(axis=1)
    return shuffled
