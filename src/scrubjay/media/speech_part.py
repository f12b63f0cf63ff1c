"""What was said, without the silence around it: speech towers are taught sentences, not pauses."""

from __future__ import annotations

from typing import Final

import numpy as np

from scrubjay.core.types import SAMPLE_RATE, Sound

FRAME: Final = SAMPLE_RATE // 100
"""Samples whose loudness is one number: 10 ms."""
KEPT: Final = SAMPLE_RATE // 20
"""Samples left before the first and after the last that is heard: 50 ms."""
FLOOR: Final = 0.002
"""Root mean square below which nothing counts as speech (about -54 dBFS)."""
LOUDER: Final = 3.0
QUIETEST: Final = 0.02
"""Speech is so much louder than the room, and no quieter than this share of its loudest."""
SURELY: Final = 0.1
"""Who never pauses leaves no room to measure: more than this share of the loudest is speech."""


def spoken_part(sound: Sound) -> Sound:
    """From where speech begins to where it ends, as a view; all of it where nobody is heard.

    The room's loudness is the quietest tenth of the frames. A recording cut out this way is cut
    out the same way again, to within a frame.

    Args:
        sound: (samples,) at SAMPLE_RATE.
    """
    n = len(sound) // FRAME
    if not n:
        return sound
    frames = sound[: n * FRAME].reshape(n, FRAME)
    loudness = np.sqrt(np.einsum("ij,ij->i", frames, frames) / FRAME)
    room, loudest = float(np.partition(loudness, n // 10)[n // 10]), float(loudness.max())
    least = max(FLOOR, QUIETEST * loudest, min(LOUDER * room, SURELY * loudest))
    heard = np.flatnonzero(loudness > least)
    if not len(heard):
        return sound
    begin = max(0, int(heard[0]) * FRAME - KEPT)
    return sound[begin : (int(heard[-1]) + 1) * FRAME + KEPT]
