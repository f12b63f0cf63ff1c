"""What is said to a model that looks at pictures, and what it says back."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Picture

Part: TypeAlias = str | Picture
"""A text or a picture; a message is a sequence of them, in the order they are meant."""


class Role(StrEnum):
    """Who says a message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation: texts and pictures, interleaved."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Its pictures, in order."""
        return tuple(part for part in self.parts if not isinstance(part, str))

    @property
    def text(self) -> str:
        """Its texts, a line each."""
        return "\n".join(part for part in self.parts if isinstance(part, str))


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a reply is drawn. The defaults always take the likeliest token.

    Attributes:
        temperature: above 0 draws at random, the flatter the higher; 0 does not.
        top_k: only so many likeliest tokens may be drawn; None: all.
        top_p: only the likeliest tokens that together reach this probability; None: all.
        repetition_penalty: above 1 makes what was said before less likely (Keskar et al. 2019).
        max_new_tokens: a reply ends there at the latest.
        seed: equal seeds draw equal replies on the same machine; None: not fixed.
        stop: texts a reply ends before.
    """

    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    repetition_penalty: float = 1.0
    max_new_tokens: int = 128
    seed: int | None = 0
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no model can follow.

        Raises:
            WrongUse: a value out of its range.
        """
        _check("temperature", self.temperature, 0.0, 100.0)
        _check("repetition_penalty", self.repetition_penalty, 0.01, 100.0)
        _check("max_new_tokens", self.max_new_tokens, 1, 1_000_000)
        if self.top_p is not None:
            _check("top_p", self.top_p, 1e-9, 1.0)
        if self.top_k is not None:
            _check("top_k", self.top_k, 1, 1_000_000)
        if any(not text for text in self.stop):
            raise WrongUse("a stop text must not be empty")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said.

    Attributes:
        text: without special tokens and without the question.
        told: whether it is an answer; False: the model cannot tell, and `text` says so.
        confidence: chance that it is right in [0, 1], as far as the model knows itself; None: it
            does not say. Where it is no calibrated chance, it is the geometric mean of the tokens'
            probabilities.
        tokens_in: that the model read, with those that stand for pictures; None: not said.
        tokens_out: that it wrote; None: not said.
        finished: False: it was cut at `max_new_tokens`.
    """

    text: str
    told: bool = True
    confidence: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    finished: bool = True


ReplyStream: TypeAlias = Generator[str, None, Reply]
"""A reply's text piece by piece as it is made; it returns the whole reply, with that text."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Something a model sees in a picture, and where.

    Attributes:
        text: what it is, in words.
        box: (left, top, right, bottom) in shares of the picture's width and height, in [0, 1].
        confidence: chance that it is that, and there, in [0, 1].
    """

    text: str
    box: tuple[float, float, float, float]
    confidence: float


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What the rest of the program may know of a model that is no encoder.

    Attributes:
        family: as it was asked for.
        name: folder, model id or the like, for people; never a secret.
        fingerprint: changes when its answers may; keys what is kept of them.
        max_pictures: pictures it may be shown at once; None: any number.
        instructed: whether it follows instructions; False: it only captions, or only answers short
            questions.
        languages: two-letter codes it is known to speak; empty: not known.
    """

    family: str
    name: str
    fingerprint: str
    max_pictures: int | None = None
    instructed: bool = True
    languages: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {"family": self.family, "name": self.name, "fingerprint": self.fingerprint}


def _check(name: str, value: float, least: float, most: float) -> None:
    if not (math.isfinite(value) and least <= value <= most):
        raise WrongUse(f"{name} must be from {least:g} to {most:g}, not {value!r}")
