"""What is heard in a film: sentences in their shots, and between them silence, noise and music."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import SAMPLE_RATE, Sound
from scrubjay.media.world.film import Background, Film, FilmShot
from scrubjay.media.world.speak import Speaker, any_voice
from scrubjay.media.world.things import Language

AWAY_S: Final = 0.4
"""Seconds a sentence stays away from both ends of its shot."""
FASTEST: Final = 300
"""Words a minute, where a sentence would not fit into its shot otherwise."""
LOUDNESS: Final = (0.25, 0.7)
"""Peak of a sentence."""
QUIET: Final = (0.0008, 0.006)
"""Standard deviation of hiss and hum, -62 to -44 dB of full scale."""
MUSIC: Final = 0.06
RAMP_S: Final = 0.02
"""Seconds in which a background comes and goes, so that nothing clicks."""
NOTES: Final = (196, 220, 247, 262, 294, 330, 349, 392, 440, 523)
"""Hertz."""


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """A sentence that is said in a film.

    Attributes:
        shot: place of its shot in the film.
        start_s: where it begins, from the film's beginning.
        end_s: where it is over.
        voice: espeak-ng's name of who says it.
    """

    shot: int
    text: str
    start_s: float
    end_s: float
    voice: str


def soundtrack(film: Film, speaker: Speaker) -> Iterator[tuple[Sound, Said | None]]:
    """A film's sound, mono at 16 kHz: up to the end of each shot, and what is said in it.

    The pieces follow each other without a gap and are together as long as the film. The same film
    sounds the same in a fresh process; what espeak-ng said before is faintly heard in what it says.

    Raises:
        NotReady: espeak-ng is not installed.
    """
    at = 0
    for place, shot in enumerate(film.shots):
        end = round(shot.end_s * SAMPLE_RATE)
        random = np.random.default_rng([shot.seed, 1])
        piece = _background(shot, end - at, random)
        said = None
        if shot.spoken is not None:
            sound, voice = _spoken(shot, shot.spoken, speaker, random)
            free = shot.end_s - shot.start_s - 2 * AWAY_S - len(sound) / SAMPLE_RATE
            start_s = shot.start_s + AWAY_S + max(0.0, free) * float(random.uniform(0, 1))
            begin = round(start_s * SAMPLE_RATE) - at
            sound = sound[: len(piece) - begin]
            piece[begin : begin + len(sound)] += sound
            said = Said(place, shot.spoken, start_s, start_s + len(sound) / SAMPLE_RATE, voice)
        yield np.clip(piece, -1, 1), said
        at = end


def _spoken(
    shot: FilmShot, text: str, speaker: Speaker, random: np.random.Generator
) -> tuple[Sound, str]:
    """A sentence in one of the voices of the training, and whose; said faster where it must be."""
    room = (shot.end_s - shot.start_s - 2 * AWAY_S) * SAMPLE_RATE
    voice = any_voice(Language.ENGLISH, random)
    sound = speaker.say(text, voice).sound
    while len(sound) > room and voice.rate < FASTEST:
        faster = max(voice.rate + 10, round(voice.rate * len(sound) / room))
        voice = voice._replace(rate=min(FASTEST, faster))
        sound = speaker.say(text, voice).sound
    loudest = float(np.abs(sound).max()) or 1.0
    return (sound * (random.uniform(*LOUDNESS) / loudest)).astype(np.float32), voice.name


def _background(shot: FilmShot, length: int, random: np.random.Generator) -> Sound:
    level = float(random.uniform(*QUIET))
    sound: NDArray[np.floating[Any]]
    match shot.background:
        case Background.SILENCE:
            return np.zeros(length, np.float32)
        case Background.HISS:
            sound = random.normal(0, level, length)
        case Background.HUM:
            time = np.arange(length) / SAMPLE_RATE
            hertz = float(random.choice([50, 60, 100]))
            waves = [np.sin(2 * np.pi * hertz * n * time) / n for n in range(1, 6)]
            sound = level * np.sum(waves, axis=0)
        case Background.MUSIC:
            sound = MUSIC * _chords(length, random)
    ramp = min(length // 2, round(RAMP_S * SAMPLE_RATE))
    sound[:ramp] *= np.linspace(0, 1, ramp)
    sound[length - ramp :] *= np.linspace(1, 0, ramp)
    return sound.astype(np.float32)


def _chords(length: int, random: np.random.Generator) -> Sound:
    """Plucked strings, three at a time."""
    out = np.zeros(length, np.float32)
    at = 0
    while at < length:
        part = min(length - at, int(random.integers(4_000, 9_000)))
        time = np.arange(part) / SAMPLE_RATE
        for note in random.choice(NOTES, 3, replace=False):
            for harmonic in range(1, 5):
                out[at : at + part] += np.sin(2 * np.pi * note * harmonic * time) / harmonic
        out[at : at + part] *= np.exp(-4 * time)
        at += part
    return out
