"""Every kind of tower input by name, so that a folder can say which one a graph wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from scrubjay.core.errors import Damaged
from scrubjay.core.protocols import Batch
from scrubjay.core.types import Media


class TowerInput(Protocol):
    """Media to a tower's inputs, with settings that travel as JSON."""

    @property
    def kind(self) -> str:
        """Name `read_input` knows it by."""
        ...

    def __call__(self, batch: Sequence[Media]) -> Batch:
        """Media of one modality to named arrays."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Plain values, `kind` among them."""
        ...


def read_input(values: Mapping[str, Any], folder: Path) -> TowerInput:
    """The input somebody's `to_json` described.

    Args:
        values: what `to_json` gave.
        folder: where the input wrote what does not fit in JSON.

    Raises:
        Damaged: nobody's `to_json` gives such values.
    """
    from scrubjay.models.builtin.text import HashedText
    from scrubjay.models.image_input import ImageInput
    from scrubjay.models.speech.inputs import WaveformInput, WhisperInput
    from scrubjay.models.speech_input import SpeechInput
    from scrubjay.models.text_input import TokenizerInput

    kind = values.get("kind")
    if kind == TokenizerInput.kind:
        return TokenizerInput.from_json(values, folder)
    for known in (ImageInput, SpeechInput, HashedText, WhisperInput, WaveformInput):
        if kind == known.kind:
            return known.from_json(values)
    raise Damaged(f"{folder}: no input of kind {kind!r} is known to this version of Scrubjay")
