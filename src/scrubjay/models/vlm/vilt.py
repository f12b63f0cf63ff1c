"""ViLT (Kim et al. 2021): a question about one picture, answered with one of its labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from scrubjay.core.errors import WrongUse
from scrubjay.core.looking import Message, ModelSpec, Reply, ReplyStream, Sampling
from scrubjay.core.protocols import VisionLanguage
from scrubjay.core.types import Picture
from scrubjay.models.conversation import checked, pictures_of, word_by_word
from scrubjay.models.image_input import as_picture
from scrubjay.models.pretrained.looker import OneKind

if TYPE_CHECKING:
    from scrubjay.models.pretrained.opening import Opened

KIND = OneKind("vilt", kind="vilt", made_by="ViltForQuestionAnswering")
ONLY_ANSWERS = "I can't tell: this model (ViLT) only answers questions, it describes no pictures"


def load(
    *,
    source: str | Path,
    quantize: str = "none",
    dtype: str = "auto",
    device: str = "auto",
    threads: int = 0,
) -> VisionLanguage:
    """A ViLT for questions; options and errors are those of the `transformers` family."""
    opened, spec = KIND.open(source, quantize=quantize, dtype=dtype, device=device, threads=threads)
    return ViltAnswers(opened, spec)


class ViltAnswers:
    """A VisionLanguage that chooses among the answers it was trained with.

    What was said before the question is left out, and so is how a reply is to be drawn: there is
    one likeliest label, and its chance is the confidence.
    """

    def __init__(self, opened: Opened, spec: ModelSpec) -> None:
        self._model = opened.model
        from scrubjay.models.pretrained.control import ControlTokens

        self._processor = opened.processor
        self._control = ControlTokens(opened.processor)
        self._spec = spec
        self._lock = Lock()

    @property
    def spec(self) -> ModelSpec:
        """Family `vilt`; one picture, short questions."""
        return self._spec

    def reply(self, messages: Sequence[Message], sampling: Sampling) -> Reply:
        """The likeliest label.

        Raises:
            WrongUse: there is no question, no picture, or the question is too long.
            BadMedia: the picture is none.
        """
        asked = checked(messages, self._spec)
        shown = pictures_of(asked)
        if not shown:
            raise WrongUse("a ViLT only answers questions about a picture; show it one")
        return self._answer(shown[-1], self._control.apart(" ".join(asked[-1].text.split())))

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> ReplyStream:
        """The text of `reply`, a word at a time; raises as it does, before the first word."""
        return word_by_word(self.reply(messages, sampling))

    def caption(self, picture: Picture, sampling: Sampling) -> Reply:
        """That it cannot tell.

        Raises:
            BadMedia: it is no picture.
        """
        as_picture(picture)
        return Reply(text=ONLY_ANSWERS, told=False)

    def _answer(self, picture: Picture, question: str) -> Reply:
        import torch

        from scrubjay.models.pretrained.chat import as_image
        from scrubjay.models.pretrained.failing import failing

        with self._lock, torch.inference_mode(), failing(self._spec.name):
            inputs = self._processor(
                images=as_image(picture), text=question, return_tensors="pt"
            ).to(self._model.device, self._model.dtype)
            read, most = inputs["input_ids"].shape[1], self._model.config.max_position_embeddings
            if read > most:
                raise WrongUse(
                    f"{self._spec.name} reads questions of at most {most} tokens, and this one has "
                    f"{read}; ask a shorter one"
                )
            with torch.random.fork_rng():  # it shuffles a picture's patches
                torch.manual_seed(0)
                logits = self._model(**inputs).logits
            # Trained with a chance of its own for every label, several may be right.
            chances = logits[0].float().sigmoid()
            label = int(chances.argmax())
        return Reply(
            text=str(self._model.config.id2label[label]),
            confidence=float(chances[label]),
            tokens_in=int(read),
        )
