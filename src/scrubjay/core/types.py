"""The nouns of DESIGN section 2, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Hz. Every sound inside Scrubjay is mono at this rate."""

Picture: TypeAlias = NDArray[np.uint8]
"""(height, width, 3) RGB, EXIF orientation applied."""

Sound: TypeAlias = NDArray[np.float32]
"""(samples,) mono at SAMPLE_RATE, in [-1, 1]."""

Media: TypeAlias = Picture | Sound | str
"""What an encoder takes: a picture, a sound, or a text."""

AttributeValue: TypeAlias = str | int | float | bool | date | datetime | tuple[str, ...]
"""A typed manifest column. Never None: an empty cell is an absent attribute."""


class Modality(StrEnum):
    """A tower of an encoder."""

    IMAGE = "image"
    TEXT = "text"
    SPEECH = "speech"


class Kind(StrEnum):
    """What an item is."""

    IMAGE = "image"
    SPEECH = "speech"
    TEXT = "text"
    VIDEO = "video"


class Clue(StrEnum):
    """By what a moment of a video is found: its picture, its sound, the words said, those shown."""

    SEEN = "seen"
    HEARD = "heard"
    SAID = "said"
    READ = "read"


class Split(StrEnum):
    """Which part of the data a content group belongs to."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing the owner has.

    Attributes:
        id: the manifest's, else the first 16 hex digits of sha256.
        uris: every name the same bytes are known under, first seen first.
        group: content group: items of one group show or say the same thing. They are positives of
            each other and share a split.
        month: month added, `YYYY-MM`.
        phash: 64-bit perceptual hash as an unsigned integer; pictures of 64 px and more only.
        duration_s: recordings and videos, in seconds.
    """

    id: str
    kind: Kind
    uris: tuple[str, ...]
    sha256: str
    group: str
    split: Split
    month: str
    size: int
    captions: tuple[str, ...] = ()
    language: str | None = None
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    phash: int | None = None
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None

    @property
    def uri(self) -> str:
        """The name it was first seen under."""
        return self.uris[0]


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """What the rest of the program may know of an encoder.

    Attributes:
        name: family.
        version: registered version id, or "" when the encoder is not registered.
        dim: length of its vectors.
        fingerprint: sha256 of weights and preprocessing; equal fingerprints make equal vectors.
        image_size: shorter side in pixels that its image tower wants; decoders may stop there.
        speech_window_s: longest sound in seconds its speech tower hears at once.
    """

    name: str
    version: str
    dim: int
    modalities: frozenset[Modality]
    fingerprint: str
    image_size: int | None = None
    speech_window_s: float | None = None


@dataclass(frozen=True, slots=True)
class Champion:
    """The pair being served; it changes by one atomic pointer write."""

    version: str
    generation: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why an item was found: the picture, the caption, the moment, the box.

    Attributes:
        kind: the modality of the row that was found; of a moment of a video, its `Clue`.
        text: the caption, or what is said or written there.
        box: (x0, y0, x1, y1) as fractions of width and height.
        score: how well it fits by itself, where several things speak for a hit, on the scale of the
            hit's own score.
    """

    kind: str
    text: str | None = None
    start_s: float | None = None
    end_s: float | None = None
    box: tuple[float, float, float, float] | None = None
    score: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object; `score` only where there is one."""
        told: dict[str, Any] = {
            "kind": self.kind,
            "text": self.text,
            "start_s": self.start_s,
            "end_s": self.end_s,
            "box": list(self.box) if self.box else None,
        }
        return told if self.score is None else told | {"score": self.score}


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result; a moment of a video is one of its own, from `start_s` to `end_s`.

    `score` is the cosine between query and row; of a moment it is on the same scale as that of a
    picture that fits the query as well.
    """

    id: str
    kind: Kind
    uri: str
    score: float
    caption: str | None
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    start_s: float | None = None
    end_s: float | None = None
    evidence: tuple[Evidence, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "id": self.id,
            "kind": self.kind.value,
            "uri": self.uri,
            "score": self.score,
            "caption": self.caption,
            "attributes": {name: plain(value) for name, value in self.attributes.items()},
            "start_s": self.start_s,
            "end_s": self.end_s,
            "evidence": [one.to_json() for one in self.evidence],
        }


def plain(value: AttributeValue) -> str | int | float | bool | list[str]:
    """An attribute as JSON knows it: dates in ISO 8601, tuples as lists."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return value
