"""When a search should say that nothing is close enough: a threshold that knows how many it is of.

The best of many wrong rows comes nearer to a query the more rows there are, so a threshold fitted
on a small collection, or on random pairs, lets more and more through as the collection grows. Here
the best wrong score is a largest value: a Gumbel law whose place is a straight line in
sqrt(2 log rows), as it is for the largest of many normal values (Fisher and Tippett, "Limiting
forms of the frequency distribution of the largest or smallest member of a sample", 1928; Gumbel,
"Statistics of Extremes", 1958, section 4.2), fitted on nested galleries of several sizes. Its width
is that of the largest gallery: it shrinks slowly, and too wide a law errs by little. Best scores of
answerable queries keep the shape they have and move along such a line too. The threshold at any
size is where both errors are equal.

What is compared is one number a query, the closeness: a weighted sum of what `CLUES` names. The
simplest of `WAYS` that tells well enough is taken; where none does, nothing is cut.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

CLUES: Final = ("best", "next", "read", "read_mean")
"""What is known of a query's first hits, in this order:

best: the greatest cosine;
next: the mean cosine of the DEPTH - 1 hits after it;
read: the greatest cosine between the query and the caption of one of the first READ hits;
read_mean: the mean cosine between the query and those captions.

The last two are NaN where no caption could be read."""

DEPTH: Final = 50
READ: Final = 10

WAYS: Final[Mapping[str, tuple[int, ...]]] = {
    "cosine": (0,),
    "captions": (2,),
    "cosine and neighbours": (0, 1),
    "all together": (0, 1, 2, 3),
}
"""Name -> the clues it weighs, the simplest first."""

AIM: Final = 0.9
"""Share of absent things that should come back empty, and of answerable queries to be kept."""
LEAST: Final = 0.85
"""Below this share of either, nothing is cut: too many good answers would be lost."""
FEWEST: Final = 40
"""Queries of either sort below which nothing is fitted."""

_LEVELS: Final = np.linspace(0.0, 1.0, 101)
_GUMBEL_MEDIAN: Final = -math.log(-math.log(0.5))
_GUMBEL_TENTH: Final = -math.log(-math.log(0.9))
_NARROWEST: Final = 1e-4
_RIDGE: Final = 1.0
_STEPS: Final = 30


def growth(rows: float) -> float:
    """How far out the largest of so many normal values lies: sqrt(2 log rows)."""
    return math.sqrt(2 * math.log(max(rows, 1.0)))


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line in sqrt(2 log rows)."""

    at_one: float
    slope: float

    def at(self, rows: float) -> float:
        """Its value for so many rows."""
        return self.at_one + self.slope * growth(rows)

    @classmethod
    def through(cls, sizes: Sequence[int], values: Sequence[float]) -> Line:
        """The least-squares line; level where there is only one size."""
        x = np.array([growth(size) for size in sizes])
        if len(x) < 2:
            return cls(float(values[0]), 0.0)
        slope, at_one = np.polyfit(x, np.asarray(values, np.float64), 1)
        return cls(float(at_one), float(slope))


@dataclass(frozen=True, slots=True)
class Shares:
    """How good a cutoff is.

    Attributes:
        kept: share of answerable queries that still find something.
        empty: share of queries for absent things that find nothing.
    """

    kept: float
    empty: float

    @property
    def worse(self) -> float:
        """The smaller of both."""
        return min(self.kept, self.empty)


