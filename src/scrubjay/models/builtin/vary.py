"""Inputs varied at random: pictures as others would frame them, sounds as others would say them.

Spectrograms are varied a whole batch at once, with their means still there, so that a recording is
turned into one once and varied in every epoch: as by another voice, room or microphone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scrubjay.models.image_input import Box

Spectra = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ImageVariation:
    """How differently a picture may be framed.

    Attributes:
        crop: largest share of a side that is cut away; 0 keeps all.
        stretch: of that side against the other, the logarithm of the largest factor.
    """

    crop: float = 0.2
    stretch: float = 0.1


def reframe(box: Box, variation: ImageVariation, random: np.random.Generator) -> Box:
    """A random part of a box, in the same pixels."""
    left, top, right, bottom = box
    side = random.uniform(1 - variation.crop, 1)
    stretch = np.exp(random.uniform(-variation.stretch, variation.stretch, 2))
    width, height = np.minimum(side * stretch, 1.0) * np.array([right - left, bottom - top])
    new_left = random.uniform(left, right - width)
    new_top = random.uniform(top, bottom - height)
    return (float(new_left), float(new_top), float(new_left + width), float(new_top + height))


@dataclass(frozen=True, slots=True)
class SpeechVariation:
    """How far a spectrogram may be changed; 0 leaves a change out.

    Attributes:
        warp: of the frequency axis, as by another vocal tract (VTLP: Jaitly & Hinton 2013): the
            logarithm of the largest factor.
        tempo: of speech, the logarithm of the largest factor.
        bend: frames by which the middle of the sound may come early or late.
        shift: frames of silence in front, at most.
        noise: share of sounds with coloured noise added.
        snr: quietest noise, in nepers of power under the mean.
        reverb: share of sounds with an exponential tail added.
        colour: standard deviation of a smooth random equaliser, in nepers of power.
        band_mask: bands hidden at once, at most (SpecAugment: Park et al. 2019).
        time_mask: frames hidden at once, at most.
    """

    warp: float = 0.15
    tempo: float = 0.25
    bend: float = 1.5
    shift: int = 8
    noise: float = 0.5
    snr: float = 8.0
    reverb: float = 0.3
    colour: float = 1.0
    band_mask: int = 10
    time_mask: int = 8


def vary(
    spectra: Sequence[Spectra],
    mel_of_band: NDArray[np.float32],
    variation: SpeechVariation,
    random: np.random.Generator,
    *,
    max_frames: int,
) -> tuple[Spectra, NDArray[np.int64]]:
    """Vary a batch.

    Args:
        spectra: each (frames, bands), natural logarithm of power.
        mel_of_band: (bands,) centre of each band in mel, evenly spaced.
        variation: how far.
        random: where chance comes from.
        max_frames: longest result; what is slower than that is cut.

    Returns:
        (n, frames, bands), and (n,) frames of each; rows past those are not to be read.
    """
    x, lengths = _in_time(spectra, variation, random, max_frames)
    x = _in_frequency(x, mel_of_band, variation, random)
    if variation.reverb:
        x = _reverberate(x, variation, random)
    if variation.noise:
        x = _add_noise(x, variation, random)
    if variation.colour:
        x += _equaliser(len(x), x.shape[2], variation.colour, random)
    return x, lengths


def hide(x: Spectra, variation: SpeechVariation, random: np.random.Generator) -> Spectra:
    """Set a random run of bands and a random run of frames of each normalised spectrogram to 0."""
    for axis, widest in ((2, variation.band_mask), (1, variation.time_mask)):
        if widest:
            here = _run(x.shape[axis], widest, len(x), random)
            x *= ~(here[:, None, :] if axis == 2 else here[:, :, None])
    return x


def _run(size: int, widest: int, n: int, random: np.random.Generator) -> NDArray[np.bool_]:
    first = random.integers(size, size=(n, 1))
    width = random.integers(widest + 1, size=(n, 1))
    places = np.arange(size)[None]
    hidden: NDArray[np.bool_] = (places >= first) & (places < first + width)
    return hidden


def _in_time(
    spectra: Sequence[Spectra],
    variation: SpeechVariation,
    random: np.random.Generator,
    max_frames: int,
) -> tuple[Spectra, NDArray[np.int64]]:
    """Faster or slower, bent, and later; before a sound begins there is its own silence."""
    n, frames = len(spectra), np.array([len(one) for one in spectra])
    rate = np.exp(random.uniform(-variation.tempo, variation.tempo, n))
    late = random.integers(variation.shift + 1, size=n)
    lengths = np.clip(np.rint(frames / rate).astype(np.int64), 1, None) + late
    lengths = np.minimum(lengths, max_frames)
    padded = np.zeros((n, frames.max(initial=1), spectra[0].shape[1]), np.float32)
    for row, one in enumerate(spectra):
        padded[row, : len(one)] = one
    at = (np.arange(lengths.max())[None] - late[:, None]) * rate[:, None]
    before = at < 0
    last = (frames - 1)[:, None]
    bend = random.uniform(-variation.bend, variation.bend, (n, 1))
    at = np.clip(at + bend * np.sin(np.pi * np.clip(at / frames[:, None], 0, 1)), 0, last)
    low = at.astype(np.int64)
    part = (at - low).astype(np.float32)[:, :, None]
    rows = np.arange(n)[:, None]
    x = padded[rows, low] * (1 - part) + padded[rows, np.minimum(low + 1, last)] * part
    quietest = np.array([one.min() for one in spectra], np.float32)[:, None, None]
    return np.where(before[:, :, None], quietest, x), lengths


def _in_frequency(
    x: Spectra,
    mel_of_band: NDArray[np.float32],
    variation: SpeechVariation,
    random: np.random.Generator,
) -> Spectra:
    """Stretch or squeeze the frequencies: band m shows what was at `factor` times its hertz."""
    if not variation.warp:
        return x
    n, bands = len(x), x.shape[2]
    factor = np.exp(random.uniform(-variation.warp, variation.warp, (n, 1)))
    hertz = 700 * (10 ** (mel_of_band / 2595) - 1)
    mel = 2595 * np.log10(1 + hertz[None] * factor / 700)
    at = np.clip((mel - mel_of_band[0]) / (mel_of_band[1] - mel_of_band[0]), 0, bands - 1)
    # One small matrix a sound: row m of the result mixes two neighbouring bands.
    tents = 1 - np.abs(np.arange(bands)[None, :, None] - at[:, None, :])
    warped: Spectra = x @ np.maximum(tents, 0).astype(np.float32)
    return warped


def _reverberate(x: Spectra, variation: SpeechVariation, random: np.random.Generator) -> Spectra:
    """Add the power of earlier frames, dying away, to some."""
    rows = np.flatnonzero(random.random(len(x)) < variation.reverb)
    if not len(rows):
        return x
    keep = np.exp(-1 / random.uniform(1, 7, len(rows))).astype(np.float32)[:, None]
    wet = random.uniform(0, 0.5, len(rows)).astype(np.float32)[:, None]
    power = np.exp(x[rows])
    tail = np.zeros_like(power[:, 0])
    for frame in range(power.shape[1]):
        tail = tail * keep + power[:, frame]
        power[:, frame] += wet * ((1 - keep) * tail - power[:, frame])
    x[rows] = np.log(power + 1e-12)
    return x


def _add_noise(x: Spectra, variation: SpeechVariation, random: np.random.Generator) -> Spectra:
    """Add the power of steady noise with a random tilt to some."""
    rows = np.flatnonzero(random.random(len(x)) < variation.noise)
    if not len(rows):
        return x
    n, (frames, bands) = len(rows), x.shape[1:]
    level = np.log(np.exp(x[rows]).mean(axis=(1, 2), keepdims=True) + 1e-12)
    tilt = random.uniform(-3, 3, (n, 1, 1)) * np.linspace(-1, 1, bands)
    colour = tilt + 0.5 * random.standard_normal((n, 1, bands)) - 1
    steady = level - random.uniform(0, variation.snr, (n, 1, 1)) + colour
    # The power of noise in a band is spread as an exponential variable, tamed by the band's width.
    ripple = 0.7 * np.log(random.standard_exponential((n, frames, bands), dtype=np.float32) + 1e-6)
    x[rows] = np.logaddexp(x[rows], (steady + ripple).astype(np.float32))
    return x


def _equaliser(n: int, bands: int, spread: float, random: np.random.Generator) -> Spectra:
    """(n, 1, bands): a random curve through six points."""
    points = random.standard_normal((n, 6)) * spread
    at = np.linspace(0, 5, bands)
    low = np.minimum(at.astype(np.int64), 4)
    curve = points[:, low] * (1 - (at - low)) + points[:, low + 1] * (at - low)
    return curve.astype(np.float32)[:, None, :]
