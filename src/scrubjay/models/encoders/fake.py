"""An encoder without weights: deterministic, instant, and with a little meaning.

It sees colours, hears how high a tone is, and reads the words for both, so that 'a red square'
lands near a red picture and 'low' near a hum. The rest of a vector is a small hash of the content,
which tells different things apart. For tests, and for developers of other rooms.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import BadMedia, UnsupportedModality, WrongUse
from scrubjay.core.types import SAMPLE_RATE, EncoderSpec, Media, Modality
from scrubjay.models.colours import COLOURS, SIDE, colour_shares
from scrubjay.models.image_input import as_picture
from scrubjay.models.speech_input import as_sound

PITCHES = {"low": 150.0, "middle": 600.0, "high": 2400.0, "shrill": 6000.0}
"""Word -> Hz of the tone it means."""

CONCEPTS = (*COLOURS, *PITCHES, "silent")
DETAIL = 0.3
"""Length of the part that tells things apart, where the meaning has 1."""
WINDOW_S = 30.0


def load(*, dim: int = 64, modalities: Sequence[str] = ("image", "speech", "text")) -> FakeEncoder:
    """A fake encoder.

    Args:
        dim: length of its vectors, at least 24.
        modalities: towers to pretend to have.

    Raises:
        WrongUse: the vectors are too short to mean anything.
    """
    if dim < len(CONCEPTS) + 8:
        raise WrongUse(f"a fake encoder needs dim >= {len(CONCEPTS) + 8}, not {dim}")
    return FakeEncoder(dim, frozenset(Modality(name) for name in modalities))


class FakeEncoder:
    """An Encoder whose vectors follow from a few lines of arithmetic."""

    def __init__(self, dim: int, modalities: frozenset[Modality]) -> None:
        described = f"fake 1 dim={dim} {' '.join(sorted(modalities))}"
        self._spec = EncoderSpec(
            name="fake",
            version="",
            dim=dim,
            modalities=modalities,
            fingerprint=hashlib.sha256(described.encode()).hexdigest(),
            image_size=SIDE if Modality.IMAGE in modalities else None,
            speech_window_s=WINDOW_S if Modality.SPEECH in modalities else None,
        )

    @property
    def spec(self) -> EncoderSpec:
        """Family `fake`; the fingerprint follows from its options."""
        return self._spec

    def encode(self, modality: Modality, batch: Sequence[Media]) -> NDArray[np.float32]:
        """(n, dim) float32 unit rows.

        Raises:
            UnsupportedModality: it was made without this tower.
            BadMedia: one of the media is not of this modality.
        """
        if modality not in self._spec.modalities:
            raise UnsupportedModality("fake", modality, self._spec.modalities)
        out = np.zeros((len(batch), self._spec.dim), np.float32)
        for row, media in enumerate(batch):
            meaning, content = _SENSES[modality](media)
            out[row, : len(CONCEPTS)] = meaning / max(float(np.linalg.norm(meaning)), 1e-9)
            detail = _detail(content, self._spec.dim - len(CONCEPTS))
            out[row, len(CONCEPTS) :] = DETAIL * detail
        out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
        return out


def _see(media: Media) -> tuple[NDArray[np.float32], bytes]:
    """Share of a picture's pixels nearest to each colour."""
    meaning = np.zeros(len(CONCEPTS), np.float32)
    meaning[: len(COLOURS)] = colour_shares(media)
    return meaning, as_picture(media).tobytes()


def _hear(media: Media) -> tuple[NDArray[np.float32], bytes]:
    """Which of the tones is nearest, in octaves, to where a sound has its energy."""
    sound = as_sound(media)[: round(WINDOW_S * SAMPLE_RATE)]
    meaning = np.zeros(len(CONCEPTS), np.float32)
    power = np.abs(np.fft.rfft(sound)) ** 2 if len(sound) else np.zeros(1)
    power[0] = 0.0
    if len(sound) < 2 or float(np.abs(sound).max()) < 1e-4:
        meaning[CONCEPTS.index("silent")] = 1.0
    else:
        heard = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
        tones = np.array(list(PITCHES.values()))
        octaves = np.abs(np.log2(np.maximum(heard, 1.0)[:, None] / tones))
        energy = np.bincount(octaves.argmin(axis=1), weights=power, minlength=len(tones))
        start = len(COLOURS)
        meaning[start : start + len(tones)] = energy / max(float(energy.sum()), 1e-12)
    return meaning, sound.tobytes()


def _read(media: Media) -> tuple[NDArray[np.float32], bytes]:
    """The colours and tones a text names."""
    if not isinstance(media, str):
        raise BadMedia(f"a text is a str; this is {type(media).__name__}")
    words = re.findall(r"\w+", media.lower())
    meaning = np.array([words.count(concept) for concept in CONCEPTS], np.float32)
    return meaning, " ".join(words).encode("utf-8", "surrogatepass")


_SENSES: dict[Modality, Callable[[Media], tuple[NDArray[np.float32], bytes]]] = {
    Modality.IMAGE: _see,
    Modality.TEXT: _read,
    Modality.SPEECH: _hear,
}


def _detail(content: bytes, length: int) -> NDArray[np.float32]:
    """A unit vector that follows from the content, the same on every machine."""
    random = np.random.Generator(np.random.PCG64(zlib.crc32(content)))
    drawn = random.standard_normal(length).astype(np.float32)
    unit: NDArray[np.float32] = drawn / np.float32(np.linalg.norm(drawn))
    return unit
