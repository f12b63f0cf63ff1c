"""Bytes to sound, within limits: 16 kHz mono, decoded piece by piece so that no header is trusted.

WAV, FLAC, MP3 and Ogg are read by libsndfile; MPEG-4, AAC and Matroska sound by FFmpeg (the
`speech` extra).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia, MissingExtra
from scrubjay.core.types import SAMPLE_RATE, Kind, Sound
from scrubjay.media.sniff import Format, sniff, sniff_format

DEFAULT_LIMITS: Final = MediaLimits()
RATES: Final = range(1_000, 768_001)
"""Hz. Sampling rates a recording may have."""

MAX_CHANNELS: Final = 64
_BLOCK: Final = 1 << 16
_BY_FFMPEG: Final = {
    Format.MP4: "mov",
    Format.AAC: "aac",
    Format.MATROSKA: "matroska",
}
_UNSAID: Final = 0x7FFF_F000
"""A WAV data size from here up is what streaming writers put when they do not know it."""

Block = NDArray[np.float32]


def decode_sound(data: bytes, *, limits: MediaLimits = DEFAULT_LIMITS) -> Sound:
    """Decode a recording to 16 kHz mono.

    Channels are averaged; a recording louder than full scale is turned down to it.

    Args:
        data: the whole file: WAV, FLAC, MP3, Ogg (Vorbis, Opus), or with the `speech` extra
            M4A, AAC and WebM.
        limits: what it may cost; its length is checked in the header and again while decoding.

    Returns:
        (samples,) float32 in [-1, 1].

    Raises:
        BadMedia: empty, not a recording, too long, truncated, damaged, silent, or with samples
            that are not numbers.
        MissingExtra: the format needs the `speech` extra.
    """
    return joined(sound_pieces(data, limits))


def sound_pieces(data: bytes, limits: MediaLimits = DEFAULT_LIMITS) -> Iterator[Block]:
    """Decode a recording to 16 kHz mono, piece by piece, not yet turned down.

    Yields:
        (samples,) float32, finite.

    Raises:
        BadMedia: as `decode_sound`, but for a recording of less than one sample.
        MissingExtra: as `decode_sound`.
    """
    import soxr

    resample = None
    for rate, block in _blocks(data, limits):
        if rate == SAMPLE_RATE:
            yield block
            continue
        if resample is None:
            resample = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")
        yield resample.resample_chunk(block)
    if resample is not None:
        yield resample.resample_chunk(np.zeros(0, np.float32), last=True)


def joined(pieces: Iterable[Block]) -> Sound:
    """One sound of pieces, turned down to full scale where it is louder.

    Raises:
        BadMedia: there is nothing in them.
    """
    parts = list(pieces)
    sound = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    if not len(sound):
        raise BadMedia("too short: less than one sample at 16 kHz")
    peak = float(np.abs(sound).max())
    return sound / np.float32(peak) if peak > 1 else sound


def probe_sound(data: bytes, limits: MediaLimits = DEFAULT_LIMITS) -> float:
    """Decode a recording without keeping it: is it whole, and how long?

    Returns:
        Its length in seconds.

    Raises:
        BadMedia: as `decode_sound`.
        MissingExtra: as `decode_sound`.
    """
    seconds = 0.0
    for rate, block in _blocks(data, limits):
        seconds += len(block) / rate
    return seconds


def encode_wav(sound: Sound) -> bytes:
    """Write a sound as a 16-bit PCM WAV file at 16 kHz; what passes full scale is clipped."""
    import wave

    samples = np.round(np.clip(sound, -1.0, 1.0) * 32767.0).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())
    return out.getvalue()


def _blocks(data: bytes, limits: MediaLimits) -> Iterator[tuple[int, Block]]:
    """Decode to (rate, mono block) pieces, checked: finite, not too long, not empty, not silent."""
    found = _check(data, limits)
    pieces = (
        _ffmpeg_blocks(data, found, limits) if found in _BY_FFMPEG else _blocks_of(data, limits)
    )
    frames, heard = 0, False
    for rate, channels in pieces:
        with np.errstate(over="ignore", invalid="ignore"):
            block = channels.mean(axis=1, dtype=np.float32)
        if not np.isfinite(block).all():
            raise BadMedia("samples that are not finite numbers")
        frames += len(block)
        _check_length(frames / rate, limits)
        heard = heard or bool(block.any())
        yield rate, block
    if not frames:
        raise BadMedia("no samples")
    if not heard:
        raise BadMedia("silent: every sample is zero")


def _check(data: bytes, limits: MediaLimits) -> Format:
    if not data:
        raise BadMedia("empty file")
    if len(data) > limits.max_bytes:
        raise BadMedia(f"file of {len(data):,} bytes: over the limit of {limits.max_bytes:,}")
    found = sniff_format(data)
    if found is None or sniff(data) is not Kind.SPEECH:
        raise BadMedia(
            f"not a recording: its content is {found.value}" if found else "not a recording"
        )
    if found is Format.WAV:
        _check_wav_whole(data)
    return found


def _check_length(seconds: float, limits: MediaLimits) -> None:
    if seconds > limits.max_sound_s:
        raise BadMedia(f"longer than the limit of {limits.max_sound_s:,.0f} s")


def _check_stream(rate: int, channels: int) -> None:
    if rate not in RATES:
        raise BadMedia(f"a sampling rate of {rate} Hz")
    if not 1 <= channels <= MAX_CHANNELS:
        raise BadMedia(f"{channels} channels")


def _check_wav_whole(data: bytes) -> None:
    """Refuse a WAV cut off in its samples; libsndfile would hand over what is left as if whole."""
    at = 12
    while at + 8 <= len(data) and data[:4] == b"RIFF":
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] == b"data":
            if len(data) - at - 8 < size < _UNSAID:
                raise BadMedia("truncated WAV recording")
            return
        at += 8 + size + (size & 1)


@contextmanager
def _decoding(found: str) -> Iterator[None]:
    """Every way a decoder can fail on a stranger's bytes becomes BadMedia."""
    try:
        yield
    except (BadMedia, MissingExtra, GeneratorExit):
        raise
    except MemoryError as error:
        raise BadMedia("decoding it takes more memory than there is") from error
    except Exception as error:
        said = getattr(error, "error_string", None) or getattr(error, "strerror", None) or error
        text = " ".join(str(said).split()) or type(error).__name__
        raise BadMedia(f"damaged {found} recording: {text[:120]}") from error


