"""Speech for tests, by espeak-ng."""

from __future__ import annotations

import shutil
from functools import lru_cache

import numpy as np
import pytest
import soxr

from scrubjay.models.load import load_tts

needs_espeak = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng is not installed: nothing can be spoken"
)


@lru_cache(maxsize=512)
def say(text: str, voice: str = "en-us", *, speed: float = 1.0, pitch: int = 50) -> np.ndarray:
    """(samples,) at 16 kHz, without the silence around it."""
    spoken = load_tts("espeak", voice=voice, pitch=pitch).speak(text, speed=speed)
    sound = soxr.resample(spoken.samples, spoken.rate, 16_000, quality="HQ").astype(np.float32)
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    kept = sound[loud[0] : loud[-1] + 1]
    kept.setflags(write=False)
    return kept


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * 16_000), np.float32)


def noise(seconds: float, level: float = 0.1, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.normal(0, level, round(seconds * 16_000)).astype(np.float32)


def tone(seconds: float, frequency: float = 440.0) -> np.ndarray:
    time = np.arange(round(seconds * 16_000)) / 16_000
    return (0.4 * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def music(seconds: float, seed: int = 0) -> np.ndarray:
    """Chords of plucked strings."""
    random = np.random.default_rng(seed)
    out, length = [], 0
    while length < seconds * 16_000:
        time = np.arange(int(random.integers(4_000, 9_000))) / 16_000
        notes = random.choice([196, 220, 247, 262, 294, 330, 349, 392, 440, 523], 3)
        waves = sum(np.sin(2 * np.pi * n * h * time) / h for n in notes for h in range(1, 6))
        out.append((0.08 * waves * np.exp(-4 * time)).astype(np.float32))
        length += len(time)
    return np.concatenate(out)[: round(seconds * 16_000)]
