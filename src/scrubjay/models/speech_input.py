"""Sounds to a speech tower's input: a log-mel spectrogram in NumPy.

Frames, Hann window, power spectrum and triangular mel bands as in Davis and Mermelstein (1980),
with the mel scale of O'Shaughnessy (1987), 2595 log10(1 + f / 700). The mean of every band over
the utterance is removed, which takes away the loudness and the colour of the channel. Of a short
word that also takes away much of what it is; so a share of it may be left, and the loudness alone,
the mean over all bands, removed for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import BadMedia, Damaged
from scrubjay.core.protocols import Batch
from scrubjay.core.types import SAMPLE_RATE, Media, Sound

FLOOR = 1e-6
"""Added to a band's power: about -60 dB of a full-scale tone, below which a sound is silence."""


@dataclass(frozen=True, slots=True)
class SpeechInput:
    """What a speech tower wants to hear.

    Attributes:
        n_mels: bands.
        n_fft: points of the Fourier transform.
        win_length: samples a frame looks at, at 16 kHz; 400 is 25 ms.
        hop_length: samples from frame to frame; 160 is 10 ms.
        f_min: lowest frequency in Hz.
        f_max: highest frequency in Hz.
        window_s: longest sound in seconds; what follows is not heard.
        band_mean: share of every band's own mean that is removed; for the rest, the mean over all
            bands is.
        range_db: decibels under a sound's loudest that are told apart; all below is one silence,
            however quiet the room was. 0 tells everything apart.
    """

    n_mels: int = 64
    n_fft: int = 512
    win_length: int = 400
    hop_length: int = 160
    f_min: float = 20.0
    f_max: float = 7600.0
    window_s: float = 10.0
    band_mean: float = 1.0
    range_db: float = 0.0

    kind = "speech"

    def __call__(self, batch: Sequence[Media]) -> Batch:
        """Sounds to `{"mel": (n, frames, n_mels) float32, "lengths": (n,) int64}`.

        Frames past a sound's own length are zero, which is its mean.

        Raises:
            BadMedia: not a one-dimensional sound, or not finite.
        """
        mels = [self.log_mel(as_sound(media)) for media in batch]
        lengths = np.array([len(mel) for mel in mels], np.int64)
        out = np.zeros((len(mels), max(lengths, default=1), self.n_mels), np.float32)
        for row, mel in enumerate(mels):
            out[row, : len(mel)] = mel
        return {"mel": out, "lengths": lengths}

    @property
    def max_frames(self) -> int:
        """Frames of the longest sound."""
        samples = round(self.window_s * SAMPLE_RATE)
        return 1 + max(0, samples - self.win_length) // self.hop_length

    def log_mel(self, sound: Sound) -> NDArray[np.float32]:
        """(samples,) to (frames, n_mels): natural logarithm of band power, mean removed.

        A sound shorter than one window is followed by silence up to one.
        """
        return self.centred(self.spectrum(sound))

    def spectrum(self, sound: Sound) -> NDArray[np.float32]:
        """What `log_mel` is before anything is removed."""
        heard = sound[: round(self.window_s * SAMPLE_RATE)].astype(np.float32, copy=False)
        if len(heard) < self.win_length:
            heard = np.pad(heard, (0, self.win_length - len(heard)))
        frames = np.lib.stride_tricks.sliding_window_view(heard, self.win_length)
        windowed = frames[:: self.hop_length] * _hann(self.win_length)
        spectrum = np.fft.rfft(windowed, self.n_fft, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        bands = mel_bands(self.n_mels, self.n_fft, self.f_min, self.f_max)
        logarithm: NDArray[np.float32] = np.log(
            power.astype(np.float32, copy=False) @ bands + np.float32(FLOOR)
        )
        return logarithm

    def centred(self, spectrum: NDArray[np.float32]) -> NDArray[np.float32]:
        """(frames, n_mels) of `spectrum` with its quietest parts levelled and its mean removed."""
        if self.range_db:
            quietest = spectrum.max() - np.float32(self.range_db * np.log(10.0) / 10.0)
            spectrum = np.maximum(spectrum, quietest)
        mean = spectrum.mean(axis=0, dtype=np.float32)
        share = np.float32(self.band_mean)
        centred: NDArray[np.float32] = spectrum - (share * mean + (1 - share) * mean.mean())
        return centred

    def band_mels(self) -> NDArray[np.float32]:
        """(n_mels,) centre of every band in mel."""
        edges = np.linspace(_to_mel(self.f_min), _to_mel(self.f_max), self.n_mels + 2)
        return edges[1:-1].astype(np.float32)

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> SpeechInput:
        """The same input again.

        Raises:
            Damaged: the values were not written by `to_json`.
        """
        try:
            made = cls(
                n_mels=int(values["n_mels"]),
                n_fft=int(values["n_fft"]),
                win_length=int(values["win_length"]),
                hop_length=int(values["hop_length"]),
                f_min=float(values["f_min"]),
                f_max=float(values["f_max"]),
                window_s=float(values["window_s"]),
                band_mean=float(values.get("band_mean", 1.0)),
                range_db=float(values.get("range_db", 0.0)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"these are not the settings of a speech input: {error}") from error
        possible = (
            min(made.n_mels, made.hop_length) >= 1
            and 1 <= made.win_length <= made.n_fft
            and 0 <= made.f_min < made.f_max <= SAMPLE_RATE / 2
            and made.window_s > 0
            and made.range_db >= 0
            and 0 <= made.band_mean <= 1
        )
        if not possible:
            raise Damaged(f"no sound can be read with {made}")
        return made


def as_sound(media: Media) -> Sound:
    """The media as a sound.

    Raises:
        BadMedia: it is anything but a finite one-dimensional array of floats.
    """
    if isinstance(media, np.ndarray) and media.ndim == 1 and media.dtype.kind == "f":
        if not np.isfinite(media).all():
            raise BadMedia("the sound has samples that are not numbers")
        return cast("Sound", media)
    found = f"{media.dtype} of shape {media.shape}" if isinstance(media, np.ndarray) else "text"
    raise BadMedia(f"a sound is (samples,) float32; this is {found}")


@lru_cache(maxsize=8)
def mel_bands(n_mels: int, n_fft: int, f_min: float, f_max: float) -> NDArray[np.float32]:
    """(n_fft // 2 + 1, n_mels) triangles, evenly spaced on the mel scale, each of height 1."""
    mel = np.linspace(_to_mel(f_min), _to_mel(f_max), n_mels + 2)
    edges = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    bins = np.arange(n_fft // 2 + 1)[:, None] * (SAMPLE_RATE / n_fft)
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (bins - low) / (middle - low)
    falling = (high - bins) / (high - middle)
    bands: NDArray[np.float32] = np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
    bands.setflags(write=False)
    return bands


@lru_cache(maxsize=8)
def _hann(length: int) -> NDArray[np.float32]:
    # Periodic, so that windows at half a length's hop add up to a constant.
    window: NDArray[np.float32] = np.hanning(length + 1)[:-1].astype(np.float32)
    window.setflags(write=False)
    return window


def _to_mel(frequency: float) -> float:
    return float(2595.0 * np.log10(1.0 + frequency / 700.0))
