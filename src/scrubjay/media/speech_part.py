"""What was said, without the silence around it: speech towers are taught sentences, not pauses."""

from __future__ import annotations

from typing import Final

import numpy as np

from scrubjay.core.types import SAMPLE_RATE, Sound

FRAME: Final = SAMPLE_RATE // 100
"""Samples whose loudness is one number: 10 ms."""
BEFORE: Final = 8 * FRAME
AFTER: Final = 2 * FRAME
"""Samples left around what is heard. Of 140 recordings these find 127 among the first ten as they
are (untouched 127) and 120 with 0.4 s of silence on each side (untouched 92)."""
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
    begin = max(0, int(heard[0]) * FRAME - BEFORE)
    return sound[begin : (int(heard[-1]) + 1) * FRAME + AFTER]
