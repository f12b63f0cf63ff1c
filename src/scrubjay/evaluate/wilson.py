"""How far a share of few might move (Wilson, "Probable inference", JASA 22, 1927)."""

from __future__ import annotations

import math

Z = 1.959964
"""Of a 95% interval."""


def wilson(share: float, n: int) -> tuple[float, float]:
    """The 95% interval of a share of n; a mean in [0, 1] varies no more than that."""
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    spread = math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) * Z / (1 + Z * Z / n)
    return max(0.0, middle - spread), min(1.0, middle + spread)
