"""What the built-in towers want to see, read and hear: the same to learn and to serve."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import BadConfig, UnknownName
from scrubjay.core.protocols import Batch, Preprocess
from scrubjay.core.types import Media, Modality, Sound
from scrubjay.models.builtin.settings import NetworkSettings
from scrubjay.models.builtin.text import HashedText
from scrubjay.models.builtin.vary import (
    ImageVariation,
    Spectra,
    SpeechVariation,
    hide,
    reframe,
    vary,
)
from scrubjay.models.image_input import ImageInput, as_picture
from scrubjay.models.speech_input import SpeechInput, as_sound

Section = TypeVar("Section", "InputSettings", ImageVariation, SpeechVariation)


@dataclass(frozen=True, slots=True)
class InputSettings:
    """What the sizes of the network leave open.

    Attributes:
        f_min: lowest frequency heard, in Hz.
        f_max: highest frequency heard, in Hz.
        band_mean: see SpeechInput.
        range_db: see SpeechInput.
        image: how pictures vary in training.
        speech: how sounds vary in training.
    """

    f_min: float = 60.0
    f_max: float = 7600.0
    band_mean: float = 0.5
    range_db: float = 40.0
    image: ImageVariation = field(default_factory=ImageVariation)
    speech: SpeechVariation = field(default_factory=SpeechVariation)

    def __post_init__(self) -> None:
        """Refuse what cannot be heard.

        Raises:
            BadConfig: a frequency, share or range out of bounds.
        """
        if not 0 <= self.f_min < self.f_max <= 8000:
            raise BadConfig("encoder.inputs needs 0 <= f_min < f_max <= 8000 Hz")
        if not (0 <= self.band_mean <= 1 and self.range_db >= 0):
            raise BadConfig("encoder.inputs needs band_mean in [0, 1] and range_db of 0 or more")

    def to_json(self) -> dict[str, Any]:
        """Plain values, as config.json holds them."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> InputSettings:
        """Settings from plain values; what is not named keeps its default.

        Raises:
            UnknownName: a setting nobody knows.
            BadConfig: a value that is no number, or out of bounds.
        """
        return _section(cls, values, "encoder.inputs")


def _section(kind: type[Section], values: object, where: str) -> Section:
    if not isinstance(values, Mapping):
        raise BadConfig(f"{where} is a mapping of settings, not {values!r}")
    nested: dict[str, Any] = {"image": ImageVariation, "speech": SpeechVariation}
    whole = {one.name: isinstance(one.default, int) for one in fields(kind)}
    read: dict[str, Any] = {}
    for name, value in values.items():
        if name not in whole:
            raise UnknownName(f"setting in {where}", str(name), whole)
        if name in nested:
            read[name] = _section(nested[name], value, f"{where}.{name}")
        elif _is_number(value, whole=whole[name]):
            read[name] = value
        else:
            number = "whole number" if whole[name] else "number"
            raise BadConfig(f"{where}.{name} is a {number} of 0 or more, not {value!r}")
    return kind(**read)


def _is_number(value: object, *, whole: bool) -> bool:
    kinds = int if whole else int | float
    return isinstance(value, kinds) and not isinstance(value, bool) and 0 <= value < math.inf


class TowerInputs:
    """Media to the inputs of each tower of one network."""

    def __init__(self, network: NetworkSettings, settings: InputSettings) -> None:
        """Derive every input from the network's sizes."""
        self.settings = settings
        self.image = ImageInput(size=network.image_size, resize="squash")
        self.text = HashedText(words=network.words, buckets=network.buckets)
        self.speech = SpeechInput(
            n_mels=network.mels,
            f_min=settings.f_min,
            f_max=settings.f_max,
            window_s=network.speech_window_s,
            band_mean=settings.band_mean,
            range_db=settings.range_db,
        )

    def plain(self, modality: Modality) -> ImageInput | HashedText | SpeechInput:
        """What is served: always the same."""
        if modality is Modality.IMAGE:
            return self.image
        return self.text if modality is Modality.TEXT else self.speech

    def varied(self, modality: Modality) -> Preprocess:
        """What training shows: pictures and sounds a little different each time."""
        if modality is Modality.IMAGE:
            return VariedImage(self.image, self.settings.image)
        if modality is Modality.SPEECH:
            return VariedSpeech(self.speech, self.settings.speech)
        return self.text


@dataclass(frozen=True, slots=True)
class VariedImage:
    """An image input that shows every picture a little differently each time.

    Attributes:
        plain: the input served.
        variation: how differently.
    """

    plain: ImageInput
    variation: ImageVariation

    def __call__(self, batch: Sequence[Media]) -> Batch:
        """Pictures to `{"pixel_values": (n, 3, size, size) float32}`."""
        random = torch_seeded()
        pixels = np.empty((len(batch), self.plain.size, self.plain.size, 3), np.uint8)
        for row, media in enumerate(batch):
            picture = as_picture(media)
            box = reframe(self.plain.box(picture), self.variation, random)
            self.plain.resize_into(picture, box, pixels[row])
        return {"pixel_values": self.plain.normalise(pixels)}


@dataclass(frozen=True, slots=True)
class VariedSpeech:
    """A speech input that hears every sound as other voices and rooms would have it.

    `spectrum` may be kept and `varied` called on it in every epoch: that is most of the work saved.

    Attributes:
        plain: the input served.
        variation: how differently.
    """

    plain: SpeechInput
    variation: SpeechVariation

    def __call__(self, batch: Sequence[Media]) -> Batch:
        """Sounds to `{"mel": (n, frames, n_mels) float32, "lengths": (n,) int64}`."""
        return self.varied([self.spectrum(as_sound(media)) for media in batch])

    def spectrum(self, sound: Sound) -> NDArray[np.float32]:
        """(samples,) to (frames, n_mels), nothing removed yet."""
        return self.plain.spectrum(sound)

    def varied(self, spectra: Sequence[Spectra]) -> Batch:
        """Spectra to the tower's inputs."""
        if not spectra:
            return self.plain([])
        random = torch_seeded()
        x, lengths = vary(
            spectra,
            self.plain.band_mels(),
            self.variation,
            random,
            max_frames=self.plain.max_frames,
        )
        out = np.zeros_like(x)
        for row, length in enumerate(lengths):
            out[row, :length] = self.plain.centred(x[row, :length])
        return {"mel": hide(out, self.variation, random), "lengths": lengths}


def torch_seeded() -> np.random.Generator:
    """A generator that follows torch's seed, as loaders and resumed runs set it."""
    import torch

    return np.random.default_rng(int(torch.randint(2**62, ()).item()))
