"""Sounds to what pretrained speech models hear, in NumPy: Whisper's log-mel, or the waveform.

Both give what the transformers library's feature extractors give, without them and without torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import Damaged
from scrubjay.core.protocols import Batch
from scrubjay.core.types import SAMPLE_RATE, Media, Sound
from scrubjay.models.speech_input import as_sound

LEAST = 1e-10
"""Power of a band below which Whisper hears nothing."""
TINY = 1e-7
"""Added to a waveform's variance before it is divided by."""


@dataclass(frozen=True, slots=True)
class WhisperInput:
    """Log-mel spectrograms as Whisper was taught with (Radford et al. 2022, section 2.2).

    A sound is followed by silence up to the window, always: the model attends to the silence, so
    that a row would otherwise depend on what it is batched with. Shorter windows than the model's
    own cost less and are not the same: positions and silence that it was taught with are missing.

    Attributes:
        n_mels: bands, 80 or 128.
        n_fft: samples of a frame, and points of the Fourier transform.
        hop_length: samples from frame to frame.
        window_s: seconds of a spectrogram; what follows is not heard.
    """

    n_mels: int = 80
    n_fft: int = 400
    hop_length: int = 160
    window_s: float = 30.0

    kind = "whisper"

    @property
    def samples(self) -> int:
        """Of a window."""
        return self.frames * self.hop_length

    @property
    def frames(self) -> int:
        """Of a window, an even number: the model takes two at a time."""
        return 2 * round(self.window_s * SAMPLE_RATE / (2 * self.hop_length))

    def __call__(self, batch: Sequence[Media]) -> Batch:
        """Sounds to `{"mel": (n, n_mels, frames) float32, "lengths": (n,) int64}`.

        `lengths` counts pairs of frames that hold the sound itself, 1 at least.

        Raises:
            BadMedia: not a one-dimensional sound, or not finite.
        """
        sounds = [as_sound(media)[: self.samples] for media in batch]
        mel = np.empty((len(sounds), self.n_mels, self.frames), np.float32)
        for row, sound in enumerate(sounds):
            mel[row] = self.log_mel(sound)
        pair = 2 * self.hop_length
        lengths = np.array([max(1, -(-len(sound) // pair)) for sound in sounds], np.int64)
        return {"mel": mel, "lengths": lengths}

    def log_mel(self, sound: Sound) -> NDArray[np.float32]:
        """(samples,), no longer than a window, to (n_mels, frames)."""
        half = self.n_fft // 2
        # Behind the last frame that touches the sound there is nothing but silence.
        touched = min(self.frames, -(-(len(sound) + half) // self.hop_length))
        padded = np.zeros(self.samples, np.float32)
        padded[: len(sound)] = sound
        heard = np.pad(padded, half, mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(heard, self.n_fft)
        windowed = frames[:: self.hop_length][:touched] * _hann(self.n_fft)
        spectrum = np.fft.rfft(windowed, axis=1)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
        bands = power @ slaney_bands(self.n_mels, self.n_fft)
        logarithm: NDArray[np.float32] = np.full(
            (self.frames, self.n_mels), np.log10(LEAST), np.float32
        )
        logarithm[:touched] = np.log10(np.maximum(bands, np.float32(LEAST)))
        np.maximum(logarithm, logarithm.max() - 8.0, out=logarithm)
        logarithm += 4.0
        logarithm /= 4.0
        return logarithm.T

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> WhisperInput:
        """The same input again.

        Raises:
            Damaged: the values were not written by `to_json`.
        """
        try:
            made = cls(
                n_mels=int(values["n_mels"]),
                n_fft=int(values["n_fft"]),
                hop_length=int(values["hop_length"]),
                window_s=float(values["window_s"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"these are not the settings of a Whisper's input: {error}") from error
        if not (made.n_mels >= 1 and made.n_fft >= made.hop_length >= 1 and made.window_s > 0):
            raise Damaged(f"no sound can be read with {made}")
        if made.samples <= made.n_fft:
            raise Damaged(f"no sound can be read with {made}: the window is too short")
        return made


@dataclass(frozen=True, slots=True)
class WaveformInput:
    """Waveforms as wav2vec 2.0 and HuBERT take them (Baevski et al. 2020; Hsu et al. 2021).

    Attributes:
        normalise: to zero mean and unit variance, as `do_normalize` of the model's own extractor.
        min_samples: of the shortest sound that makes a frame; shorter ones are followed by silence.
        window_s: longest sound in seconds; what follows is not heard.
    """

    normalise: bool = True
    min_samples: int = 400
    window_s: float = 15.0

    kind = "waveform"

    def __call__(self, batch: Sequence[Media]) -> Batch:
        """Sounds to `{"waveform": (n, samples) float32, "lengths": (n,) int64 samples}`.

        Rows are padded with zeros to the longest; the model is told where each ends.

        Raises:
            BadMedia: not a one-dimensional sound, or not finite.
        """
        heard = [self.prepared(as_sound(media)) for media in batch]
        lengths = np.array([len(one) for one in heard], np.int64)
        out = np.zeros((len(heard), max(lengths, default=self.min_samples)), np.float32)
        for row, one in enumerate(heard):
            out[row, : len(one)] = one
        return {"waveform": out, "lengths": lengths}

    def prepared(self, sound: Sound) -> Sound:
        """(samples,) as the model wants it, `min_samples` long at least."""
        heard = sound[: round(self.window_s * SAMPLE_RATE)].astype(np.float32, copy=False)
        if self.normalise and len(heard):
            centred = heard - heard.mean()
            heard = (centred / np.sqrt(heard.var() + np.float32(TINY))).astype(np.float32)
        short = max(0, self.min_samples - len(heard))
        made: Sound = np.pad(heard, (0, short)).astype(np.float32, copy=False)
        return made

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> WaveformInput:
        """The same input again.

        Raises:
            Damaged: the values were not written by `to_json`.
        """
        try:
            made = cls(
                normalise=bool(values["normalise"]),
                min_samples=int(values["min_samples"]),
                window_s=float(values["window_s"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"these are not the settings of a waveform input: {error}") from error
        if made.min_samples < 1 or made.window_s * SAMPLE_RATE < made.min_samples:
            raise Damaged(f"no sound can be read with {made}")
        return made


@lru_cache(maxsize=4)
def slaney_bands(n_mels: int, n_fft: int) -> NDArray[np.float32]:
    """(n_fft // 2 + 1, n_mels) triangles from 0 to 8000 Hz, each of area 1.

    The mel scale of Slaney (1998, Auditory Toolbox): linear to 1000 Hz, logarithmic from there on.
    """
    edges = _from_mel(np.linspace(0.0, _to_mel(SAMPLE_RATE / 2), n_mels + 2))
    bins = np.linspace(0.0, SAMPLE_RATE / 2, n_fft // 2 + 1)[:, None]
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (bins - low) / (middle - low)
    falling = (high - bins) / (high - middle)
    triangles = np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (high - low))
    bands: NDArray[np.float32] = triangles.astype(np.float32)
    bands.setflags(write=False)
    return bands


_KNEE_HZ, _KNEE_MEL = 1000.0, 15.0
_STEP = np.log(6.4) / 27.0


def _to_mel(hertz: float) -> float:
    if hertz < _KNEE_HZ:
        return 3.0 * hertz / 200.0
    return float(_KNEE_MEL + np.log(hertz / _KNEE_HZ) / _STEP)


def _from_mel(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(
        mel < _KNEE_MEL, 200.0 * mel / 3.0, _KNEE_HZ * np.exp(_STEP * (mel - _KNEE_MEL))
    )


@lru_cache(maxsize=4)
def _hann(length: int) -> NDArray[np.float32]:
    # Periodic, as torch's.
    window: NDArray[np.float32] = np.hanning(length + 1)[:-1].astype(np.float32)
    window.setflags(write=False)
    return window
