"""Learn a bridge from items both versions embedded, choose its kind, and say what it is worth.

Content groups are dealt into three parts. Maps are fitted on the first; the low-rank map's rank and
ridge are chosen on the second by the mean cosine of mapped rows to where they belong, and the kind
by recall of the second part's queries; recalls are reported on the third, which chose nothing. The
map that is handed out is then fitted on all pairs, as chosen. Every query is searched among the
mapped rows of all pairs, so that held-out items compete with well-mapped ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import NotReady, WrongUse
from scrubjay.core.types import Modality
from scrubjay.evaluate.bootstrap import Estimate, bootstrap_mean
from scrubjay.evaluate.retrieval import rank
from scrubjay.search.bridge import Bridge, BridgeKind
from scrubjay.search.bridge_maps import LinearMap, Rows, low_rank_affine, procrustes

FULL = "full"
"""Name of re-embedding everything, among the recalls."""
FEWEST_GROUPS = 50
MOST_PAIRS = 20_000
"""More pairs teach a linear map nothing new."""
MOST_QUERIES = 2_000
"""Queries of one part that are searched."""
RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
_PARTS = (0.6, 0.2, 0.2)

Vectors: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Rows of the same items in both spaces, and queries in the new one.

    Attributes:
        old: (n, old dim) unit rows the old version made.
        new: (n, new dim) unit rows the new version made of the same items, in the same order.
        groups: n content groups.
        queries: (m, new dim) unit rows of what people ask, made by the new version.
        query_groups: m content groups: what each query asks for.
    """

    old: Vectors
    new: Vectors
    groups: Sequence[str]
    queries: Vectors
    query_groups: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class LearnedBridge:
    """A bridge and what it is worth.

    Attributes:
        recall: recall@k on groups that chose nothing, of `none` (old rows as they are; None where
            the widths differ), `procrustes`, `affine` and `full` (all re-embedded).
        rank: of what an affine map adds to the rotation.
        ridge: the penalty it was fitted with.
        n_pairs: rows the bridge was fitted on.
        n_queries: queries the recalls are over.
    """

    bridge: Bridge
    recall: Mapping[str, Estimate | None]
    k: int
    rank: int
    ridge: float
    n_pairs: int
    n_queries: int

    @property
    def share_of_full(self) -> float | None:
        """The bridge's recall over that of re-embedding; None when that finds nothing."""
        mine, full = self.recall[self.bridge.kind.value], self.recall[FULL]
        return mine.value / full.value if mine and full and full.value else None

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "modality": self.bridge.modality.value,
            "source": self.bridge.source,
            "target": self.bridge.target,
            "chosen": self.bridge.kind.value,
            "rank": self.rank,
            "ridge": self.ridge,
            "k": self.k,
            "n_pairs": self.n_pairs,
            "n_queries": self.n_queries,
            "recall": {name: one and one.to_json() for name, one in self.recall.items()},
            "share_of_full": self.share_of_full,
        }


def learn_bridge(
    pairs: Pairs, *, modality: Modality, source: str, target: str, k: int = 10, seed: int = 0
) -> LearnedBridge:
    """Fit, choose and measure a bridge for one modality's rows.

    Args:
        source: the version that made the old rows.
        target: the version that made the new rows and the queries.
        k: of the recall that decides.
        seed: deals the groups into parts; the same input gives the same bridge.

    Raises:
        NotReady: fewer than 50 content groups, or no query asks for a held-out one.
        WrongUse: shapes that do not fit, or rows that are not finite.
    """
    _check(pairs)
    parts = _deal(pairs, seed)
    fit, choice = (np.isin(np.asarray(pairs.groups), parts[i]) for i in (0, 1))
    old, new = pairs.old.astype(np.float64), pairs.new.astype(np.float64)
    rotation = procrustes(old[fit], new[fit])
    affine = max(
        low_rank_affine(old[fit], new[fit], rotation, ranks=_ranks(pairs), ridges=RIDGES),
        key=lambda one: one.cosine(old[choice], new[choice]),
    )
    known = {BridgeKind.PROCRUSTES: rotation, BridgeKind.AFFINE: affine}
    if old.shape[1] == new.shape[1]:
        known[BridgeKind.NONE] = LinearMap(np.eye(old.shape[1]), np.zeros(old.shape[1]))
    maps = {kind: known[kind] for kind in BridgeKind if kind in known}
    named = {kind: _bridge(one, kind, modality, source, target) for kind, one in maps.items()}
    within = np.isin(np.asarray(pairs.groups), np.concatenate(parts))
    galleries = {kind.value: one.map(pairs.old[within]) for kind, one in named.items()}
    groups = np.asarray(pairs.groups)[within]

    found, _ = _found(pairs, galleries, groups, parts[1], k)
    chosen = max(
        maps,
        key=lambda kind: (found[kind.value].mean(), maps[kind].cosine(old[choice], new[choice])),
    )
    found, asked = _found(pairs, {**galleries, FULL: pairs.new[within]}, groups, parts[2], k)
    estimates = bootstrap_mean(np.stack(list(found.values()), axis=1), asked)
    recall: dict[str, Estimate | None] = dict.fromkeys([*map(str, BridgeKind), FULL])
    recall.update(zip(found, estimates, strict=True))
    final = _refitted(chosen, maps[chosen], old[within], new[within])
    return LearnedBridge(
        bridge=_bridge(final, chosen, modality, source, target),
        recall=recall,
        k=k,
        rank=final.rank,
        ridge=final.ridge,
        n_pairs=len(groups),
        n_queries=len(asked),
    )


