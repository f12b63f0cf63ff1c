"""Whether new items are of the same classes as the last snapshot's, in the same shares.

The distance is the total variation between the shares: how much of the new items would have to
belong to other classes for the shares to agree. Chance alone makes it larger than 0, the more so
with many classes and few items, hence a permutation test: old and new are thrown together and
drawn apart again. Content groups are drawn whole, for items of one group are not independent.
Groups that hold the same classes are drawn together, by a multivariate hypergeometric
distribution: the same distribution as drawing them one by one, at a cost that does not grow with
them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Item, plain
from scrubjay.retrain.validation.settings import SHIFT, ValidateSettings
from scrubjay.retrain.validation.verdict import Finding

DRAWS = 999
MOST_CLASSES = 200
"""Classes told apart; the rarer ones are one class together."""

MOST_GROUPS = 5_000
"""Content groups of each side; of more, so many are drawn at random."""

NONE, OTHER = "(none)", "(other)"
_NAMED = 3
_AT_ONCE = 100
_TIE = 1e-12


@dataclass(frozen=True, slots=True)
class Shift:
    """How one column's shares moved.

    Attributes:
        distance: total variation between the shares, 0 (the same) to 1 (no class in common).
        by_chance: what it is on average when only chance moves them.
        p: how often chance moves them as far; at least 1 / 1000.
        before: class -> its share of the items before.
        now: class -> its share of the new items.
    """

    distance: float
    by_chance: float
    p: float
    before: Mapping[str, float]
    now: Mapping[str, float]

    @property
    def moved(self) -> list[tuple[str, float]]:
        """Classes with the change of their share, the largest change first."""
        changes = [(name, share - self.before[name]) for name, share in self.now.items()]
        return sorted(changes, key=lambda one: (-abs(one[1]), one[0]))


def shift_findings(
    new: Sequence[Item], before: Sequence[Item], settings: ValidateSettings
) -> list[Finding]:
    """Compare the shares of every class column that some item has."""
    if not before:
        alone = "nothing to compare the classes with: there is no snapshot yet"
        return [Finding(SHIFT, alone, judged=False)]
    rng = np.random.default_rng(settings.seed)
    new, before = _drawn(new, rng), _drawn(before, rng)
    columns = [
        name
        for name in dict.fromkeys(settings.class_columns)
        if any(_classes(item, name) != (NONE,) for item in (*new, *before))
    ]
    if not columns:
        return [Finding(SHIFT, "no column with classes to compare", judged=False)]
    return [_finding(name, new, before, settings) for name in columns]


def shift(new: Sequence[Item], before: Sequence[Item], column: str, *, seed: int = 0) -> Shift:
    """Compare one column's shares; an item with several classes counts a part for each.

    Args:
        new: new items, at least one.
        before: the last snapshot's, at least one.
        column: `tags`, `kind` or an attribute; items without it are a class of their own.
        seed: the same seed gives the same figures.
    """
    rng = np.random.default_rng(seed)
    names = _names(column, new, before)
    old_groups = _by_group(before, column, names)
    new_groups = _by_group(new, column, names)
    observed = _distances(new_groups.sum(0)[None], old_groups.sum(0)[None])
    kinds, places = np.unique(np.concatenate([new_groups, old_groups]), axis=0, return_inverse=True)
    sizes = np.bincount(places.ravel(), minlength=len(kinds))
    total = kinds.T @ sizes
    by_chance = np.concatenate(
        [
            _distances(drawn @ kinds, total - drawn @ kinds)
            for drawn in _draws(sizes, len(new_groups), rng)
        ]
    )
    as_far = int(np.count_nonzero(by_chance >= observed[0] - _TIE))
    return Shift(
        distance=float(observed[0]),
        by_chance=float(by_chance.mean()),
        p=(1 + as_far) / (DRAWS + 1),
        before=dict(zip(names, _shares(old_groups.sum(0)[None])[0].tolist(), strict=True)),
        now=dict(zip(names, _shares(new_groups.sum(0)[None])[0].tolist(), strict=True)),
    )


def _finding(
    column: str, new: Sequence[Item], before: Sequence[Item], settings: ValidateSettings
) -> Finding:
    if min(len(new), len(before)) < settings.minimum_n:
        few = f"too few items to compare {column}: {len(new)} new, {len(before)} before"
        counts = {"column": column, "new": len(new), "before": len(before)}
        return Finding(SHIFT, few, counts, judged=False)
    found = shift(new, before, column, seed=settings.seed)
    beyond = found.distance - found.by_chance
    broken = found.p <= settings.alpha and beyond > settings.max_shift
    most = ", ".join(
        f"{name} {found.before[name]:.1%} to {found.now[name]:.1%}"
        for name, change in found.moved[:_NAMED]
        if change
    )
    statement = (
        f"{column}: shares moved by {found.distance:.1%} against the last snapshot "
        f"({found.by_chance:.1%} by chance alone, p {found.p:.3f}; "
        f"{settings.max_shift:.1%} beyond chance are allowed)" + (f": {most}" if most else "")
    )
    figures: dict[str, Any] = {
        "column": column,
        "new": len(new),
        "before": len(before),
        "distance": found.distance,
        "by_chance": found.by_chance,
        "p": found.p,
        "limit": settings.max_shift,
        "alpha": settings.alpha,
        "classes": {
            name: {"before": found.before[name], "now": found.now[name]} for name in found.now
        },
    }
    stops = SHIFT in settings.stop_on
    return Finding(SHIFT, statement, figures, stops=broken and stops, warns=broken and not stops)


def _drawn(items: Sequence[Item], rng: np.random.Generator) -> Sequence[Item]:
    """The items of at most `MOST_GROUPS` groups."""
    groups = [*dict.fromkeys(item.group for item in items)]
    if len(groups) <= MOST_GROUPS:
        return items
    places = rng.choice(len(groups), MOST_GROUPS, replace=False)
    drawn = {groups[place] for place in places.tolist()}
    return [item for item in items if item.group in drawn]


def _classes(item: Item, column: str) -> tuple[str, ...]:
    if column == "kind":
        return (item.kind.value,)
    value = item.tags if column == "tags" else item.attributes.get(column)
    if isinstance(value, tuple):
        return tuple(dict.fromkeys(value)) or (NONE,)
    if isinstance(value, date):
        return (value.isoformat(),)
    return (NONE,) if value is None else (str(plain(value)),)


def _names(column: str, *sides: Sequence[Item]) -> list[str]:
    """Every class, the most frequent first; what is left over is one more."""
    counts = Counter(name for items in sides for item in items for name in _classes(item, column))
    ordered = sorted(counts, key=lambda name: (-counts[name], name))
    return ordered if len(ordered) <= MOST_CLASSES else [*ordered[: MOST_CLASSES - 1], OTHER]


def _by_group(items: Sequence[Item], column: str, names: Sequence[str]) -> NDArray[np.float64]:
    """(content groups, classes): how many of a group's items are of each class."""
    place = {name: i for i, name in enumerate(names)}
    last = len(names) - 1
    groups: dict[str, NDArray[np.float64]] = {}
    for item in items:
        row = groups.setdefault(item.group, np.zeros(len(names)))
        classes = _classes(item, column)
        for name in classes:
            row[place.get(name, last)] += 1 / len(classes)
    return np.stack([*groups.values()])


def _draws(
    sizes: NDArray[np.int64], n: int, rng: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    """(some draws, kinds): how many groups of each kind are among n drawn without replacement."""
    for start in range(0, DRAWS, _AT_ONCE):
        size = min(_AT_ONCE, DRAWS - start)
        yield rng.multivariate_hypergeometric(sizes, n, size=size).astype(np.float64)


def _shares(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = counts / counts.sum(1, keepdims=True)
    return shares


def _distances(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Total variation between the shares of each row: (n,)."""
    distances: NDArray[np.float64] = np.abs(_shares(one) - _shares(other)).sum(1) / 2
    return distances
