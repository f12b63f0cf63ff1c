"""How well the moments of an indexed film are its shots."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Protocol

from scrubjay.media.world.film import Change, Film, boundaries

TOLERANCES_S = (0.2, 0.5)
"""A cut is a point in time; a dissolve takes 0.8 s and a fade 2 s, and have only a middle."""


class Stretch(Protocol):
    """Anything that lasts."""

    @property
    def start_s(self) -> float:
        """Seconds from the beginning."""
        ...

    @property
    def end_s(self) -> float:
        """Seconds from the beginning."""
        ...


def agreement(found: Sequence[Stretch], film: Film) -> dict[str, Any]:
    """F1 of the boundaries at both tolerances, and what becomes of each kind of change."""
    ordered = sorted(found, key=lambda one: one.start_s)
    between = [(a.end_s + b.start_s) / 2 for a, b in pairwise(ordered)]
    true = list(boundaries(film))
    changes = [shot.change for shot in film.shots[1:]]
    told: dict[str, Any] = {"shots": len(film.shots), "moments": len(ordered)}
    for tolerance in TOLERANCES_S:
        matched = matches(true, between, tolerance)
        f1 = 2 * len(matched) / max(1, len(true) + len(between))
        told[f"F1 within {tolerance} s"] = round(f1, 4)
    places = {at for at, _ in matches(true, between, TOLERANCES_S[-1])}
    for change in Change:
        of_it = [at for at, one in enumerate(changes) if one is change]
        told[f"{change.value}s found"] = [sum(at in places for at in of_it), len(of_it)]
    told["moments that are no shot"] = sum(
        all(_iou(one, shot) < 0.5 for shot in film.shots) for one in ordered
    )
    return told


def matches(
    true: Sequence[float], found: Sequence[float], tolerance: float
) -> list[tuple[int, int]]:
    """(place in true, place in found) of boundaries that belong together, each used once."""
    pairs: list[tuple[int, int]] = []
    at = 0
    for place, time in enumerate(true):
        while at < len(found) and found[at] < time - tolerance - 1e-6:
            at += 1
        if at < len(found) and found[at] <= time + tolerance + 1e-6:
            pairs.append((place, at))
            at += 1
    return pairs


def _iou(one: Stretch, other: Stretch) -> float:
    shared = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
    both = max(one.end_s, other.end_s) - min(one.start_s, other.start_s)
    return max(0.0, shared / both)