@dataclass(frozen=True, slots=True)
class Law:
    """One way to tell, and how its closeness is spread at any number of rows.

    Attributes:
        way: of WAYS.
        weights: of CLUES; what has weight 0 need not be known.
        absent_place: of the Gumbel law of queries for absent things.
        absent_width: of that law.
        answerable: (101,) quantiles of answerable queries' closeness at `rows`.
        answerable_slope: how it moves with `growth`.
        rows: in the gallery it was fitted on.
        measured: on queries it was not fitted on, at `rows`.
    """

    way: str
    weights: tuple[float, float, float, float]
    absent_place: Line
    absent_width: float
    answerable: tuple[float, ...]
    answerable_slope: float
    rows: int
    measured: Shares

    @property
    def reads(self) -> bool:
        """Whether it needs captions."""
        return any(self.weights[2:])

    def closeness(self, clues: NDArray[Any]) -> Floats:
        """(n,) of (n, len(CLUES)) clues; NaN where one that counts is not known."""
        used = [at for at, weight in enumerate(self.weights) if weight]
        total: Floats = np.asarray(clues, np.float64)[:, used] @ np.array(self.weights)[used]
        return total

    def expected(self, threshold: float, rows: int) -> Shares:
        """What a threshold does among so many rows."""
        width = max(self.absent_width, _NARROWEST)
        far = min(700.0, -(threshold - self.absent_place.at(rows)) / width)
        below = float(np.interp(threshold - self._moved(rows), self.answerable, _LEVELS))
        return Shares(kept=1.0 - below, empty=math.exp(-math.exp(far)))

    def threshold(self, rows: int) -> float:
        """Where both errors are equal among so many rows."""
        moved = self._moved(rows)
        low, high = self.answerable[0] + moved - 1.0, self.answerable[-1] + moved + 1.0
        for _ in range(60):
            middle = (low + high) / 2
            shares = self.expected(middle, rows)
            low, high = (middle, high) if shares.kept > shares.empty else (low, middle)
        return (low + high) / 2

    def _moved(self, rows: int) -> float:
        """How far answerable queries' closeness lies from where it was fitted."""
        return self.answerable_slope * (growth(rows) - growth(self.rows))

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "way": self.way,
            "weights": list(self.weights),
            "absent": {
                "place": [self.absent_place.at_one, self.absent_place.slope],
                "width": self.absent_width,
            },
            "answerable": {"quantiles": list(self.answerable), "slope": self.answerable_slope},
            "rows": self.rows,
            "measured": {"kept": self.measured.kept, "empty": self.measured.empty},
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Law:
        """A law, read back.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        place = told["absent"]["place"]
        best, following, read, read_mean = (float(one) for one in told["weights"])
        quantiles = tuple(float(one) for one in told["answerable"]["quantiles"])
        law = cls(
            str(told["way"]),
            (best, following, read, read_mean),
            Line(float(place[0]), float(place[1])),
            float(told["absent"]["width"]),
            quantiles,
            float(told["answerable"]["slope"]),
            int(told["rows"]),
            Shares(float(told["measured"]["kept"]), float(told["measured"]["empty"])),
        )
        if len(quantiles) != len(_LEVELS) or law.rows < 1 or not any(law.weights):
            raise ValueError("no law of closeness")
        return law


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """What queries met in galleries of several sizes.

    Attributes:
        sizes: rows, ascending; each gallery holds the one before it.
        absent: size by size, (n, len(CLUES)): everything about the query was taken out.
        answerable: size by size, (m, len(CLUES)): an answer was in.
        absent_groups: (n,) content groups of the queries, as numbers.
        answerable_groups: (m,) the same.
    """

    sizes: tuple[int, ...]
    absent: tuple[Floats, ...]
    answerable: tuple[Floats, ...]
    absent_groups: NDArray[np.int64]
    answerable_groups: NDArray[np.int64]

    def part(self, folds: NDArray[np.bool_]) -> Observed:
        """Queries whose group's fold is chosen.

        Args:
            folds: (groups,) whether a group counts.
        """
        there, answered = folds[self.absent_groups], folds[self.answerable_groups]
        return Observed(
            self.sizes,
            tuple(one[there] for one in self.absent),
            tuple(one[answered] for one in self.answerable),
            self.absent_groups[there],
            self.answerable_groups[answered],
        )


def balance(answerable: NDArray[Any], absent: NDArray[Any], threshold: float) -> Shares:
    """What a threshold does to closenesses that were measured."""
    return Shares(
        kept=float((answerable >= threshold).mean()), empty=float((absent < threshold).mean())
    )


def fit_laws(observed: Observed, *, seed: int = 0) -> tuple[Law, ...]:
    """Every way that can be fitted, the simplest first; judged on queries it was not fitted on.

    Half of the content groups judge what the other half fitted, and the other way round.
    """
    groups = 1 + max(
        observed.absent_groups.max(initial=0), observed.answerable_groups.max(initial=0)
    )
    half = np.random.default_rng(seed).permutation(groups) % 2 == 0
    laws = []
    for way, clues in WAYS.items():
        known = _known(observed, clues)
        if min(len(known.absent_groups), len(known.answerable_groups)) < FEWEST:
            continue
        law = _fit(way, clues, known)
        judged = [
            _judged(_fit(way, clues, known.part(mine)), known.part(~mine)) for mine in (half, ~half)
        ]
        measured = Shares(
            kept=sum(one.kept for one in judged) / 2, empty=sum(one.empty for one in judged) / 2
        )
        laws.append(replace(law, measured=measured))
    return tuple(laws)


def chosen(laws: Sequence[Law]) -> tuple[Law, ...]:
    """The laws to go by, or none: the first one applies wherever its clues are known.

    First comes the simplest that reaches AIM, or the best where none does. Where it reads captions
    a second one may follow, for hits that have none. Nothing below LEAST is good enough.
    """
    good = [law for law in laws if law.measured.worse >= LEAST]
    first = _best(good)
    found = [first]
    if first is not None and first.reads:
        found.append(_best([law for law in good if not law.reads]))
    return tuple(law for law in found if law is not None)


def _best(laws: Sequence[Law]) -> Law | None:
    reaching = [law for law in laws if law.measured.worse >= AIM]
    return reaching[0] if reaching else max(laws, key=lambda law: law.measured.worse, default=None)


def _known(observed: Observed, clues: Sequence[int]) -> Observed:
    """Queries of which these clues are known at every size."""
    there, answered = (
        np.all([np.isfinite(one[:, clues]).all(axis=1) for one in some], axis=0)
        for some in (observed.absent, observed.answerable)
    )
    return Observed(
        observed.sizes,
        tuple(one[there] for one in observed.absent),
        tuple(one[answered] for one in observed.answerable),
        observed.absent_groups[there],
        observed.answerable_groups[answered],
    )


def _fit(way: str, clues: Sequence[int], known: Observed) -> Law:
    """A law of the queries given; judged by nobody yet."""
    weights = np.zeros(len(CLUES))
    weights[list(clues)] = _weights(known.answerable[-1][:, clues], known.absent[-1][:, clues])
    absent = [one[:, clues] @ weights[list(clues)] for one in known.absent]
    answerable = [one[:, clues] @ weights[list(clues)] for one in known.answerable]
    places, widths = zip(*(_gumbel(one) for one in absent), strict=True)
    slope = Line.through(known.sizes, [float(np.median(one)) for one in answerable]).slope
    best, following, read, read_mean = (float(one) for one in weights)
    return Law(
        way,
        (best, following, read, read_mean),
        Line.through(known.sizes, places),
        widths[-1],
        tuple(float(one) for one in np.quantile(answerable[-1], _LEVELS)),
        slope,
        known.sizes[-1],
        Shares(math.nan, math.nan),
    )


def _gumbel(closeness: Floats) -> tuple[float, float]:
    """Place and width of the Gumbel law through the median and the upper tenth: the tail decides.

    Moments would let the queries that find nothing at all decide with it.
    """
    middle, high = np.quantile(closeness, [0.5, 0.9])
    width = max(float(high - middle) / (_GUMBEL_TENTH - _GUMBEL_MEDIAN), _NARROWEST)
    return float(middle) - width * _GUMBEL_MEDIAN, width


def _weights(answerable: Floats, absent: Floats) -> Floats:
    """(clues,) what each clue counts: 1 for one alone, else a logistic regression's coefficients.

    Both sorts count alike however many there are; they are of length 1 together, so that a
    closeness stays about as large as a cosine.
    """
    if answerable.shape[1] == 1:
        return np.ones(1)
    rows = np.concatenate([answerable, absent])
    spread = rows.std(axis=0) + 1e-9
    x = np.c_[(rows - rows.mean(axis=0)) / spread, np.ones(len(rows))]
    right = np.r_[np.ones(len(answerable)), np.zeros(len(absent))]
    counts = np.where(right > 0, 0.5 / right.mean(), 0.5 / (1 - right.mean()))
    ridge = np.diag([_RIDGE] * (x.shape[1] - 1) + [1e-6])
    found = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        said = 1 / (1 + np.exp(-np.clip(x @ found, -30, 30)))
        slope = x.T @ (counts * (said - right)) + ridge @ found
        found -= np.linalg.solve((x.T * (counts * said * (1 - said))) @ x + ridge, slope)
    weights: Floats = found[:-1] / spread
    return weights / max(float(np.linalg.norm(weights)), 1e-12)


def _judged(law: Law, others: Observed) -> Shares:
    """What a law does to queries it was not fitted on, in the largest gallery."""
    if not len(others.absent_groups) or not len(others.answerable_groups):
        return Shares(0.0, 0.0)
    return balance(
        law.closeness(others.answerable[-1]),
        law.closeness(others.absent[-1]),
        law.threshold(law.rows),
    )
