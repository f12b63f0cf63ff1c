"""PocketSphinx: English, offline, with the model and the dictionary its package comes with.

It is small and old: with a grammar of a few words it hears most of them, of free speech about half.
So `words` are worth giving. Confidence is the mean of the words' posterior probabilities, which
says little of how right they are. It is lower where another language comes out as English words:
then, unless English was asked for, the transcript's language is not known.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any, Final, TypeAlias

import numpy as np

from scrubjay.core.errors import MissingExtra, WrongUse
from scrubjay.core.hearing import Heard, Transcript
from scrubjay.core.looking import ModelSpec
from scrubjay.core.types import SAMPLE_RATE, Sound
from scrubjay.models.speech_input import as_sound
from scrubjay.models.spoken_language import checked_words, language_code
from scrubjay.models.voice_activity import Span, SpeechRules, VoiceActivity

Decoder: TypeAlias = Any
"""A pocketsphinx.Decoder."""

ENGLISH: Final = "en"
LONGEST_S: Final = 15.0
AROUND_S: Final = 0.2
"""Sound heard before and after speech; what there is none of is silence."""
NOISE_DB: Final = -30.0
"""Noise added, below the loud parts of speech: the model was trained on rooms, not on zeros."""
TELEPHONE_HZ: Final = 4_200.0
NOTHING: Final = 1e-6
"""Share of a sound's power above TELEPHONE_HZ, below which nothing is there."""
MIRRORED: Final = 0.3
UNSURE: Final = 0.25
"""Confidence of free speech below which it may be another language: of espeak-ng's questions, nine
of fifteen in German, French and Spanish are below, and two of twenty in English."""
GRAMMAR: Final = {"lm": None, "lw": 1.0, "wip": 1e-12}
"""Every word of a grammar costs this much, or noise is heard as a row of short ones."""

_WORD = re.compile(r"[a-z0-9'._-]+")
_PRONUNCIATION = re.compile(r"\(\d+\)$")


def load(*, vad: bool = True) -> PocketSphinx:
    """PocketSphinx with its own English model.

    Args:
        vad: look for speech first and decode only that; False: all of it, in pieces.

    Raises:
        MissingExtra: pocketsphinx or the voice activity's network is not installed.
    """
    try:
        import pocketsphinx
    except ImportError as error:
        raise MissingExtra("hearing with pocketsphinx", "speech") from error
    pocketsphinx.set_loglevel("FATAL")
    return PocketSphinx(VoiceActivity() if vad else None)


