"""What `/v1/chat/completions` and `/v1/models` answer, as OpenAPI shows it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from scrubjay.core.types import Kind
from scrubjay.web.schemas import Told, Usage


class SpokenTold(Told):
    """An answer as a sound."""

    id: str
    data: str = Field(description="The sound in base64.")
    transcript: str
    expires_at: int = Field(description="Unix time; nothing is kept, so it is now.")


class MessageTold(Told):
    """What is answered."""

    role: Literal["assistant"]
    content: str | None = Field(description="Null where the answer is spoken: `audio` has it.")
    refusal: None
    audio: SpokenTold | None = None


class ChoiceTold(Told):
    """The one answer."""

    index: int
    message: MessageTold
    finish_reason: Literal["stop", "length"]
    logprobs: None


class SourceTold(Told):
    """What was looked at, read or heard; `[number]` in the text cites it."""

    number: int
    name: str
    kind: Kind
    id: str | None = Field(description="Of the item; null: it came with the question.")
    caption: str | None
    score: float | None = Field(description="Nearness to the question, where it was searched for.")
    start_s: float | None = Field(description="Of a moment of a video, where it begins.")
    end_s: float | None


class ClueTold(Told):
    """A piece of evidence: what was seen, read or heard in a source."""

    source: int
    kind: str = Field(description="`seen`, `text`, `speech` or `caption`.")
    text: str
    confidence: float | None
    box: list[float] | None = Field(description="x0, y0, x1, y1 as fractions of its picture.")
    start_s: float | None
    end_s: float | None


class StepTold(Told):
    """One step of the chain, and the model that took it."""

    name: str
    seconds: float
    by: str


class AnswerTold(Told):
    """What an answer rests on, and how sure it is."""

    told: bool = Field(description="False: it cannot be told, and the text says why.")
    confidence: float | None = Field(description="Chance that it is right; null: not said.")
    language: str
    sources: list[SourceTold]
    evidence: list[ClueTold]
    steps: list[StepTold]
    notes: list[str]


class UsageTold(Usage):
    """Tokens that the model read and wrote, with those that stand for pictures."""

    completion_tokens: int


class ChatTold(Told):
    """What `/v1/chat/completions` answers; a stream's chunks have OpenAI's shape likewise."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChoiceTold]
    usage: UsageTold | None = Field(description="Null where the model does not count.")
    scrubjay: AnswerTold


class ModelTold(Told):
    """A name that `model` may have."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ModelsTold(Told):
    """What `/v1/models` answers."""

    object: Literal["list"]
    data: list[ModelTold]
