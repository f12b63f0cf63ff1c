"""A VisionLanguage around a transformers model that writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scrubjay.core.looking import Message, ModelSpec, Reply, ReplyStream, Sampling
from scrubjay.core.types import Picture
from scrubjay.models.conversation import checked
from scrubjay.models.image_input import as_picture
from scrubjay.models.pretrained.failing import failing
from scrubjay.models.pretrained.generation import Inputs, Writer
from scrubjay.models.pretrained.opening import Opened, open_model


class Asks(Protocol):
    """How a kind of model is asked."""

    def inputs(self, messages: Sequence[Message]) -> Inputs:
        """What it reads to answer the last message."""
        ...

    def caption(self, picture: Picture) -> Inputs:
        """What it reads to describe a picture."""
        ...


class Looker:
    """Answers by what an `Asks` makes of a conversation and a `Writer` writes."""

    def __init__(self, opened: Opened, asks: Asks, spec: ModelSpec) -> None:
        self._model = opened.model
        self._asks = asks
        self._spec = spec
        self._writer = Writer(opened.model, opened.processor.tokenizer, name=spec.name)

    @property
    def spec(self) -> ModelSpec:
        """Family, folder, fingerprint, and what it can do."""
        return self._spec

    def reply(self, messages: Sequence[Message], sampling: Sampling) -> Reply:
        """Continue a conversation.

        Raises:
            WrongUse: there is no question, or there are too many or too few pictures.
            BadMedia: one of the pictures is none.
            ScrubjayError: the model cannot work with the conversation.
        """
        return self._writer.write(self._read(messages), sampling)

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> ReplyStream:
        """The text of `reply`, piece by piece; raises as it does, before the first piece."""
        return self._writer.stream(self._read(messages), sampling)

    def caption(self, picture: Picture, sampling: Sampling) -> Reply:
        """Say in a sentence what a picture shows.

        Raises:
            BadMedia: it is no picture.
            ScrubjayError: the model cannot work with it.
        """
        shown = as_picture(picture)
        with failing(self._spec.name):
            inputs = self._asks.caption(shown)
        return self._writer.write(self._placed(inputs), sampling)

    def _read(self, messages: Sequence[Message]) -> Inputs:
        asked = checked(messages, self._spec)
        with failing(self._spec.name):
            inputs = self._asks.inputs(asked)
        return self._placed(inputs)

    def _placed(self, inputs: Mapping[str, Any]) -> Inputs:
        """The same on the model's device, numbers with a point in the model's kind of them."""
        import torch

        device, dtype = self._model.device, self._model.dtype
        placed = {}
        for name, value in inputs.items():
            if isinstance(value, torch.Tensor):
                kind = dtype if value.is_floating_point() else None
                placed[name] = value.to(device=device, dtype=kind)
            else:
                placed[name] = value
        return placed


def describe(opened: Opened, family: str, **known: Any) -> ModelSpec:  # noqa: ANN401
    """The ModelSpec of a model that was opened.

    Args:
        opened: the model.
        family: that asks it.
        known: further attributes of a ModelSpec.
    """
    return ModelSpec(family=family, name=opened.name, fingerprint=opened.fingerprint, **known)


@dataclass(frozen=True, slots=True)
class OneKind:
    """A kind of model that looks at one picture, follows no instructions, and has a family.

    Attributes:
        family: that asks it.
        kind: its `model_type`.
        made_by: its class in transformers.
    """

    family: str
    kind: str
    made_by: str

    @property
    def classes(self) -> Mapping[str, str]:
        """`model_type` to the class in transformers."""
        return {self.kind: self.made_by}

    def open(
        self,
        source: str | Path,
        *,
        adapter: str | Path | None = None,
        **options: Any,  # noqa: ANN401
    ) -> Opened:
        """The model; options and errors are those of `open_model`.

        Args:
            source: as there.
            adapter: a directory with a LoRA adapter of that model, as a run leaves one.
            options: as there.
        """
        opened = open_model(source, family=self.family, classes=self.classes, **options)
        if adapter is None:
            return opened
        from scrubjay.models.pretrained.adapter import opened_with

        return opened_with(opened, Path(adapter))

    def spec(self, opened: Opened) -> ModelSpec:
        """What it can do."""
        return describe(opened, self.family, max_pictures=1, instructed=False)
