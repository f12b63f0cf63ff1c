"""How far two who judge the same things agree, beyond what chance would give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence


def kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Cohen's kappa (1960): 1 is full agreement, 0 what chance gives, below it less than that.

    Returns:
        None where there is nothing to compare, or where both always say one same thing, which no
        chance could miss.
    """
    pairs = list(zip(first, second, strict=True))
    n = len(pairs)
    if not n:
        return None
    agreed = sum(a == b for a, b in pairs) / n
    left, right = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(left[name] * right[name] for name in left) / (n * n)
    return None if chance == 1 else (agreed - chance) / (1 - chance)