def _blocks_of(data: bytes, limits: MediaLimits) -> Iterator[tuple[int, Block]]:
    import soundfile

    found = sniff_format(data)
    name = found.value if found else "unknown"
    with _decoding(name), soundfile.SoundFile(io.BytesIO(data)) as file:
        rate, promised = int(file.samplerate), int(file.frames)
        _check_stream(rate, int(file.channels))
        _check_length(promised / rate, limits)
        read = 0
        while len(block := file.read(_BLOCK // file.channels, dtype="float32", always_2d=True)):
            read += len(block)
            yield rate, block
        if found is Format.FLAC and read < promised:
            raise BadMedia(f"truncated FLAC recording: {read:,} of {promised:,} samples")


def _ffmpeg_blocks(data: bytes, found: Format, limits: MediaLimits) -> Iterator[tuple[int, Block]]:
    try:
        import av
    except ImportError as error:
        raise MissingExtra(f"reading {found.value} recordings", "speech") from error

    # The demuxer is named: FFmpeg must not take a stranger's bytes for a playlist of other files.
    with (
        _decoding(found.value),
        av.open(io.BytesIO(data), format=_BY_FFMPEG[found], metadata_errors="replace") as file,
    ):
        if not file.streams.audio:
            raise BadMedia("not a recording: it has no sound track")
        track = file.streams.audio[0]
        promised = float(track.duration * track.time_base) if track.duration else 0.0
        _check_length(promised, limits)
        decoded = 0.0
        for block, rate in _frames(file, track):
            decoded += len(block) / rate
            yield rate, block
        if found is Format.MP4 and decoded < promised - 0.5:
            raise BadMedia(f"truncated {found.value} recording: {decoded:.1f} of {promised:.1f} s")


def _frames(file: Any, track: Any) -> Iterator[tuple[Block, int]]:  # noqa: ANN401 - PyAV is untyped here
    """Decoded frames as (samples, channels) float32, all at the first frame's rate."""
    import av

    convert: Any = None
    rate = 0
    for frame in file.decode(track):
        if convert is None:
            rate = int(frame.sample_rate)
            _check_stream(rate, len(frame.layout.channels))
            convert = av.AudioResampler(format="fltp", layout=frame.layout.name, rate=rate)
        for part in convert.resample(frame):
            yield part.to_ndarray().T, rate
