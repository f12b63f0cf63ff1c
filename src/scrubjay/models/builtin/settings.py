"""Sizes of the built-in model, as plain values that travel with its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from scrubjay.core.errors import BadConfig, UnknownName
from scrubjay.core.types import Modality

FRAMES_PER_S = 100
"""Log-mel frames a second: one every 10 ms."""


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """What decides the shape of every weight. The defaults make 7.8 million parameters.

    Attributes:
        modalities: towers to build.
        width: of a token inside the network.
        layers: transformer blocks, shared by the modalities but for their feed-forward expert.
        heads: attention heads; divides width.
        ffn: width of the feed-forward experts, in multiples of `width`.
        dim: length of the vectors.
        dropout: share of branch outputs and tokens' features dropped while training.
        image_size: side of the square picture in pixels.
        stem_channels: of the picture's convolutional stages but the last, which has `width`.
        stem_strides: of those stages, one more; their product is the side of a token in pixels.
        words: longest text in words; what follows is not read.
        buckets: rows of the hashed embedding table; row 0 stays empty.
        text_width: of a hashed feature.
        mels: bands of the log-mel spectrogram.
        speech_strides: of the speech front's layers; their product is a token in 10 ms frames.
        speech_window_s: longest sound heard at once, in seconds; what follows is not heard.
        position_std: of a new network's positions. At the usual 0.02 they drown in the tokens, and
            what stands left of what is not learned for thousands of steps; where order does not
            matter, they may (docs/LOG.md).
    """

    modalities: tuple[str, ...] = ("image", "speech", "text")
    width: int = 192
    layers: int = 4
    heads: int = 6
    ffn: int = 4
    dim: int = 192
    dropout: float = 0.0
    image_size: int = 96
    stem_channels: tuple[int, ...] = (48, 96)
    stem_strides: tuple[int, ...] = (4, 2, 2)
    words: int = 48
    buckets: int = 16_384
    text_width: int = 96
    mels: int = 64
    speech_strides: tuple[int, ...] = (2, 2)
    speech_window_s: float = 10.0
    position_std: float = 0.3

    def __post_init__(self) -> None:
        """Refuse sizes that cannot be built.

        Raises:
            BadConfig: a size, with what it must be.
        """
        known = {modality.value for modality in Modality}
        for name in self.modalities:
            if name not in known:
                raise UnknownName("tower in encoder.modalities", str(name), known)
        for field in fields(self):
            value = getattr(self, field.name)
            numbers = value if isinstance(value, tuple) else (value,)
            for number in numbers:
                if isinstance(number, int | float) and number <= 0 and field.name != "dropout":
                    raise BadConfig(f"encoder.{field.name} must be above 0, not {value}")
        _check(bool(self.modalities), "encoder.modalities names at least one tower")
        _check(0 <= self.dropout < 1, f"encoder.dropout must be in [0, 1), not {self.dropout}")
        _check(
            self.width % self.heads == 0,
            f"encoder.heads must divide encoder.width: {self.heads} does not divide {self.width}",
        )
        _check(
            len(self.stem_strides) == len(self.stem_channels) + 1,
            "encoder.stem_strides has one entry more than encoder.stem_channels",
        )
        _check(
            self.image_size % self.patch == 0,
            f"encoder.image_size must be a multiple of {self.patch} pixels, the product of "
            f"encoder.stem_strides, not {self.image_size}",
        )
        _check(self.buckets >= 2, "encoder.buckets must be 2 or more: row 0 stays empty")
        _check(self.speech_tokens >= 1, "encoder.speech_window_s is shorter than one token")

    @property
    def patch(self) -> int:
        """Side of a picture's token in pixels."""
        return _product(self.stem_strides)

    @property
    def image_tokens(self) -> int:
        """Tokens of a picture."""
        return (self.image_size // self.patch) ** 2

    @property
    def speech_frames(self) -> int:
        """Longest log-mel spectrogram in frames."""
        return round(self.speech_window_s * FRAMES_PER_S)

    @property
    def speech_tokens(self) -> int:
        """Tokens of the longest sound."""
        return -(-self.speech_frames // _product(self.speech_strides))

    def to_json(self) -> dict[str, Any]:
        """Plain values, as config.json holds them."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> NetworkSettings:
        """Settings from plain values; what is not named keeps its default.

        Raises:
            UnknownName: a setting nobody knows.
            BadConfig: a value of the wrong type or a size that cannot be built.
        """
        defaults = {field.name: field.default for field in fields(cls)}
        read: dict[str, Any] = {}
        for name, value in values.items():
            if name not in defaults:
                raise UnknownName("setting of the built-in encoder", str(name), defaults)
            read[name] = _like(name, value, defaults[name])
        return cls(**read)


def _like(name: str, value: object, default: object) -> object:
    """A value as its default's type has it."""
    if isinstance(default, tuple):
        if isinstance(value, Sequence) and not isinstance(value, str):
            return tuple(_like(name, one, default[0]) for one in value)
    elif isinstance(default, float):
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    elif isinstance(value, type(default)) and not isinstance(value, bool):
        return value
    raise BadConfig(f"encoder.{name} is like {default!r}, not {value!r}")


def _check(holds: bool, message: str) -> None:
    if not holds:
        raise BadConfig(message)


def _product(numbers: Sequence[int]) -> int:
    product = 1
    for number in numbers:
        product *= number
    return product
