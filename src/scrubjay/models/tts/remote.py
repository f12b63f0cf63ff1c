"""A voice on another server: `/v1/audio/speech` of any server that speaks OpenAI's protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from scrubjay.core.errors import BadConfig, BadMedia, WrongUse
from scrubjay.core.hearing import Spoken
from scrubjay.core.looking import ModelSpec
from scrubjay.core.types import Sound
from scrubjay.models.remote_client import RemoteServer
from scrubjay.models.spoken_language import check_length, check_speed, language_code
from scrubjay.models.wave_bytes import decode_pcm16, decode_wave

ROUTE: Final = "/audio/speech"
PCM_RATE: Final = 24_000
"""Samples a second of OpenAI's `pcm`."""
SILENCE_S: Final = 0.1
MOST_BYTES: Final = 128 * 1024 * 1024


def load(
    *,
    url: str,
    model: str,
    voice: str = "alloy",
    voices: Mapping[str, str] | None = None,
    language: str = "en",
    key_variable: str | None = None,
    timeout_s: float = 120.0,
    retries: int = 2,
    proxy_variable: str | None = None,
    response_format: str = "wav",
    rate: int = PCM_RATE,
) -> RemoteVoice:
    """A voice on a server that speaks OpenAI's protocol.

    Args:
        url: where its API begins, as `http://localhost:8000/v1`.
        model: as the server names it.
        voice: that speaks where no other is given.
        voices: two-letter code of a language -> the voice that speaks it; then no other language
            is spoken. None: the one voice speaks every language, as hosted voices do.
        language: of `voice`, where nobody asks for another.
        key_variable: NAME of the environment variable that holds the key, never the key.
        timeout_s: longest silence of the server.
        retries: how often what may succeed later is tried again.
        proxy_variable: name of the environment variable with a proxy's address.
        response_format: `wav`, or `pcm` for servers that only send samples.
        rate: samples a second of `pcm`; a WAV file says its own.

    Raises:
        BadConfig: an option that cannot be used.
        MissingExtra: the `openai` client is not installed.
    """
    if response_format not in {"wav", "pcm"}:
        raise BadConfig(f"speech is asked for as wav or pcm, not as {response_format!r}")
    server = RemoteServer(
        url,
        model,
        key_variable=key_variable,
        timeout_s=timeout_s,
        retries=retries,
        proxy_variable=proxy_variable,
        most_bytes=MOST_BYTES,
    )
    known = {language_code(code): name for code, name in (voices or {}).items()}
    return RemoteVoice(server, voice, known, language_code(language), response_format, rate)


class RemoteVoice:
    """A Voice elsewhere."""

    def __init__(
        self,
        server: RemoteServer,
        voice: str,
        voices: Mapping[str, str],
        language: str,
        response_format: str,
        rate: int,
    ) -> None:
        self._server = server
        self._voice = voice
        self._voices = voices
        self._language = language
        self._format = response_format
        self._rate = rate

    @property
    def spec(self) -> ModelSpec:
        """Family `remote`, the model and where it is."""
        return self._server.spec("tts", languages=tuple(self._voices))

    def speak(self, text: str, *, language: str | None = None, speed: float = 1.0) -> Spoken:
        """A text as a sound, at the rate the server sends.

        Raises:
            WrongUse: a language it has no voice for, or no speed or length that can be spoken.
            ModelNotFound, RemoteFailed: as `RemoteServer.post`.
        """
        check_speed(speed)
        code = self._language if language is None else language_code(language)
        voice = self._voice_of(code, asked=language is not None)
        if not check_length(text).strip():
            silence = np.zeros(round(SILENCE_S * self._rate), np.float32)
            return Spoken(silence, self._rate, code, self._server.name)
        body = {
            "model": self._server.model,
            "input": text,
            "voice": voice,
            "response_format": self._format,
            **({} if speed == 1.0 else {"speed": speed}),
        }
        samples, rate = self._decoded(self._server.post_for_bytes(ROUTE, body))
        return Spoken(samples, rate, code, self._server.name)

    def _voice_of(self, code: str, *, asked: bool) -> str:
        if not self._voices or not asked:
            return self._voices.get(code, self._voice)
        if code not in self._voices:
            raise WrongUse(
                f"{self._server.name} has no voice for {code!r}; it speaks "
                f"{', '.join(sorted(self._voices))}: name more with voices"
            )
        return self._voices[code]

    def _decoded(self, data: bytes) -> tuple[Sound, int]:
        if self._format == "pcm" and data[:4] != b"RIFF":
            return decode_pcm16(data), self._rate
        try:
            return decode_wave(data)
        except BadMedia as error:
            raise self._server.unreadable(
                f"{error.reason} where a WAV file was asked for"
            ) from error
