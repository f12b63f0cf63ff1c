"""The shape of a space of unit vectors: what recall does not tell.

- Modality gap: how far the centres of two modalities lie apart (Liang et al., "Mind the Gap",
  NeurIPS 2022, section 2).
- Hubness: the skew of how often rows are among the k nearest (Radovanovic, Nanopoulos and
  Ivanovic, "Hubs in Space", JMLR 2010, equation 1).
- Alignment and uniformity (Wang and Isola, "Understanding Contrastive Representation Learning
  through Alignment and Uniformity on the Hypersphere", ICML 2020, equations 4 and 5, alpha 2, t 2).
- Effective rank: the exponential of the entropy of the singular values (Roy and Vetterli, "The
  effective rank", EUSIPCO 2007, definition 1).

No figure says much alone: each has a reference, what vectors without any knowledge would give.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import WrongUse

NEIGHBOURS = 10
_CELLS = 4_000_000

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Hubness:
    """How unevenly a gallery is found.

    Attributes:
        skew: third standardised moment of `found`; 0 for an even or one-valued count.
        never: share of the gallery that no query has among its k nearest.
        k: neighbours counted; fewer than asked for in a small gallery.
        expected: how often a row is found on average.
        found: (g,) how often each row is among the k nearest of a query.
        wrong: (g,) how often it is so of a query of another group.
    """

    skew: float
    never: float
    k: int
    expected: float
    found: NDArray[np.int64]
    wrong: NDArray[np.int64]


def modality_gap(first: Rows, second: Rows) -> float:
    """Distance of the two centres, 0 to 2."""
    return float(np.linalg.norm(_centre(first) - _centre(second)))


def gap_of_halves(first: Rows, second: Rows, *, seed: int = 0) -> float:
    """The gap that the same rows have when what modality they are of is drawn anew."""
    rows = np.concatenate([first, second])
    order = np.random.default_rng(seed).permutation(len(rows))
    return modality_gap(rows[order[: len(first)]], rows[order[len(first) :]])


def uniformity(rows: Rows) -> float:
    """Log of the mean of exp(-2 d^2) over pairs of rows; the lower, the more evenly spread.

    0 when all rows are one point; `even_uniformity` for rows spread evenly over the sphere.

    Raises:
        WrongUse: fewer than two rows.
    """
    n = len(rows)
    if n < 2:
        raise WrongUse("uniformity needs two rows or more")
    total = 0.0
    for start, stop in _pieces(n, n):
        close = np.clip(rows[start:stop] @ rows.T, -1.0, 1.0)
        total += float(np.exp(4.0 * (close - 1.0), dtype=np.float32).sum(dtype=np.float64))
    return math.log(max((total - n) / (n * (n - 1)), 1e-300))


def even_uniformity(dim: int, *, draws: int = 2000) -> float:
    """What `uniformity` is of rows drawn evenly from the sphere in `dim` dimensions.

    E exp(4 (x.y - 1)), where (1 + x.y) / 2 follows Beta((dim - 1) / 2, (dim - 1) / 2); by the
    midpoint rule in the angle, whose density is sin^(dim - 2).
    """
    if dim < 2:
        return math.log((1.0 + math.exp(-8.0)) / 2.0)
    angle = (np.arange(draws) + 0.5) * (math.pi / draws)
    weight = np.sin(angle) ** (dim - 2)
    value = np.exp(4.0 * (np.cos(angle) - 1.0))
    return float(math.log(float((weight * value).sum() / weight.sum())))


def alignment(
    first: Rows, second: Rows, first_groups: Sequence[str], second_groups: Sequence[str]
) -> float | None:
    """Mean squared distance of rows of one group across two modalities, 0 to 4; small is good.

    Every group counts the same. None when no group has both. For unit rows the mean over a
    group's pairs is 2 - 2 a.b with a and b its centres: no pair is ever made.
    """
    first_centres, second_centres = _centres(first, first_groups), _centres(second, second_groups)
    shared = [group for group in first_centres if group in second_centres]
    if not shared:
        return None
    return float(np.mean([2.0 - 2.0 * float(first_centres[g] @ second_centres[g]) for g in shared]))


def chance_alignment(first: Rows, second: Rows) -> float:
    """Mean squared distance of any row of one modality and any of the other."""
    return float(2.0 - 2.0 * (_centre(first) @ _centre(second)))


def effective_rank(rows: Rows) -> float:
    """Dimensions that rows really use, 1 to min(n, dim), about their centre.

    0 when all rows are one point.
    """
    centred = np.asarray(rows, np.float64) - _centre(rows)
    spread = centred.T @ centred if centred.shape[1] <= len(centred) else centred @ centred.T
    eigen = np.clip(np.linalg.eigvalsh(spread), 0.0, None)
    singular = np.sqrt(eigen[eigen > 1e-12 * max(float(eigen.sum()), 1e-12)])
    if not len(singular):
        return 0.0
    share = singular / singular.sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def hubness(
    queries: Rows,
    gallery: Rows,
    query_groups: Sequence[str],
    gallery_groups: Sequence[str],
    *,
    k: int = NEIGHBOURS,
) -> Hubness:
    """Count how often each row of a gallery is found.

    Raises:
        WrongUse: no query or no gallery.
    """
    if not len(queries) or not len(gallery):
        raise WrongUse("hubness needs queries and a gallery")
    k = max(1, min(k, len(gallery) // 2))
    _, codes = np.unique(
        np.concatenate([np.asarray(query_groups), np.asarray(gallery_groups)]), return_inverse=True
    )
    asked, offered = codes[: len(queries)], codes[len(queries) :]
    found = np.zeros(len(gallery), np.int64)
    wrong = np.zeros(len(gallery), np.int64)
    for start, stop in _pieces(len(queries), len(gallery)):
        near = np.argpartition(-(queries[start:stop] @ gallery.T), k - 1, axis=1)[:, :k]
        found += np.bincount(near.ravel(), minlength=len(gallery))
        other = offered[near] != asked[start:stop, None]
        wrong += np.bincount(near[other], minlength=len(gallery))
    return Hubness(
        skew=skewness(found),
        never=float((found == 0).mean()),
        k=k,
        expected=float(found.mean()),
        found=found,
        wrong=wrong,
    )


def skewness(values: NDArray[Any]) -> float:
    """Third standardised moment; 0 of values that are all the same."""
    away = np.asarray(values, np.float64) - float(np.mean(values))
    spread = float(np.sqrt((away**2).mean()))
    return 0.0 if spread < 1e-12 else float((away**3).mean() / spread**3)


def random_rows(n: int, dim: int, *, seed: int = 0) -> Rows:
    """(n, dim) unit rows without any knowledge: directions drawn evenly."""
    rows = np.random.default_rng(seed).standard_normal((n, dim))
    unit: Rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def fitting_scale(
    queries: Rows, gallery: Rows, query_groups: Sequence[str], gallery_groups: Sequence[str]
) -> float | None:
    """The logit scale (1 / temperature) under which held-out answers are least surprising.

    Minimises the mean negative log share that a softmax over the gallery gives to a query's own
    group, between 1 and 1000 (temperature scaling: Guo et al., "On Calibration of Modern Neural
    Networks", ICML 2017, section 4.2, on retrieval). None when no query has a right answer.
    """
    shared = set(query_groups) & set(gallery_groups)
    asked = np.array([at for at, group in enumerate(query_groups) if group in shared], np.int64)
    if not len(asked):
        return None
    _, codes = np.unique(
        np.concatenate([np.asarray(query_groups), np.asarray(gallery_groups)]), return_inverse=True
    )
    mine, offered = codes[: len(queries)][asked], codes[len(queries) :]
    kept = asked[:: max(1, -(-len(asked) * len(gallery) // _CELLS))]
    mine = mine[:: max(1, -(-len(asked) * len(gallery) // _CELLS))]
    scores = (queries[kept] @ gallery.T).astype(np.float64)
    right = mine[:, None] == offered[None, :]

    def surprise(log_scale: float) -> float:
        logits = math.exp(log_scale) * scores
        top = logits.max(axis=1, keepdims=True)
        weights = np.exp(logits - top)
        own = np.where(right, weights, 0.0).sum(axis=1)
        return float(-np.log(np.maximum(own, 1e-300) / weights.sum(axis=1)).mean())

    return math.exp(_lowest(surprise, 0.0, math.log(1000.0)))


def _lowest(of: Any, low: float, high: float) -> float:  # noqa: ANN401 - float -> float
    """Where a function with one valley is lowest: golden section, to 1% of a logarithm."""
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    a, b = high - ratio * (high - low), low + ratio * (high - low)
    at_a, at_b = of(a), of(b)
    while high - low > 0.01:
        if at_a <= at_b:
            high, b, at_b = b, a, at_a
            a = high - ratio * (high - low)
            at_a = of(a)
        else:
            low, a, at_a = a, b, at_b
            b = low + ratio * (high - low)
            at_b = of(b)
    return (low + high) / 2.0


def _centre(rows: Rows) -> NDArray[np.float64]:
    centre: NDArray[np.float64] = np.asarray(rows, np.float64).mean(axis=0)
    return centre


def _centres(rows: Rows, groups: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    known, codes = np.unique(np.asarray(groups), return_inverse=True)
    sums = np.zeros((len(known), rows.shape[1]))
    np.add.at(sums, codes, rows)
    sums /= np.bincount(codes)[:, None]
    return dict(zip(known.tolist(), sums, strict=True))


def _pieces(n: int, width: int) -> Iterator[tuple[int, int]]:
    at_once = max(1, _CELLS // max(1, width))
    for start in range(0, n, at_once):
        yield start, min(n, start + at_once)
