"""Answers of models that hold no conversation: tokens after, or apart from, what is read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from scrubjay.core.errors import BadConfig
from scrubjay.models.pretrained.control import ControlTokens
from scrubjay.models.pretrained.failing import failing
from scrubjay.models.pretrained.generation import Inputs
from scrubjay.models.pretrained.lesson import (
    Lesson,
    Row,
    Taught,
    apart,
    batched,
    continued,
    end_of,
)
from scrubjay.models.pretrained.looker import Asks
from scrubjay.models.pretrained.ways.losses import token_losses
from scrubjay.models.pretrained.ways.way import Way

if TYPE_CHECKING:
    from torch import Tensor


class Written:
    """Lessons by what is read when the model is asked, and the answer's own tokens after it."""

    def __init__(
        self,
        asks: Asks,
        processor: Any,  # noqa: ANN401 - transformers has no types
        *,
        ends: Collection[int],
        name: str,
        lead: str = "",
    ) -> None:
        """Take over how the model is asked.

        Args:
            asks: what the model reads.
            processor: of the model.
            ends: tokens that end what it writes.
            name: of the model, for messages.
            lead: stands between what is read and the answer.

        Raises:
            BadConfig: nothing ends what it writes.
        """
        self._asks, self._name, self._lead = asks, name, lead
        self._control = ControlTokens(processor)
        self._tokenizer = processor.tokenizer
        self._end = end_of(ends, self._tokenizer, name=name)
        pad = self._tokenizer.pad_token_id
        self._pad = self._end if pad is None else pad

    def taught(self, lessons: Sequence[Lesson]) -> Taught:
        """A batch of lessons.

        Raises:
            BadConfig: an answer that is no token of the model.
            ScrubjayError: its processor cannot hold a lesson.
        """
        with failing(self._name):
            rows = [
                self._row(self._asks.inputs(one.messages), [*self._tokens(one.answer), self._end])
                for one in lessons
            ]
            return batched(rows, pad=self._pad)

    def _row(self, read: Inputs, answer: Sequence[int]) -> Row:
        return continued(read, answer)

    def _tokens(self, answer: str) -> list[int]:
        text = self._lead + self._control.apart(answer)
        made: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        if not made:
            raise BadConfig(f"{self._name} has no token for the answer {answer[:40]!r}")
        return made


class WrittenApart(Written):
    """Lessons whose answer another network writes than the one that reads.

    The model is given the labels, too: it makes of them what its writing network goes on from.
    """

    def taught(self, lessons: Sequence[Lesson]) -> Taught:
        """A batch of lessons; raises as `Written`."""
        inputs, labels = super().taught(lessons)
        return Taught({**inputs, "labels": labels}, labels)

    def _row(self, read: Inputs, answer: Sequence[int]) -> Row:
        return apart(read, answer)


class Apart(Way):
    """A way of talking to models that read with one network and write with another."""

    name: str
    ends: tuple[int, ...]

    def lessons(self, processor: Any) -> WrittenApart:  # noqa: ANN401
        """What is read, and the answer apart from it."""
        return WrittenApart(self.asks(processor), processor, ends=self.ends, name=self.name)

    def losses(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Its logits tell the tokens they stand at."""
        return token_losses(logits, labels)


def has_two_networks(model: Any) -> bool:  # noqa: ANN401 - of transformers
    """Whether a model reads with one network and writes with another."""
    config = model.config
    return bool(config.is_encoder_decoder or config.get_text_config().is_encoder_decoder)
