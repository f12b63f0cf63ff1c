"""What Whisper families share: hearing window by window, and a few words as the only ones."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final, NamedTuple

from scrubjay.core.errors import UnknownName
from scrubjay.core.hearing import Heard, Transcript
from scrubjay.core.types import SAMPLE_RATE, Sound
from scrubjay.models.spoken_language import language_code
from scrubjay.models.voice_activity import Span, SpeechRules, VoiceActivity, together

WINDOW_S: Final = 30.0
"""What a Whisper hears at once."""
AROUND_S: Final = 0.2
PUNCTUATION: Final = (" ", ".", ",", "?", "!")

Encode = Callable[[str], list[int]]


class Said(NamedTuple):
    """A stretch of a window as a Whisper wrote it.

    Attributes:
        start_s: seconds from the window's beginning; so is `end_s`.
        mean_logarithm: of the probabilities of its tokens.
    """

    text: str
    start_s: float
    end_s: float
    mean_logarithm: float


class Window(NamedTuple):
    """What was heard in a window, and in which language.

    Attributes:
        chance: of the language, in [0, 1], where it was identified.
    """

    said: Iterable[Said]
    language: str | None
    chance: float | None


def known_language(name: str, language: str | None, known: Collection[str]) -> str | None:
    """The two-letter code of a language that was given, if one was.

    Args:
        name: of the model.
        language: as it was given.
        known: codes of the languages the model knows.

    Raises:
        WrongUse: the model does not know it, or it is no language.
    """
    code = None if language is None else language_code(language)
    if code is not None and code not in known:
        raise UnknownName(f"language of the Whisper {name}", code, known)
    return code


def heard_in(
    sound: Sound,
    spans: Iterable[Span],
    hear: Callable[[Sound, str | None], Window],
    *,
    language: str | None,
    listener: str,
) -> Transcript:
    """What a Whisper hears in windows; the first one's language is that of all.

    Args:
        sound: (samples,) mono at 16 kHz.
        spans: the windows.
        hear: the samples of a window, and the language where it is known.
        language: where it is known before.
        listener: what hears, for people.
    """
    segments: list[Heard] = []
    found, chance = language, None
    for span in spans:
        window = hear(cut(sound, span), found)
        if found is None:
            found, chance = window.language, window.chance
        segments += _placed(window.said, span)
    return Transcript(tuple(segments), found, len(sound) / SAMPLE_RATE, listener, chance)


def _placed(said: Iterable[Said], span: Span) -> Iterator[Heard]:
    """Stretches at their place in the whole sound; what is past the window's end was not said."""
    for one in said:
        text = one.text.strip()
        start = span.start_s + max(0.0, one.start_s)
        end = min(span.end_s, span.start_s + one.end_s)
        if text and start < span.end_s:
            yield Heard(text, start, max(start, end), confidence(one.mean_logarithm))


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
