"""Sounds as the bytes of a WAV file, and back: what servers send each other.

Read with care: a server may send anything. `wave` of the standard library knows neither floating
point nor the extensible header, and believes lengths that streaming servers leave open.
"""

from __future__ import annotations

import io
import struct
import wave
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import BadMedia
from scrubjay.core.types import SAMPLE_RATE, Sound

PCM: Final = 1
FLOAT: Final = 3
EXTENSIBLE: Final = 0xFFFE
RATES: Final = (1_000, 384_000)
MAX_CHANNELS: Final = 8


def encode_wave(sound: NDArray[np.float32], rate: int = SAMPLE_RATE) -> bytes:
    """A mono sound as a 16-bit PCM WAV file; what passes full scale is clipped."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm16(sound))
    return out.getvalue()


def pcm16(sound: NDArray[np.float32]) -> bytes:
    """Little-endian 16-bit samples."""
    return np.round(np.clip(sound, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()


def decode_pcm16(data: bytes) -> Sound:
    """(n,) float32 of little-endian 16-bit mono samples; half a sample at the end is left out."""
    return np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float32) / 32768.0


def decode_wave(data: bytes) -> tuple[Sound, int]:
    """((n,) float32 mono, samples a second) of a WAV file; channels are averaged.

    Raises:
        BadMedia: it is none, or none that can be read.
    """
    if len(data) < 12 or data[:4] not in {b"RIFF", b"RF64"} or data[8:12] != b"WAVE":
        raise BadMedia("no WAV file")
    kind = channels = rate = bits = 0
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt ":
            kind, channels, rate, bits = _format(body)
        elif name == b"data":
            # A server that streams does not know the length: it ends where the bytes do.
            return _mono(body, kind, channels, bits), rate
        at += 8 + size + size % 2
    raise BadMedia("a WAV file without samples")


def _format(body: bytes) -> tuple[int, int, int, int]:
    if len(body) < 16:
        raise BadMedia("a WAV file with a broken header")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if kind == EXTENSIBLE and len(body) >= 26:
        (kind,) = struct.unpack_from("<H", body, 24)
    if not (1 <= channels <= MAX_CHANNELS and RATES[0] <= rate <= RATES[1]):
        raise BadMedia(f"a WAV file of {channels} channels at {rate} Hz")
    return kind, channels, rate, bits


def _mono(body: bytes, kind: int, channels: int, bits: int) -> Sound:
    width = bits // 8
    if not channels:
        raise BadMedia("a WAV file whose samples come before its header")
    if (kind, bits) not in {(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32), (FLOAT, 64)}:
        raise BadMedia(f"a WAV file of format {kind} with {bits} bits a sample")
    whole = body[: len(body) // (width * channels) * width * channels]
    if kind == FLOAT:
        samples = np.frombuffer(whole, f"<f{width}").astype(np.float32)
    elif bits == 8:
        samples = (np.frombuffer(whole, np.uint8).astype(np.float32) - 128.0) / 128.0
    else:
        raw = np.frombuffer(whole, np.uint8).reshape(-1, width)
        wide = np.zeros((len(raw), 4), np.uint8)
        wide[:, 4 - width :] = raw
        samples = wide.view("<i4")[:, 0].astype(np.float32) / np.float32(2**31)
    if not np.isfinite(samples).all():
        raise BadMedia("a WAV file with samples that are not finite")
    mono: Sound = samples.reshape(-1, channels).mean(axis=1, dtype=np.float32)
    return np.clip(mono, -1.0, 1.0)
