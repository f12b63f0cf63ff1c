"""Retrieval figures from vectors and content groups: no input or output, NumPy only.

A gallery row is a right answer to a query when both carry the same group id: a picture with five
captions has five right answers, and a caption's right answers are every picture of its group.

Ties lose. A wrong answer whose cosine is within `TIE` of a right answer's counts as ranked before
it, so figures never depend on the order of the gallery, and an encoder that maps everything to
one point scores nothing instead of something.

A query without any right answer in the gallery can neither succeed nor fail: it is left out of
every figure and counted as `unanswerable`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import WrongUse
from scrubjay.evaluate.bootstrap import RESAMPLES, Estimate, bootstrap_mean, bootstrap_median

TIE = 1e-6
"""Cosines closer than this are equal: ten times the rounding of a float32 product."""

RECALL_AT = (1, 5, 10)
PRECISION_AT = (10,)
_SCORES_AT_ONCE = 8_000_000

Groups = Sequence[str] | NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """How well queries of one modality find answers of another.

    Attributes:
        name: `text->image`: query, then gallery.
        n_queries: queries with at least one right answer; all figures are over these.
        unanswerable: queries left out because the gallery has no right answer to them.
        n_gallery: rows searched.
        n_groups: content groups among the queries, the units of the intervals.
        answers: right answers a query has, on average.
        recall: share of queries with a right answer among the first k.
        precision: share of the first k rows that are right answers, mean over queries.
        mrr: mean of 1 / rank of the first right answer.
        median_rank: of the first right answer, 1 is best.
        queries: (n_queries,) positions of the counted queries among those given.
        ranks: (n_queries,) rank of each one's first right answer.
    """

    name: str
    n_queries: int
    unanswerable: int
    n_gallery: int
    n_groups: int
    answers: float
    recall: dict[int, Estimate]
    precision: dict[int, Estimate]
    mrr: Estimate
    median_rank: Estimate
    queries: NDArray[np.int64]
    ranks: NDArray[np.int64]

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object; ranks of single queries are left out."""
        return {
            "name": self.name,
            "n_queries": self.n_queries,
            "unanswerable": self.unanswerable,
            "n_gallery": self.n_gallery,
            "n_groups": self.n_groups,
            "answers": self.answers,
            "recall": {str(k): estimate.to_json() for k, estimate in self.recall.items()},
            "precision": {str(k): estimate.to_json() for k, estimate in self.precision.items()},
            "mrr": self.mrr.to_json(),
            "median_rank": self.median_rank.to_json(),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Where the right answers of each answerable query stand.

    Attributes:
        queries: (n,) positions among the queries given.
        groups: (n,) their groups as whole numbers.
        ranks: (n,) rank of the first right answer, 1 is best.
        right: (n, len(ks)) right answers among the first k.
        answers: (n,) right answers in the whole gallery.
    """

    queries: NDArray[np.int64]
    groups: NDArray[np.int64]
    ranks: NDArray[np.int64]
    right: NDArray[np.int64]
    answers: NDArray[np.int64]


def recall_at_k(
    query_vectors: NDArray[np.float32],
    gallery_vectors: NDArray[np.float32],
    query_groups: Groups,
    gallery_groups: Groups,
    ks: Sequence[int] = RECALL_AT,
) -> dict[int, float]:
    """Share of answerable queries with a right answer among the first k rows.

    Args:
        query_vectors: (q, dim) unit rows.
        gallery_vectors: (g, dim) unit rows.
        query_groups: q group ids.
        gallery_groups: g group ids.
        ks: cut-offs, each at least 1.

    Raises:
        WrongUse: shapes that do not fit, vectors that are not finite, no answerable query.
    """
    ranking = rank(query_vectors, gallery_vectors, query_groups, gallery_groups)
    return {k: float((ranking.ranks <= k).mean()) for k in _cutoffs(ks)}


def precision_at_k(
    query_vectors: NDArray[np.float32],
    gallery_vectors: NDArray[np.float32],
    query_groups: Groups,
    gallery_groups: Groups,
    ks: Sequence[int] = PRECISION_AT,
) -> dict[int, float]:
    """Share of the first k rows that are right answers, mean over answerable queries.

    Divides by k even when the gallery has fewer rows or fewer right answers than k. Arguments
    and errors as in `recall_at_k`.
    """
    ranking = rank(query_vectors, gallery_vectors, query_groups, gallery_groups, ks)
    return {k: float(ranking.right[:, i].mean() / k) for i, k in enumerate(_cutoffs(ks))}


def evaluate_direction(
    name: str,
    query_vectors: NDArray[np.float32],
    gallery_vectors: NDArray[np.float32],
    query_groups: Groups,
    gallery_groups: Groups,
    *,
    recall_at: Sequence[int] = RECALL_AT,
    precision_at: Sequence[int] = PRECISION_AT,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Direction:
    """Every figure of one direction with bootstrap 95% intervals over content groups.

    Arguments and errors as in `recall_at_k`; the same `seed` gives the same intervals.
    """
    ranking = rank(query_vectors, gallery_vectors, query_groups, gallery_groups, precision_at)
    ranks, recall_at = ranking.ranks, _cutoffs(recall_at)
    columns = [
        *[ranks <= k for k in recall_at],
        *[ranking.right[:, i] / k for i, k in enumerate(precision_at)],
        1.0 / ranks,
    ]
    measures = np.stack([np.asarray(column, np.float64) for column in columns], axis=1)
    means = bootstrap_mean(measures, ranking.groups, resamples=resamples, seed=seed)
    median = bootstrap_median(
        ranks.astype(np.float64), ranking.groups, resamples=resamples, seed=seed
    )
    return Direction(
        name=name,
        n_queries=len(ranks),
        unanswerable=len(query_vectors) - len(ranks),
        n_gallery=len(gallery_vectors),
        n_groups=len(np.unique(ranking.groups)),
        answers=float(ranking.answers.mean()),
        recall=dict(zip(recall_at, means, strict=False)),
        precision=dict(zip(precision_at, means[len(recall_at) : -1], strict=True)),
        mrr=means[-1],
        median_rank=median,
        queries=ranking.queries,
        ranks=ranks,
    )


def rank(
    query_vectors: NDArray[np.float32],
    gallery_vectors: NDArray[np.float32],
    query_groups: Groups,
    gallery_groups: Groups,
    ks: Sequence[int] = (),
) -> Ranking:
    """Rank every answerable query's first right answer and count right ones among the first k.

    Memory stays bounded whatever the sizes: scores are made a few million at a time.
    Arguments and errors as in `recall_at_k`.
    """
    queries = _checked("query", query_vectors, query_groups)
    gallery = _checked("gallery", gallery_vectors, gallery_groups)
    if queries.shape[1] != gallery.shape[1]:
        raise WrongUse(
            f"query vectors have {queries.shape[1]} numbers and gallery vectors "
            f"{gallery.shape[1]}; both must come from one encoder"
        )
    asked, offered = _group_codes(query_groups, gallery_groups)
    positions = np.flatnonzero(np.isin(asked, offered))
    if not len(positions):
        raise WrongUse("no query has a right answer in the gallery; nothing can be measured")
    ks = _cutoffs(ks)
    pieces = [
        _rank_piece(queries[piece] @ gallery.T, asked[piece, None] == offered[None, :], ks)
        for piece in _pieces(positions, len(gallery))
    ]
    ranks, right, answers = (np.concatenate(column) for column in zip(*pieces, strict=True))
    return Ranking(positions, asked[positions], ranks, right, answers)


def top_hits(
    query_vectors: NDArray[np.float32], gallery_vectors: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The k best gallery rows of each query, best first; equal scores in gallery order.

    Returns:
        ((q, k) positions, (q, k) cosines); k is cut to the size of the gallery.
    """
    k = min(k, len(gallery_vectors))
    found = [
        _top(query_vectors[piece] @ gallery_vectors.T, k)
        for piece in _pieces(np.arange(len(query_vectors)), len(gallery_vectors))
    ]
    if not found:
        return np.zeros((0, k), np.int64), np.zeros((0, k), np.float32)
    return np.concatenate([one[0] for one in found]), np.concatenate([one[1] for one in found])


def _top(scores: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k].astype(np.int64)
    return order, np.take_along_axis(scores, order, axis=1)


def _rank_piece(
    scores: NDArray[np.float32], relevant: NDArray[np.bool_], ks: Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Ranks (n,), right answers among the first k (n, len(ks)), right answers in all (n,)."""
    never = np.float32(-np.inf)
    right = np.where(relevant, scores - np.float32(TIE), never)
    wrong = np.where(relevant, never, scores)
    ranks = 1 + (wrong >= right.max(axis=1, keepdims=True)).sum(axis=1)
    counts = np.zeros((len(scores), len(ks)), np.int64)
    if ks:
        best_right = _largest(right, max(ks))
        best_wrong = _largest(wrong, max(ks))
        for i in range(best_right.shape[1]):
            one = best_right[:, i : i + 1]
            place = i + 1 + (best_wrong >= one).sum(axis=1)
            for j, k in enumerate(ks):
                counts[:, j] += (place <= k) & (one[:, 0] > never)
    return ranks.astype(np.int64), counts, relevant.sum(axis=1).astype(np.int64)


def _largest(scores: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """(n, k) largest of each row, largest first."""
    k = min(k, scores.shape[1])
    kept = np.partition(scores, scores.shape[1] - k, axis=1)[:, -k:]
    return np.sort(kept, axis=1)[:, ::-1]


def _pieces(positions: NDArray[np.int64], gallery: int) -> Iterator[NDArray[np.int64]]:
    at_once = max(1, _SCORES_AT_ONCE // max(1, gallery))
    for start in range(0, len(positions), at_once):
        yield positions[start : start + at_once]


def _group_codes(
    query_groups: Groups, gallery_groups: Groups
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Both lists of ids as whole numbers of one numbering."""
    asked, offered = np.asarray(query_groups), np.asarray(gallery_groups)
    _, codes = np.unique(np.concatenate([asked, offered]), return_inverse=True)
    return codes[: len(asked)].astype(np.int64), codes[len(asked) :].astype(np.int64)


def _checked(what: str, vectors: NDArray[np.float32], groups: Groups) -> NDArray[np.float32]:
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    if rows.ndim != 2 or not len(rows):
        raise WrongUse(f"{what} vectors must be a table with at least one row, not {rows.shape}")
    if len(groups) != len(rows):
        raise WrongUse(f"{len(rows)} {what} vectors but {len(groups)} group ids; one each")
    if not np.isfinite(rows).all():
        raise WrongUse(f"{what} vectors hold numbers that are not finite; check the encoder")
    return rows


def _cutoffs(ks: Sequence[int]) -> tuple[int, ...]:
    if any(k < 1 for k in ks):
        raise WrongUse(f"cut-offs must be at least 1, not {list(ks)}")
    return tuple(ks)
