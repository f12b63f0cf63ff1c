"""What is held out and was trained on all the same: by look, by words, by vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from scrubjay.media.phash import near_pairs

NEAR_VECTOR = 0.999
"""Cosine above which two things of different groups are one thing to a version."""

TELLING_WORDS = 4
"""Words a caption needs before saying the same twice is no accident."""

_CELLS = 4_000_000


def alike(held_out: Sequence[int], trained: Sequence[int]) -> dict[int, int]:
    """Place of each held-out hash -> place of a trained one at most `phash.NEAR` bits away."""
    if not held_out or not trained:
        return {}
    old, old_first = np.unique(np.array(trained, np.uint64), return_index=True)
    new, back = np.unique(np.array(held_out, np.uint64), return_inverse=True)
    found: dict[int, int] = {}
    same = np.searchsorted(old, new)
    for at in np.flatnonzero((same < len(old)) & (old[np.minimum(same, len(old) - 1)] == new)):
        found[int(at)] = int(old_first[same[at]])
    for left, right in near_pairs(new, old):
        for i, j in zip(left.tolist(), right.tolist(), strict=True):
            found.setdefault(i, int(old_first[j]))
    return {place: found[code] for place, code in enumerate(back.tolist()) if code in found}


def same_words(
    held_out: Sequence[tuple[int, str]], trained: Sequence[tuple[int, str]]
) -> dict[int, int]:
    """Held-out place -> trained place that says the same in `TELLING_WORDS` words or more.

    Args:
        held_out: (place, caption), a place as often as it has captions.
        trained: the same.
    """
    known: dict[str, int] = {}
    for place, caption in trained:
        known.setdefault(_bare(caption), place)
    return {
        place: known[bare]
        for place, caption in held_out
        if (bare := _bare(caption)) in known and len(bare.split()) >= TELLING_WORDS
    }


def same_vectors(
    held_out: NDArray[np.float32],
    trained: NDArray[np.float32],
    groups: tuple[Sequence[str], Sequence[str]],
) -> Mapping[int, tuple[int, float]]:
    """Held-out row -> (trained row of another group, cosine) from `NEAR_VECTOR` on."""
    if not len(held_out) or not len(trained):
        return {}
    _, codes = np.unique(np.concatenate([np.asarray(one) for one in groups]), return_inverse=True)
    mine, theirs = codes[: len(held_out)], codes[len(held_out) :]
    found: dict[int, tuple[int, float]] = {}
    at_once = max(1, _CELLS // len(trained))
    for start in range(0, len(held_out), at_once):
        scores = held_out[start : start + at_once] @ trained.T
        scores[mine[start : start + at_once, None] == theirs[None, :]] = -1.0
        best = scores.argmax(axis=1)
        for row in np.flatnonzero(scores[np.arange(len(best)), best] >= NEAR_VECTOR).tolist():
            found[start + row] = (int(best[row]), float(scores[row, best[row]]))
    return found


def _bare(caption: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in caption.casefold()).split())
