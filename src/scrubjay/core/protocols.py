"""The contracts between rooms. An implementation is checked against these, never inherited."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import EncoderSpec, Media, Modality

Batch: TypeAlias = Mapping[str, NDArray[Any]]
"""One tower's named inputs, first axis the batch; the names are the graph's input names."""

Preprocess: TypeAlias = Callable[[Sequence[Media]], Batch]
"""Media of one modality to that tower's inputs. NumPy only, so that serving needs no torch."""

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""(what is being done, how many are done, how many in all or None). Called often; must be cheap."""


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