class PocketSphinx:
    """A SpeechToText for English; one sound at a time is decoded."""

    def __init__(self, activity: VoiceActivity | None) -> None:
        self._activity = activity
        self._rules = SpeechRules(longest_s=LONGEST_S)
        self._lock = threading.Lock()
        self._decoders: dict[bool, Decoder] = {}
        self._grammar: tuple[str, ...] = ()

    @property
    def spec(self) -> ModelSpec:
        """Family `pocketsphinx`; the fingerprint follows the package's version."""
        name = f"pocketsphinx {version('pocketsphinx')} en-us"
        described = f"{name} vad={self._activity is not None} 1"
        return ModelSpec(
            "pocketsphinx",
            name,
            hashlib.sha256(described.encode()).hexdigest(),
            languages=(ENGLISH,),
        )

    def transcribe(
        self, sound: Sound, *, language: str | None = None, words: Sequence[str] | None = None
    ) -> Transcript:
        """English, a segment a stretch of speech; the language is None where it may be another.

        Args:
            sound: (samples,) mono at 16 kHz.
            language: `en` or nothing.
            words: the only words there are; one may be several words, as `traffic light`.

        Raises:
            BadMedia: it is no sound.
            WrongUse: another language, or words that are not in its dictionary.
        """
        heard = as_sound(sound)
        if language is not None and language_code(language) != ENGLISH:
            raise WrongUse(
                f"pocketsphinx hears English, not {language_code(language)!r}; choose another "
                f"listener: asr=faster_whisper or asr=whisper with asr.source=a folder of a "
                f"multilingual Whisper, or asr=remote"
            )
        wanted = None if words is None else checked_words(words)
        with self._lock:
            decoder, spelled = self._ready(wanted)
            segments = tuple(
                one
                for span in self._spans(heard)
                if (one := _heard(decoder, heard, span, spelled)) is not None
            )
        told = language is not None or wanted is not None
        found = ENGLISH if told or _sounds_english(segments) else None
        return Transcript(segments, found, len(heard) / SAMPLE_RATE, "pocketsphinx en-us")

    def _spans(self, sound: Sound) -> Iterator[Span]:
        if self._activity is not None:
            return self._activity.spans(sound, self._rules)
        length = len(sound) / SAMPLE_RATE
        starts = np.arange(0.0, length, LONGEST_S).tolist()
        return (Span(start, min(length, start + LONGEST_S)) for start in starts)

    def _ready(self, words: tuple[str, ...] | None) -> tuple[Decoder, dict[str, str]]:
        """The decoder for free speech or for these words, and how each word is to be spelled."""
        decoder = self._decoder(words is not None)
        if words is None:
            return decoder, {}
        spelled = {one.lower(): one for word in words for one in word.split()}
        unknown = [
            one for one in spelled if not _WORD.fullmatch(one) or decoder.lookup_word(one) is None
        ]
        if unknown:
            named = ", ".join(repr(one[:40]) for one in unknown[:10])
            raise WrongUse(
                f"pocketsphinx does not know how to say {named}; its words are English ones, "
                f"numbers are spelled out ('seven')"
            )
        said = tuple(sorted({word.lower() for word in words}))
        if said != self._grammar:
            choices = " | ".join(said)
            decoder.add_jsgf_string(
                "words", f"#JSGF V1.0; grammar words; public <said> = ({choices})+;"
            )
            decoder.activate_search("words")
            self._grammar = said
        return decoder, spelled

    def _decoder(self, by_grammar: bool) -> Decoder:
        if by_grammar not in self._decoders:
            import pocketsphinx

            config = pocketsphinx.Config()
            config["loglevel"] = "FATAL"
            for name, value in GRAMMAR.items() if by_grammar else ():
                config[name] = value
            self._decoders[by_grammar] = pocketsphinx.Decoder(config)
        return self._decoders[by_grammar]


def _heard(decoder: Decoder, sound: Sound, span: Span, spelled: dict[str, str]) -> Heard | None:
    """What is said in a span; None: no word."""
    # The noise it has heard before would otherwise change what it hears next.
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(_prepared(sound, span), full_utt=True)
    decoder.end_utt()
    if decoder.hyp() is None:
        return None
    words, chances = [], []
    for segment in decoder.seg():
        word = _PRONUNCIATION.sub("", segment.word)
        # Silence, breath and noise have words of their own.
        if not word.startswith(("<", "[", "+")):
            words.append(spelled.get(word, word))
            chances.append(min(1.0, max(0.0, float(segment.prob))))
    if not words:
        return None
    return Heard(" ".join(words), span.start_s, span.end_s, sum(chances) / len(chances))


def _sounds_english(segments: Sequence[Heard]) -> bool:
    chances = [one.confidence for one in segments if one.confidence is not None]
    return bool(chances) and sum(chances) / len(chances) >= UNSURE


def _prepared(sound: Sound, span: Span) -> bytes:
    """16-bit samples of a span, with some sound around it and a little noise."""
    begin, end = (round(time * SAMPLE_RATE) for time in span)
    around = round(AROUND_S * SAMPLE_RATE)
    piece = np.zeros(end - begin + 2 * around, np.float32)
    first, last = max(0, begin - around), min(len(sound), end + around)
    piece[first - begin + around : last - begin + around] = sound[first:last]
    if _is_narrow(piece):
        # The mirrored lower band stands for the consonants a telephone leaves out.
        piece[::2] *= np.float32(1 + MIRRORED)
        piece[1::2] *= np.float32(1 - MIRRORED)
    loud = float(np.sqrt(np.percentile(np.square(piece), 90)))
    noise = np.random.default_rng(0).standard_normal(len(piece), np.float32)
    piece += np.float32(loud * 10 ** (NOISE_DB / 20)) * noise
    return np.round(np.clip(piece, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()


def _is_narrow(piece: Sound) -> bool:
    power = np.square(np.abs(np.fft.rfft(piece)))
    above = power[round(TELEPHONE_HZ * len(piece) / SAMPLE_RATE) :]
    return float(above.sum()) < NOTHING * float(power.sum())
