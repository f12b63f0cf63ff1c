"""What a model learns an answer from: what it reads when it is asked, and the answer after that.

Only the answer's own tokens and the one that ends it are learned; what is asked, what stands for
pictures and what fills a batch up have the label IGNORED. The tokens of what is asked are exactly
those the model reads when it is asked (`Chat.inputs`), which is checked row by row.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scrubjay.core.errors import BadConfig
from scrubjay.core.looking import Message, Role
from scrubjay.core.types import Picture
from scrubjay.models.pretrained.chat import Chat, as_image
from scrubjay.models.pretrained.failing import failing

if TYPE_CHECKING:
    from torch import Tensor

IGNORED: Final = -100
"""Label of what is not learned, as torch's cross entropy has it."""


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
    """Lessons as a model takes them, filled up on the right.

    Attributes:
        inputs: of the model; `input_ids` and `attention_mask` are (n, t).
        labels: (n, t), IGNORED where nothing is learned.
    """

    inputs: dict[str, Tensor]
    labels: Tensor


class Completions:
    """Lessons to what one model learns from."""

    def __init__(self, chat: Chat, *, ends: Collection[int], name: str) -> None:
        """Take over how the model is talked to.

        Args:
            chat: of the model.
            ends: tokens that end what it writes.
            name: of the model, for messages.

        Raises:
            BadConfig: nothing ends what it writes.
        """
        if not ends:
            raise BadConfig(
                f"{name} has no token that ends an answer: it could not learn to stop. Give its "
                f"generation_config.json an eos_token_id"
            )
        self._chat, self._name = chat, name
        tokenizer = chat.processor.tokenizer
        self._tokenizer = tokenizer
        self._ends = {int(one): str(tokenizer.convert_ids_to_tokens(int(one))) for one in ends}
        own = tokenizer.eos_token_id
        self._end = own if own in self._ends else min(self._ends)
        if tokenizer.pad_token is None:
            tokenizer.pad_token = self._ends[self._end]

    def taught(self, lessons: Sequence[Lesson]) -> Taught:
        """A batch of lessons.

        Raises:
            BadConfig: the model's template puts an answer elsewhere than where the model goes on.
            ScrubjayError: its template or processor cannot hold a lesson.
        """
        with failing(self._name):
            if self._chat.answers_apart:
                return self._apart(lessons)
            return self._joined(lessons)

    def _joined(self, lessons: Sequence[Lesson]) -> Taught:
        import torch

        texts, answers = [], []
        for lesson in lessons:
            text, answer = self._whole(lesson)
            texts.append(text)
            answers.append(answer)
        options = {"add_special_tokens": False} if self._chat.begun(texts[0]) else {}
        made = self._chat.processor(
            text=texts,
            images=[[as_image(one.picture)] for one in lessons],
            padding=True,
            padding_side="right",
            return_tensors="pt",
            **options,
        )
        inputs = {name: made[name] for name in made if name != "labels"}
        ids, lengths = inputs["input_ids"], inputs["attention_mask"].sum(dim=1).tolist()
        labels = torch.full_like(ids, IGNORED)
        for row, (length, answer) in enumerate(zip(lengths, answers, strict=True)):
            learned = slice(length - len(answer), length)
            if ids[row, learned].tolist() != answer:
                raise BadConfig(
                    f"the processor of {self._name} reads an answer otherwise with its picture "
                    f"than without; choose a model of another kind"
                )
            labels[row, learned] = ids[row, learned]
        return Taught(inputs, labels)

    def _whole(self, lesson: Lesson) -> tuple[str, list[int]]:
        """What is asked with its answer, up to the token that ends it; and the answer's tokens."""
        prompt, whole = self._chat.answered(lesson.messages, lesson.answer)
        if not whole.startswith(prompt):
            raise BadConfig(
                f"the chat template of {self._name} writes an answer elsewhere than where the "
                f"model goes on: a prompt ends with {prompt[-40:]!r}, which a conversation with an "
                f"answer lacks. Give a template without that by vlm.chat_template=FILE"
            )
        said = whole[len(prompt) :]
        found = [place + len(end) for end in self._ends.values() if (place := said.find(end)) >= 0]
        text = said[: min(found)] if found else said.rstrip() + self._ends[self._end]
        asked, both = self._tokens(prompt), self._tokens(prompt + text)
        answer = both[len(asked) :]
        if both[: len(asked)] != asked or not answer or answer[-1] not in self._ends:
            raise BadConfig(
                f"the tokens of a prompt of {self._name} are others with the answer "
                f"{lesson.answer[:40]!r} after it: it would learn from what it never reads. Give a "
                f"template whose prompts end with a space, a line's end or a control token by "
                f"vlm.chat_template=FILE"
            )
        return prompt + text, answer

    def _tokens(self, text: str) -> list[int]:
        special = not self._chat.begun(text)
        ids: list[int] = self._tokenizer(text, add_special_tokens=special)["input_ids"]
        return ids

    def _apart(self, lessons: Sequence[Lesson]) -> Taught:
        """PaliGemma's rule: what is read is seen whole, what is written has token type 1.

        As its processor does for `suffix` (Beyer et al., "PaliGemma", 2024, section 3).
        """
        import torch

        rows: list[dict[str, Any]] = []
        for lesson in lessons:
            _, answer = self._chat.answered(lesson.messages, lesson.answer)
            read = dict(self._chat.inputs(lesson.messages))
            written = self._tokenizer(answer, add_special_tokens=False)["input_ids"]
            told = torch.tensor([[*written, self._end]])
            asked = read["input_ids"]
            read["labels"] = torch.cat([torch.full_like(asked, IGNORED), told], dim=1)
            read["input_ids"] = torch.cat([asked, told], dim=1)
            for name, value in (("attention_mask", 1), ("token_type_ids", 1)):
                read[name] = torch.cat([read[name], torch.full_like(told, value)], dim=1)
            rows.append(read)
        longest = max(row["labels"].shape[1] for row in rows)
        fill = {"labels": IGNORED, "input_ids": self._tokenizer.pad_token_id}
        made = {
            name: torch.cat([_filled(row[name], longest, fill.get(name, 0)) for row in rows])
            for name in rows[0]
        }
        return Taught(made, made.pop("labels"))


def _filled(row: Tensor, length: int, value: int) -> Tensor:
    """(1, length): a row of tokens filled up on the right; anything else as it is."""
    import torch

    if row.ndim != 2:
        return row
    return torch.nn.functional.pad(row, (0, length - row.shape[1]), value=value)
