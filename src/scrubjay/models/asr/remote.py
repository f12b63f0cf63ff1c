"""A listener on another server: `/v1/audio/transcriptions` of any server, as OpenAI shaped it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from scrubjay.core.errors import BadConfig
from scrubjay.core.hearing import Heard, Transcript
from scrubjay.core.looking import ModelSpec
from scrubjay.core.types import SAMPLE_RATE, Sound
from scrubjay.models.language_names import language_of
from scrubjay.models.remote_client import RemoteRefused, RemoteServer
from scrubjay.models.speech_input import as_sound
from scrubjay.models.spoken_language import checked_words, language_code
from scrubjay.models.wave_bytes import encode_wave

ROUTE: Final = "/audio/transcriptions"
LEAST: Final = SAMPLE_RATE // 10
"""Servers refuse shorter sounds; these end in silence."""
FRAME: Final = SAMPLE_RATE // 10
SEARCHED: Final = 100
"""Frames at a window's end in which the quietest is sought, to cut there."""


def load(
    *,
    url: str,
    model: str,
    key_variable: str | None = None,
    timeout_s: float = 300.0,
    retries: int = 2,
    proxy_variable: str | None = None,
    window_s: float = 600.0,
) -> RemoteListener:
    """A listener on a server that speaks OpenAI's protocol.

    Args:
        url: where its API begins, as `http://localhost:8000/v1`.
        model: as the server names it.
        key_variable: NAME of the environment variable that holds the key, never the key.
        timeout_s: longest silence of the server.
        retries: how often what may succeed later is tried again.
        proxy_variable: name of the environment variable with a proxy's address.
        window_s: longest sound sent at once; a longer one is cut where it is quiet.

    Raises:
        BadConfig: an option that cannot be used.
        MissingExtra: the `openai` client is not installed.
    """
    if not window_s >= 30:
        raise BadConfig(f"window_s must be at least 30, not {window_s}")
    server = RemoteServer(
        url,
        model,
        key_variable=key_variable,
        timeout_s=timeout_s,
        retries=retries,
        proxy_variable=proxy_variable,
    )
    return RemoteListener(server, window_s)


class RemoteListener:
    """A SpeechToText elsewhere. It prefers the words it may be given, and is not held to them."""

    def __init__(self, server: RemoteServer, window_s: float) -> None:
        self._server = server
        self._window_s = window_s
        self._verbose = True

    @property
    def spec(self) -> ModelSpec:
        """Family `remote`, the model and where it is."""
        return self._server.spec("asr")

    def transcribe(
        self, sound: Sound, *, language: str | None = None, words: Sequence[str] | None = None
    ) -> Transcript:
        """What is said, with times where the server gives them, else one segment a window.

        Raises:
            BadMedia: it is no sound.
            WrongUse: no code of a language, or no words.
            ModelNotFound, RemoteFailed: as `RemoteServer.post`.
        """
        samples = as_sound(sound)
        code = None if language is None else language_code(language)
        hint = None if words is None else f"{', '.join(checked_words(words))}."
        heard: list[Heard] = []
        said: str | None = None
        for start, piece in windows(samples, self._window_s):
            answer = self._asked(piece, code, hint)
            heard += self._segments(answer, start, len(piece) / SAMPLE_RATE)
            said = said or language_of(answer.get("language"))
        return Transcript(
            segments=tuple(heard),
            language=code or said,
            duration_s=len(samples) / SAMPLE_RATE,
            listener=self._server.name,
        )

    def _asked(self, sound: Sound, language: str | None, hint: str | None) -> Mapping[str, Any]:
        fields: dict[str, Any] = {"model": self._server.model, "temperature": 0}
        if language is not None:
            fields["language"] = language
        if hint is not None:
            fields["prompt"] = hint
        padded = np.pad(sound, (0, max(0, LEAST - len(sound))))
        files = {"file": ("sound.wav", encode_wave(padded), "audio/wav")}
        if self._verbose:
            more = {"response_format": "verbose_json", "timestamp_granularities": ["segment"]}
            try:
                return self._server.post_form(ROUTE, {**fields, **more}, files)
            except RemoteRefused as refused:
                if not any(name in refused.says for name in ("response_format", "verbose_json")):
                    raise
                self._verbose = False
        return self._server.post_form(ROUTE, {**fields, "response_format": "json"}, files)

    def _segments(
        self, answer: Mapping[str, Any], start_s: float, length_s: float
    ) -> Iterator[Heard]:
        text, segments = answer.get("text"), answer.get("segments")
        if not isinstance(text, str):
            raise self._server.unreadable("no text")
        if not isinstance(segments, list) or not segments:
            if text.strip():
                yield Heard(text.strip(), start_s, start_s + length_s)
            return
        for one in segments:
            said = one.get("text") if isinstance(one, Mapping) else None
            if not isinstance(said, str):
                raise self._server.unreadable("a segment without text")
            if not said.strip():
                continue
            begin = min(max(0.0, _number(one.get("start"), 0.0)), length_s)
            end = min(max(begin, _number(one.get("end"), length_s)), length_s)
            chance = _number(one.get("avg_logprob"), math.nan)
            yield Heard(
                said.strip(),
                start_s + begin,
                start_s + end,
                None if math.isnan(chance) else min(1.0, math.exp(chance)),
            )


def windows(sound: Sound, window_s: float) -> Iterator[tuple[float, Sound]]:
    """(second it begins at, samples) of parts no longer than a window, cut where it is quiet."""
    most = round(window_s * SAMPLE_RATE)
    start = 0
    while len(sound) - start > most:
        frames = sound[start + most - SEARCHED * FRAME : start + most].reshape(SEARCHED, FRAME)
        quietest = int(np.argmin(np.square(frames).mean(axis=1)))
        end = start + most - (SEARCHED - quietest) * FRAME + FRAME // 2
        yield start / SAMPLE_RATE, sound[start:end]
        start = end
    if len(sound) > start:
        yield start / SAMPLE_RATE, sound[start:]


def _number(value: object, otherwise: float) -> float:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known and math.isfinite(value) else otherwise  # type: ignore[arg-type]
