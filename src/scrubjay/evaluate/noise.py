"""Speech in noise at a level that is known: white noise, and the babble of other voices.

The level of speech is that of its active part: pauses would make a sentence with long ones seem
quieter than it is spoken (the idea of ITU-T Recommendation P.56, 2011, here in its simplest form:
frames within a margin of the loudest).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Sound

FRAME: Final = 320
"""Samples of a frame: 20 ms."""
MARGIN_DB: Final = 30.0
"""Frames this far below the loudest are pauses."""


def active_level(sound: Sound) -> float:
    """Root mean square of the frames in which somebody speaks; 0 of silence."""
    padded = np.pad(sound.astype(np.float64), (0, -len(sound) % FRAME))
    power = (padded.reshape(-1, FRAME) ** 2).mean(axis=1)
    if not len(power) or not power.max() > 0:
        return 0.0
    active = power >= power.max() * 10 ** (-MARGIN_DB / 10)
    return float(np.sqrt(power[active].mean()))


def white(samples: int, random: np.random.Generator) -> Sound:
    """(samples,) Gaussian noise, as loud at every frequency."""
    return random.standard_normal(samples, np.float32)


def babble(voices: Sequence[Sound], samples: int, random: np.random.Generator) -> Sound:
    """(samples,) of several voices at once, each as loud as the others and from anywhere in it.

    A voice that ends begins again.

    Raises:
        WrongUse: no voice says anything.
    """
    levels = [active_level(one) for one in voices]
    spoken = [(one, level) for one, level in zip(voices, levels, strict=True) if level > 0]
    if not spoken:
        raise WrongUse("babble needs recordings in which somebody speaks")
    mixed = np.zeros(samples, np.float32)
    for voice, level in spoken:
        places = (np.arange(samples) + int(random.integers(len(voice)))) % len(voice)
        mixed += voice[places] / np.float32(level)
    return mixed


def in_noise(sound: Sound, noise: NDArray[np.float32], snr_db: float) -> Sound:
    """Speech with noise that lies `snr_db` below its active level.

    Both are turned down together where they would leave [-1, 1]. Silence stays silence.

    Raises:
        WrongUse: lengths that differ, or noise that is silent.
    """
    loud = float(np.sqrt(np.mean(noise.astype(np.float64) ** 2))) if len(noise) else 0.0
    if noise.shape != sound.shape or (len(sound) and not loud > 0):
        raise WrongUse(
            f"noise of {len(noise)} samples and level {loud:g} cannot be added to a sound of "
            f"{len(sound)}; it must be as long, and be heard"
        )
    level = active_level(sound)
    if not level > 0:
        return sound
    gain = np.float32(level / loud * 10 ** (-snr_db / 20))
    mixed = sound + gain * noise
    peak = np.float32(max(1.0, float(np.abs(mixed).max())))
    heard: Sound = (mixed / peak).astype(np.float32)
    return heard
