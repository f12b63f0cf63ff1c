"""Several queries as one direction: "like this picture, but at night"."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import WrongUse

LIKE = "like"
PARTS = ("text", "image", "speech", LIKE)
"""What a query may be made of; the first three are called like the towers that read them."""

MAX_WEIGHT = 100.0
LEAST_LENGTH = 1e-4
"""A sum of unit vectors shorter than this is rounding, not a direction."""


def checked_weights(given: Collection[str], weights: Mapping[str, float]) -> dict[str, float]:
    """How much each part of a query counts: 1 where nothing is said.

    Args:
        given: the parts the query has, of PARTS.
        weights: part -> how much it counts; below zero asks for what is unlike it.

    Raises:
        WrongUse: a weight for no part of the query, one that is no number from -MAX_WEIGHT to
            MAX_WEIGHT, or all of them zero.
    """
    for name, weight in weights.items():
        if name not in PARTS:
            raise WrongUse(f"{str(name)[:80]!r} cannot be weighted; a query has {', '.join(PARTS)}")
        if name not in given:
            raise WrongUse(f"a weight for {name!r}, but the query has no {name}; leave it out")
        if (
            type(weight) not in {int, float}
            or not math.isfinite(weight)
            or abs(weight) > MAX_WEIGHT
        ):
            raise WrongUse(
                f"the weight of {name!r} is {weight!r}; give a number from -{MAX_WEIGHT:g} to "
                f"{MAX_WEIGHT:g}"
            )
    whole = {name: float(weights.get(name, 1.0)) for name in PARTS if name in given}
    if not any(whole.values()):
        raise WrongUse("every weight is zero, so nothing is looked for; give one that is not")
    return whole


def mixed(
    vectors: Mapping[str, NDArray[np.float32]], weights: Mapping[str, float]
) -> NDArray[np.float32]:
    """(dim,) the direction of a weighted sum.

    Args:
        vectors: part -> (dim,) unit vector.
        weights: part -> weight, for each of them.

    Raises:
        WrongUse: the parts cancel each other out.
    """
    if len(vectors) == 1:
        (name,) = vectors
        only = vectors[name]
        return only if weights[name] > 0 else -only
    largest = max(abs(weight) for weight in weights.values())
    total = sum(
        (weights[name] / largest) * vector.astype(np.float64) for name, vector in vectors.items()
    )
    length = float(np.linalg.norm(total))
    if length < LEAST_LENGTH:
        raise WrongUse("the parts of the query cancel each other out; change their weights")
    return np.asarray(total / length, np.float32)
