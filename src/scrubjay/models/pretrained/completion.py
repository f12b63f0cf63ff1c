"""What a model that is talked to learns an answer from: a conversation with the answer in it.

The tokens of what is asked are exactly those the model reads when it is asked (`Chat.inputs`),
which is checked row by row.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from scrubjay.core.errors import BadConfig
from scrubjay.models.pretrained.chat import Chat, as_image
from scrubjay.models.pretrained.failing import failing
from scrubjay.models.pretrained.lesson import (
    IGNORED,
    Lesson,
    Taught,
    batched,
    continued,
    end_of,
)


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
        self._chat, self._name = chat, name
        tokenizer = chat.processor.tokenizer
        self._tokenizer = tokenizer
        self._end = end_of(ends, tokenizer, name=name)
        self._ends = {int(one): str(tokenizer.convert_ids_to_tokens(int(one))) for one in ends}
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
        rows = []
        for lesson in lessons:
            _, answer = self._chat.answered(lesson.messages, lesson.answer)
            written = self._tokenizer(answer, add_special_tokens=False)["input_ids"]
            rows.append(continued(self._chat.inputs(lesson.messages), [*written, self._end]))
        return batched(rows, pad=self._tokenizer.pad_token_id)