def _check(pairs: Pairs) -> None:
    tables = {"old": pairs.old, "new": pairs.new, "query": pairs.queries}
    for name, rows in tables.items():
        if rows.ndim != 2:
            raise WrongUse(f"{name} rows must be a table, not {rows.shape}")
        wrong = np.flatnonzero(~np.isfinite(rows).all(axis=1))
        if len(wrong):
            raise WrongUse(f"{name} row {wrong[0]} is not finite; embed its item anew")
    if not len(pairs.old) == len(pairs.new) == len(pairs.groups):
        raise WrongUse(
            f"{len(pairs.old)} old rows, {len(pairs.new)} new rows and {len(pairs.groups)} groups; "
            f"a bridge is learned from the same items in the same order"
        )
    if len(pairs.queries) != len(pairs.query_groups):
        raise WrongUse(
            f"{len(pairs.queries)} queries but {len(pairs.query_groups)} groups; one each"
        )
    if pairs.queries.shape[1] != pairs.new.shape[1]:
        raise WrongUse(
            f"queries have {pairs.queries.shape[1]} numbers and new rows {pairs.new.shape[1]}; "
            f"both must come from the new version"
        )
    n_groups = len(set(pairs.groups))
    if n_groups < FEWEST_GROUPS:
        raise NotReady(
            f"only {n_groups} content groups were embedded by both versions, a bridge needs "
            f"{FEWEST_GROUPS}; embed more with the new version, or all of them"
        )


def _deal(pairs: Pairs, seed: int) -> list[NDArray[Any]]:
    """Group ids to fit on, to choose on and to report on; of a huge collection, some of them."""
    known, sizes = np.unique(np.asarray(pairs.groups), return_counts=True)
    order = np.random.default_rng(seed).permutation(len(known))
    within = order[
        : max(FEWEST_GROUPS, np.searchsorted(np.cumsum(sizes[order]), MOST_PAIRS, "right"))
    ]
    first, second = (round(share * len(within)) for share in (_PARTS[0], sum(_PARTS[:2])))
    return [known[part] for part in np.split(within, [first, second])]


def _ranks(pairs: Pairs) -> list[int]:
    """0, powers of two, and the largest there can be."""
    most = min(pairs.old.shape[1], pairs.new.shape[1])
    return sorted({0, most, *(2**i for i in range(most.bit_length()) if 2**i < most)})


def _refitted(kind: BridgeKind, chosen: LinearMap, old: Rows, new: Rows) -> LinearMap:
    if kind is BridgeKind.NONE:
        return chosen
    rotation = procrustes(old, new)
    if kind is BridgeKind.PROCRUSTES:
        return rotation
    (refitted,) = low_rank_affine(old, new, rotation, ranks=[chosen.rank], ridges=[chosen.ridge])
    return refitted


def _bridge(
    one: LinearMap, kind: BridgeKind, modality: Modality, source: str, target: str
) -> Bridge:
    matrix, offset = one.matrix.astype(np.float32), one.offset.astype(np.float32)
    return Bridge(modality, source, target, kind, matrix, offset)


def _found(
    pairs: Pairs,
    galleries: Mapping[str, Vectors],
    groups: NDArray[Any],
    part: NDArray[Any],
    k: int,
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.int64]]:
    """Per gallery whether each query of a part finds its answer among the first k; their groups."""
    query_groups = np.asarray(pairs.query_groups)
    asking = np.flatnonzero(np.isin(query_groups, part))
    if not len(asking):
        raise NotReady(
            "no query asks for the items held out to choose and measure the bridge; give queries "
            "for more of them"
        )
    if len(asking) > MOST_QUERIES:
        asking = np.sort(np.random.default_rng(0).permutation(asking)[:MOST_QUERIES])
    queries, wanted = pairs.queries[asking], query_groups[asking]
    rankings = {name: rank(queries, gallery, wanted, groups) for name, gallery in galleries.items()}
    found = {name: (one.ranks <= k).astype(np.float64) for name, one in rankings.items()}
    return found, next(iter(rankings.values())).groups
