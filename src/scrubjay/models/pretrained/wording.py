"""How models without a chat template are asked, by kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scrubjay.core.looking import Message, Role

PALIGEMMA_TASKS = ("answer", "caption", "cap", "describe", "detect", "ocr", "question", "segment")
"""First words of the prompts PaliGemma was trained on."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A turn by turn dialogue, as LLaVA 1.5 was trained on (Vicuna's).

    Attributes:
        caption: what is asked for a sentence about a picture.
        instructed: whether such models follow instructions.
        needs_picture: whether they say nothing without one.
        answers_apart: whether a token tells what they read from what they write.
    """

    caption: str = "Describe this picture in one sentence."
    instructed: bool = True
    needs_picture: bool = False
    answers_apart: bool = False

    def turns(self, turns: Sequence[Message]) -> list[Message]:
        """What of a conversation the model is told."""
        return list(turns)

    def text(self, turns: Sequence[Message], image_token: str, end: str) -> str:
        """The prompt.

        Args:
            turns: of the conversation, the last one the user's.
            image_token: stands for a picture.
            end: ends an answer.
        """
        said = []
        for turn in turns:
            parts = [part if isinstance(part, str) else image_token for part in turn.parts]
            text = "\n".join(part for part in parts if part)
            if turn.role is Role.USER:
                said.append(f"USER: {text} ASSISTANT:")
            elif turn.role is Role.ASSISTANT:
                said.append(f" {text}{end}")
            else:
                said.append(f"{text} ")
        return "".join(said)


class PaliGemmaWording(Wording):
    """One question about the pictures shown last: `answer en <question>`.

    PaliGemma knows no conversation: what was said before is left out.
    """

    __slots__ = ()

    def turns(self, turns: Sequence[Message]) -> list[Message]:
        """The question, with its own pictures or those shown last before it."""
        question = turns[-1]
        shown = next((turn.pictures for turn in reversed(turns) if turn.pictures), ())
        return [Message(Role.USER, (*shown, question.text))]

    def text(self, turns: Sequence[Message], image_token: str, end: str) -> str:
        """`<image>answer en <question>`; one of its tasks is asked as it is."""
        asked = " ".join(turns[-1].text.split())
        if asked.split(" ", 1)[0].lower() not in PALIGEMMA_TASKS:
            asked = f"answer en {asked}"
        return image_token * len(turns[-1].pictures) + asked


class Florence2Wording(PaliGemmaWording):
    """One question about the pictures shown last, as it is; its processor puts the picture first.

    Florence-2 (Xiao et al. 2023) knows no conversation: what was said before is left out.
    """

    __slots__ = ()

    def text(self, turns: Sequence[Message], image_token: str, end: str) -> str:
        """The question."""
        return " ".join(turns[-1].text.split())


PLAIN = Wording()
BY_KIND = {
    "florence2": Florence2Wording(
        caption="What does the image describe?", instructed=False, needs_picture=True
    ),
    "paligemma": PaliGemmaWording(
        caption="caption en", instructed=False, needs_picture=True, answers_apart=True
    ),
}


def wording(kind: str) -> Wording:
    """The wording for a `model_type`; a dialogue where none is known."""
    return BY_KIND.get(kind, PLAIN)
