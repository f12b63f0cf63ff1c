"""Whether new vectors are still like those a version was trained on, and how unlike they are.

The statistic is the energy distance between two samples (Székely and Rizzo, "Energy statistics: a
class of statistics based on distances", *Journal of Statistical Planning and Inference*, 2013,
section 4), without the pairs of a vector with itself: 0 on average when both samples come from one
distribution, above 0 for any two different ones, however they differ. Its null is a permutation
test (the same, section 4.3): both samples are thrown together and drawn apart again, so that the p
is right for any number of vectors in any space, as long as vectors are independent of each other.
Five descriptions of one picture are not: of a content group one vector counts.

With enough vectors any difference is significant, hence an effect size decides with the p: how
often a new and an old vector, picked at random, are told apart. Every vector is placed by its mean
distance to the old vectors less that to the new ones (the witness function of Gretton et al., "A
kernel two-sample test", JMLR 2012, section 2.3, for the kernel whose distance this is: Sejdinovic
et al., *Annals of Statistics*, 2013), and the new one should lie higher. Vectors are placed by
those of other folds only, and compared within their fold: then chance tells exactly half apart.
Where a share of the new vectors is like nothing old and the rest as ever, it is at most
0.5 + share / 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import BadConfig, WrongUse

_AT_ONCE = 100
_FOLDS = 5
_SHOWN = 5
_TIE = 1e-12
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class DriftSettings:
    """When a drift is worth a warning; both thresholds must be passed.

    Attributes:
        told_apart: how often a new and an old vector are told apart; 0.5 is chance, 1 always.
        alpha: how often vectors that did not drift may look as if they did.
        minimum_n: content groups of either side below which nothing is said.
        sample: content groups compared of either side; of more, so many are drawn at random.
        permutations: of the test.
        seed: the same seed gives the same figures.
    """

    told_apart: float = 0.6
    alpha: float = 0.01
    minimum_n: int = 30
    sample: int = 1_000
    permutations: int = 999
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing.

        Raises:
            BadConfig: a value outside its range.
        """
        # An alpha that one permutation more or less decides is no alpha.
        enough = (self.permutations + 1) * self.alpha >= 2
        ranges: list[tuple[str, float, bool, str]] = [
            ("alpha", self.alpha, 0 < self.alpha < 0.5, "between 0 and 0.5"),
            ("told_apart", self.told_apart, 0.5 <= self.told_apart <= 1, "between 0.5 and 1"),
            ("minimum_n", self.minimum_n, self.minimum_n >= _FOLDS, f"at least {_FOLDS}"),
            ("sample", self.sample, self.sample >= self.minimum_n, "at least minimum_n"),
            ("permutations", self.permutations, enough, "2 / alpha or more"),
        ]
        for name, value, right, allowed in ranges:
            if not right:
                raise BadConfig(f"drift.{name} is {value:g}; it must be {allowed}")


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """A sample of one space.

    Attributes:
        rows: (n, dim) float32, finite.
        groups: n content groups; None where every row is independent of the others.
    """

    rows: NDArray[np.float32]
    groups: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """What became of one kind of vectors.

    Attributes:
        name: what was compared: a modality, or queries.
        n_reference: content groups compared of what the version was trained on.
        n_new: content groups compared of what is new.
        distance: the energy distance as a share of the mean distance between the samples: about
            0 where nothing drifted (it may be below), 1 where all of one are alike and all of the
            other elsewhere; None where too few were there to say.
        p: how often chance alone moves them as far; None as before.
        told_apart: how often a new and an old vector are told apart, 0.5 by chance; None as
            before.
        most_unlike: places of the new vectors that have no old one near, the loneliest first.
        warns: both thresholds are passed.
    """

    name: str
    n_reference: int
    n_new: int
    distance: float | None = None
    p: float | None = None
    told_apart: float | None = None
    most_unlike: tuple[int, ...] = ()
    warns: bool = False

    @property
    def statement(self) -> str:
        """The outcome in words, with its figures."""
        if self.p is None or self.told_apart is None:
            few = f"{self.n_new} new, {self.n_reference} before"
            return f"{self.name}: too few to say whether they drifted ({few})"
        return (
            f"{self.name}: {'drifted' if self.warns else 'no drift worth a warning'}; a new and an "
            f"old one are told apart {self.told_apart:.0%} of the time (50% by chance; "
            f"p {self.p:.3f}, {self.n_new} new, {self.n_reference} before)"
        )

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        named = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**named, "most_unlike": list(self.most_unlike), "statement": self.statement}


def drifts(
    reference: Mapping[str, Vectors],
    new: Mapping[str, Vectors],
    settings: DriftSettings | None = None,
) -> list[Drift]:
    """Compare every kind of new vectors with the reference of the same name.

    A kind without a reference is said to have too few to compare.

    Raises:
        WrongUse: see `drift`.
    """
    return [
        drift(reference.get(name, Vectors(vectors.rows[:0])), vectors, name=name, settings=settings)
        for name, vectors in new.items()
    ]


