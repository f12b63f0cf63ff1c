"""What Whisper families share: which windows they hear, and a few words as the only ones."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from scrubjay.core.types import SAMPLE_RATE, Sound
from scrubjay.models.voice_activity import Span, SpeechRules, VoiceActivity, together

WINDOW_S: Final = 30.0
"""What a Whisper hears at once."""
AROUND_S: Final = 0.2
PUNCTUATION: Final = (" ", ".", ",", "?", "!")

Encode = Callable[[str], list[int]]


def windows(
    sound: Sound, activity: VoiceActivity | None, *, window_s: float = WINDOW_S
) -> Iterator[Span]:
    """Stretches with speech, each short enough for a Whisper; without VAD, the whole sound."""
    if activity is None:
        return iter([Span(0.0, len(sound) / SAMPLE_RATE)] if len(sound) else [])
    rules = SpeechRules(
        longest_s=max(1.0, window_s - 3 * AROUND_S), before_s=AROUND_S, after_s=AROUND_S
    )
    return together(activity.spans(sound, rules), longest_s=window_s)


def cut(sound: Sound, span: Span) -> Sound:
    """The samples of a span; a view."""
    return sound[round(span.start_s * SAMPLE_RATE) : round(span.end_s * SAMPLE_RATE)]


def tokens_but(words: Iterable[str], encode: Encode, *, letters: int) -> list[int]:
    """Tokens that are in none of the words, to be suppressed.

    A Whisper so held writes nothing but pieces of these words; which pieces follow each other it
    is left to choose.

    Args:
        words: the only ones that may have been said.
        encode: a text to its tokens, without special ones.
        letters: tokens below this number are text, those from it on are special.
    """
    written = {
        form
        for word in words
        for text in (word, word.lower(), word.capitalize(), string.capwords(word))
        for form in (text, f" {text}")
    }
    allowed = {token for form in (*sorted(written), *PUNCTUATION) for token in encode(form)}
    return [token for token in range(letters) if token not in allowed]


def confidence(mean_logarithm: float) -> float:
    """Geometric mean of the tokens' probabilities, of the mean of their logarithms."""
    return math.exp(min(0.0, mean_logarithm)) if math.isfinite(mean_logarithm) else 0.0
