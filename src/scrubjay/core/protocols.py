"""The contracts between rooms. An implementation is checked against these, never inherited."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.hearing import Spoken, Transcript
from scrubjay.core.looking import Message, ModelSpec, Reply, ReplyStream, Sampling, Seen
from scrubjay.core.reading import Reading
from scrubjay.core.types import EncoderSpec, Media, Modality, Picture, Sound

Batch: TypeAlias = Mapping[str, NDArray[Any]]
"""One tower's named inputs, first axis the batch; the names are the graph's input names."""

Preprocess: TypeAlias = Callable[[Sequence[Media]], Batch]
"""Media of one modality to that tower's inputs. NumPy only, so that serving needs no torch."""

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""(what is being done, how many are done, how many in all or None). Called often; must be cheap."""


class Seconds(str):
    """What is being done, for a `Progress` that is told seconds of a video instead of a number."""

    __slots__ = ()


def silent(what: str, done: int, total: int | None) -> None:
    """A Progress nobody watches."""


@runtime_checkable
class Encoder(Protocol):
    """Turns pictures, texts or sounds into unit vectors in one space."""

    @property
    def spec(self) -> EncoderSpec:
        """Name, version, width, modalities, fingerprint."""
        ...

    def encode(self, modality: Modality, batch: Sequence[Media]) -> NDArray[np.float32]:
        """Encode media of one modality.

        Returns:
            (n, dim) float32, rows of unit length, finite, independent of what else is in the
            batch (cosine >= 0.9999), equal on every call. n == 0 is allowed.

        Raises:
            UnsupportedModality: the encoder has no such tower.
        """
        ...


@runtime_checkable
class CountsTokens(Protocol):
    """An encoder that knows how much of a text it reads."""

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens its text tower reads of these texts, special ones included; 0 without one."""
        ...


@runtime_checkable
class TrainableEncoder(Encoder, Protocol):
    """What training may ask of a family; core has no torch, so a tower is typed loosely."""

    def tower(self, modality: Modality) -> Any:  # noqa: ANN401 - a torch.nn.Module
        """The module whose call `tower(**inputs)` takes a Batch as tensors and returns (n, dim).

        The result is not yet normalised. Towers may share parameters.

        Raises:
            UnsupportedModality: the encoder has no such tower.
        """
        ...

    def preprocess(self, modality: Modality, *, train: bool) -> Preprocess:
        """Media to the tower's inputs; `train=True` may augment at random.

        NumPy's global state is never used: draws come from a generator seeded by torch's seed.
        """
        ...

    def logit_scale_init(self) -> tuple[float, float]:
        """(log of the inverse temperature, bias) the model was trained with or should start at."""
        ...

    def save_pretrained(self, folder: Path) -> None:
        """Write the base model's own format into an existing empty folder (a CLIP stays a CLIP)."""
        ...

    def export(self, folder: Path) -> None:
        """Write graphs and `encoder.json` into an existing empty folder: serving without torch."""
        ...


@runtime_checkable
class VisionLanguage(Protocol):
    """Looks at pictures and says something about them."""

    @property
    def spec(self) -> ModelSpec:
        """Family, name, fingerprint, and what it can do."""
        ...

    def reply(self, messages: Sequence[Message], sampling: Sampling) -> Reply:
        """Continue a conversation.

        Raises:
            WrongUse: more pictures than it can be shown, or no question.
        """
        ...

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> ReplyStream:
        """The text of `reply`, piece by piece as it is made, and then the reply (PEP 380).

        The pieces together are the text. Closing the stream ends the writing.
        """
        ...

    def caption(self, picture: Picture, sampling: Sampling) -> Reply:
        """Say in a sentence what a picture shows."""
        ...


@runtime_checkable
class Locates(Protocol):
    """A model that can say where in a picture it sees what; not every one can."""

    def locate(self, picture: Picture) -> Sequence[Seen]:
        """Everything it sees and is sure of, the surest first; nothing where it cannot tell."""
        ...


@runtime_checkable
class TextReader(Protocol):
    """Finds the text in a picture."""

    @property
    def spec(self) -> ModelSpec:
        """Family, name, fingerprint."""
        ...

    def read(self, picture: Picture) -> Reading:
        """All text in it, in reading order; no lines where there is none."""
        ...


@runtime_checkable
class SpeechToText(Protocol):
    """Hears what is said."""

    @property
    def spec(self) -> ModelSpec:
        """Family, name, fingerprint."""
        ...

    def transcribe(
        self, sound: Sound, *, language: str | None = None, words: Sequence[str] | None = None
    ) -> Transcript:
        """What is said in a sound, with times.

        Args:
            sound: (samples,) mono at 16 kHz.
            language: two-letter code; None: it is identified where the family can, else its own.
            words: the only words that may have been said; None: any. A family that cannot be
                held to them may prefer them.

        Raises:
            WrongUse: a language, or a word, that it does not know.
        """
        ...


@runtime_checkable
class Voice(Protocol):
    """Speaks."""

    @property
    def spec(self) -> ModelSpec:
        """Family, name, fingerprint."""
        ...

    def speak(self, text: str, *, language: str | None = None, speed: float = 1.0) -> Spoken:
        """A text as a sound.

        Args:
            text: what is said; empty text is a short silence.
            language: two-letter code; None: the voice's own.
            speed: 1 is the voice's own; 2 is twice as fast.

        Raises:
            WrongUse: a language it does not speak.
        """
        ...