def drift(
    reference: Vectors, new: Vectors, *, name: str, settings: DriftSettings | None = None
) -> Drift:
    """Compare new vectors with those a version was trained on.

    Costs (2 x sample)^2 distances and a matrix product of them for every hundred permutations:
    about a second at the default sample.

    Args:
        reference: of the training snapshot, or queries of that time.
        new: in the same space: made by the same version.
        name: what they are, for people.
        settings: thresholds; the default ones when not given.

    Raises:
        WrongUse: rows of another shape or width, not finite, or without a group each.
    """
    chosen = settings if settings is not None else DriftSettings()
    old_rows, new_rows = _rows(name, reference), _rows(name, new)
    if old_rows.shape[1] != new_rows.shape[1]:
        raise WrongUse(
            f"{name}: reference vectors have {old_rows.shape[1]} numbers and new ones "
            f"{new_rows.shape[1]}; embed both with the same version"
        )
    rng = np.random.default_rng(chosen.seed)
    old_places = _drawn(reference, chosen.sample, rng)
    new_places = _drawn(new, chosen.sample, rng)
    n_old, n_new = len(old_places), len(new_places)
    if min(n_old, n_new) < chosen.minimum_n:
        return Drift(name, n_old, n_new)
    distances = _distances(np.concatenate([old_rows[old_places], new_rows[new_places]]))
    is_new = np.arange(n_old + n_new) >= n_old
    observed = _energies(distances, is_new[:, None].astype(np.float64))[0]
    p = _p(distances, observed, n_new, chosen.permutations, rng)
    fold = np.concatenate([rng.permutation(n) % _FOLDS for n in (n_old, n_new)])
    witness = _witness(distances, is_new, fold)
    told_apart = _told_apart(witness, is_new, fold)
    apart = distances[np.ix_(~is_new, is_new)]
    between = float(apart.mean())
    order = np.argsort(-apart.min(axis=0), kind="stable")[:_SHOWN]
    return Drift(
        name,
        n_old,
        n_new,
        distance=float(observed) / (2 * between) if between else 0.0,
        p=p,
        told_apart=told_apart,
        most_unlike=tuple(new_places[order].tolist()),
        warns=p <= chosen.alpha and told_apart >= chosen.told_apart,
    )


def _rows(name: str, vectors: Vectors) -> NDArray[np.float64]:
    rows = np.asarray(vectors.rows, np.float64)
    if rows.ndim != 2:
        raise WrongUse(f"{name}: vectors must be rows of one matrix, not of shape {rows.shape}")
    if vectors.groups is not None and len(vectors.groups) != len(rows):
        raise WrongUse(f"{name}: {len(rows)} vectors with {len(vectors.groups)} groups; give each")
    wrong = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(wrong):
        raise WrongUse(f"{name}: vector {wrong[0]} is not finite; embed its item anew")
    return rows


def _drawn(vectors: Vectors, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Places of at most `most` rows, no two of one group."""
    places = rng.permutation(len(vectors.rows))
    if vectors.groups is not None:
        _, first = np.unique(np.asarray(vectors.groups)[places], return_index=True)
        places = places[np.sort(first)]
    return np.sort(places[:most])


def _distances(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, n) Euclidean distances, as multiples of their mean where it is not 0."""
    squares = np.einsum("ij,ij->i", rows, rows)
    summed = squares[:, None] + squares[None]
    squared = summed - 2 * (rows @ rows.T)
    np.fill_diagonal(squared, 0.0)
    # What rounding leaves of equal rows is no distance.
    squared[squared <= _ROUNDING * summed] = 0.0
    distances: NDArray[np.float64] = np.sqrt(squared)
    return distances / (distances.mean() or 1.0)


def _energies(distances: NDArray[np.float64], drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Energy distance of the rows each column of `drawn` (n, m) has as 1 from the others: (m,)."""
    n_new = drawn.sum(axis=0)
    n_old = len(distances) - n_new
    to_all = distances.sum(axis=1)
    within_new = np.einsum("ij,ij->j", drawn, distances @ drawn)
    between = to_all @ drawn - within_new
    within_old = to_all.sum() - 2 * between - within_new
    energies: NDArray[np.float64] = (
        2 * between / (n_old * n_new)
        - within_old / (n_old * (n_old - 1))
        - within_new / (n_new * (n_new - 1))
    )
    return energies


def _p(
    distances: NDArray[np.float64],
    observed: float,
    n_new: int,
    permutations: int,
    rng: np.random.Generator,
) -> float:
    """How often as many rows drawn at random are as far from the others."""
    as_far = 0
    for start in range(0, permutations, _AT_ONCE):
        drawn = np.zeros((len(distances), min(_AT_ONCE, permutations - start)))
        for column in drawn.T:
            column[rng.choice(len(distances), n_new, replace=False)] = 1.0
        as_far += int(np.count_nonzero(_energies(distances, drawn) >= observed - _TIE))
    return (1 + as_far) / (1 + permutations)


def _witness(
    distances: NDArray[np.float64], is_new: NDArray[np.bool_], fold: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(n,): mean distance to the old rows of other folds less that to the new ones of those."""
    witness = np.empty(len(distances))
    for one in range(_FOLDS):
        inside = fold == one
        to_old = distances[np.ix_(inside, ~inside & ~is_new)].mean(axis=1)
        to_new = distances[np.ix_(inside, ~inside & is_new)].mean(axis=1)
        witness[inside] = to_old - to_new
    return witness


def _told_apart(
    witness: NDArray[np.float64], is_new: NDArray[np.bool_], fold: NDArray[np.int64]
) -> float:
    """Share of the pairs of an old and a new row of one fold in which the new one lies higher."""
    shares = []
    for one in range(_FOLDS):
        old = np.sort(witness[(fold == one) & ~is_new])
        new = witness[(fold == one) & is_new]
        below = np.searchsorted(old, new, side="left") + np.searchsorted(old, new, side="right")
        shares.append(below.mean() / 2 / len(old))
    return float(np.mean(shares))
