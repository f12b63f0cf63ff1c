"""One of its own answers to a question: ViLT (Kim et al. 2021), which chooses and never writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

from scrubjay.core.errors import BadConfig, WrongUse
from scrubjay.core.looking import Message, ModelSpec, Reply, ReplyStream, Sampling
from scrubjay.core.protocols import VisionLanguage
from scrubjay.core.types import Picture
from scrubjay.models.conversation import checked, pictures_of, word_by_word
from scrubjay.models.image_input import as_picture
from scrubjay.models.pretrained.chat import as_image
from scrubjay.models.pretrained.control import ControlTokens
from scrubjay.models.pretrained.failing import failing
from scrubjay.models.pretrained.lesson import Lesson, Taught
from scrubjay.models.pretrained.looker import OneKind
from scrubjay.models.pretrained.opening import Opened
from scrubjay.models.pretrained.ways.losses import choice_losses
from scrubjay.models.pretrained.ways.way import Way, without_template

if TYPE_CHECKING:
    from torch import Tensor, nn

    from scrubjay.models.pretrained.generation import Inputs

KIND = OneKind("vilt", kind="vilt", made_by="ViltForQuestionAnswering")
ONLY_ANSWERS = "I can't tell: this model (ViLT) only answers questions, it describes no pictures"


class ViltQuestions:
    """A picture and a question about it.

    What was said before the question is left out.
    """

    def __init__(self, processor: Any) -> None:  # noqa: ANN401 - transformers has no types
        self._processor = processor
        self._control = ControlTokens(processor)

    def inputs(self, messages: Sequence[Message]) -> Inputs:
        """The picture shown last and the last question.

        Raises:
            WrongUse: no picture was shown.
        """
        return self.together([messages])

    def caption(self, picture: Picture) -> Inputs:
        """Nothing asks it to describe.

        Raises:
            WrongUse: always.
        """
        raise WrongUse("a ViLT only answers questions about a picture; ask it one")

    def together(self, asked: Sequence[Sequence[Message]]) -> Inputs:
        """Several at once, filled up as its processor does; raises as `inputs`."""
        images, texts = [], []
        for messages in asked:
            shown = pictures_of(messages)
            if not shown:
                raise WrongUse("a ViLT only answers questions about a picture; show it one")
            images.append(as_image(shown[-1]))
            texts.append(self._control.apart(" ".join(messages[-1].text.split())))
        made: Inputs = self._processor(images=images, text=texts, padding=True, return_tensors="pt")
        return made


class ViltAnswers:
    """A VisionLanguage that chooses among the answers it was trained with.

    How a reply is to be drawn is left out: there is one likeliest label, and its chance is the
    confidence.
    """

    def __init__(self, opened: Opened, spec: ModelSpec) -> None:
        self._model = opened.model
        self._asks = ViltQuestions(opened.processor)
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
        import torch

        with self._lock, torch.inference_mode(), failing(self._spec.name):
            inputs: Any = self._asks.inputs(asked)
            inputs = inputs.to(self._model.device, self._model.dtype)
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


class Choices:
    """Lessons by which of the model's answers is right: that one is, and no other."""

    def __init__(self, asks: ViltQuestions, vilt: Vilt) -> None:
        self._asks, self._vilt = asks, vilt

    def taught(self, lessons: Sequence[Lesson]) -> Taught:
        """A batch of lessons.

        Raises:
            BadConfig: an answer that is none of the model's.
            ScrubjayError: its processor cannot hold a lesson.
        """
        import torch

        right = torch.zeros(len(lessons), self._vilt.n_labels)
        for row, lesson in enumerate(lessons):
            if (problem := self._vilt.unanswerable(lesson.answer)) is not None:
                raise BadConfig(problem)
            right[row, self._vilt.places[folded(lesson.answer)]] = 1.0
        with failing(self._vilt.name):
            return Taught(dict(self._asks.together([one.messages for one in lessons])), right)


@dataclass(frozen=True, slots=True)
class Vilt(Way):
    """A question and the answers it may have.

    Attributes:
        name: of the model, for messages.
        places: of its answers, by their folded texts; the first of those alike.
        n_labels: how many it has.
    """

    family: ClassVar[str] = KIND.family
    name: str
    places: Mapping[str, int]
    n_labels: int

    @classmethod
    def of(cls, opened: Opened, template: str | None) -> Vilt:
        """That of a model; raises as `Way.of`."""
        without_template(opened, template)
        named = opened.model.config.id2label
        places = {folded(str(named[place])): place for place in sorted(named, reverse=True)}
        return cls(opened.name, places, len(named))

    @classmethod
    def classes(cls) -> Mapping[str, str]:
        """ViLT alone."""
        return KIND.classes

    def asks(self, processor: Any) -> ViltQuestions:  # noqa: ANN401 - transformers has no types
        """A question."""
        return ViltQuestions(processor)

    def lessons(self, processor: Any) -> Choices:  # noqa: ANN401
        """Which answer is right."""
        return Choices(self.asks(processor), self)

    def looker(self, opened: Opened) -> VisionLanguage:
        """As `vlm=vilt`."""
        return ViltAnswers(opened, KIND.spec(opened))

    def losses(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """As it was trained: every answer has a chance of its own."""
        return choice_losses(logits, labels)

    def writer(self, model: Any) -> nn.Module:  # noqa: ANN401 - of transformers
        """All of it, which reads, sees and chooses."""
        part: nn.Module = model
        return part

    def unanswerable(self, answer: str) -> str | None:
        """It writes nothing: what is none of its answers it cannot say."""
        if folded(answer) in self.places:
            return None
        return (
            f"its answer {answer[:40]!r} is none of the {self.n_labels} that {self.name} chooses "
            f"among"
        )


def folded(answer: str) -> str:
    """An answer without case and spare spaces."""
    return " ".join(answer.split()).casefold()
