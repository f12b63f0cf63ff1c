"""Texts that no item says, as vectors of a version."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.protocols import Encoder, Progress
from scrubjay.core.types import Modality
from scrubjay.search.embed import BATCH_SIZE


def encode_texts(
    encoder: Encoder, texts: Iterable[str], what: str, progress: Progress
) -> dict[str, NDArray[np.float32]]:
    """Text to unit vector, each once; those without finite numbers are left out."""
    wanted = list(dict.fromkeys(texts))
    made: dict[str, NDArray[np.float32]] = {}
    for start in range(0, len(wanted), BATCH_SIZE):
        piece = wanted[start : start + BATCH_SIZE]
        rows = encoder.encode(Modality.TEXT, piece)
        finite = np.flatnonzero(np.isfinite(rows).all(axis=1)).tolist()
        made |= {piece[at]: rows[at] for at in finite}
        progress(what, start + len(piece), len(wanted))
    return made
