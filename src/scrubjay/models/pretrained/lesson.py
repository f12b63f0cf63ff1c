"""What a model is taught of a picture, and how what it reads and what it should say become a batch.

Only the answer's own tokens and the one that ends it are learned; what is asked, what stands for
pictures and what fills a batch up have the label IGNORED.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from scrubjay.core.errors import BadConfig
from scrubjay.core.looking import Message, Role
from scrubjay.core.types import Picture
from scrubjay.models.pretrained.generation import Inputs

if TYPE_CHECKING:
    from torch import Tensor

IGNORED: Final = -100
"""Label of what is not learned, as torch's cross entropy has it."""

Row: TypeAlias = Mapping[str, Any]
"""One lesson as tensors, its `labels` among them."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A picture, what is asked about it, and the right answer."""

    picture: Picture
    instruction: str
    answer: str

    @property
    def messages(self) -> list[Message]:
        """As a model is asked."""
        return [Message(Role.USER, (self.picture, self.instruction))]


class Taught(NamedTuple):
    """Lessons as a model takes them.

    Attributes:
        inputs: of the model; those of tokens are (n, t), filled up on the right.
        labels: (n, t), IGNORED where nothing is learned; of a model that chooses among its own
            answers (n, answers), how right each is.
    """

    inputs: dict[str, Tensor]
    labels: Tensor


def ends_of(model: Any, tokenizer: Any) -> tuple[int, ...]:  # noqa: ANN401 - of transformers
    """Tokens that end what a model writes: what its generation stops at, else its tokenizer's."""
    inner = getattr(model, "language_model", None)  # a model of two writes with the inner one's
    for one in (inner, model):
        settings = getattr(one, "generation_config", None)
        told = getattr(settings, "eos_token_id", None)
        if told is not None:
            return (told,) if isinstance(told, int) else tuple(sorted(told))
    own = tokenizer.eos_token_id
    return () if own is None else (own,)


def end_of(ends: Collection[int], tokenizer: Any, *, name: str) -> int:  # noqa: ANN401
    """The one that an answer is taught to end with.

    Raises:
        BadConfig: nothing ends what the model writes.
    """
    if not ends:
        raise BadConfig(
            f"{name} has no token that ends an answer: it could not learn to stop. Give its "
            f"generation_config.json an eos_token_id"
        )
    own = tokenizer.eos_token_id
    return int(own) if own in ends else min(ends)


def continued(read: Inputs, answer: Sequence[int]) -> Row:
    """A row of a model that goes on after what it reads, with the answer's tokens."""
    import torch

    asked = read["input_ids"]
    told = torch.tensor([answer])
    row = {
        **read,
        "input_ids": torch.cat([asked, told], dim=1),
        "labels": torch.cat([torch.full_like(asked, IGNORED), told], dim=1),
    }
    before = {"attention_mask": torch.ones_like(asked), **read}
    for name in ("attention_mask", "token_type_ids"):
        if name in before:
            row[name] = torch.cat([before[name], torch.ones_like(told)], dim=1)
    return row


def apart(read: Inputs, answer: Sequence[int]) -> Row:
    """A row of a model that reads with one network and writes the answer with another."""
    import torch

    return {**read, "labels": torch.tensor([answer])}


def batched(rows: Sequence[Row], *, pad: int) -> Taught:
    """Rows as one batch, filled up on the right.

    Args:
        rows: of one model.
        pad: token that fills `input_ids` up.
    """
    import torch

    fill = {"labels": IGNORED, "input_ids": pad}
    made = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        longest = max(one.shape[-1] for one in values)
        made[name] = torch.cat([_filled(one, longest, fill.get(name, 0)) for one in values])
    return Taught(made, made.pop("labels"))


def _filled(row: Tensor, length: int, value: int) -> Tensor:
    """(1, length): a row of tokens filled up on the right; anything else as it is."""
    import torch

    if row.ndim != 2:
        return row
    return torch.nn.functional.pad(row, (0, length - row.shape[1]), value=value)
