"""A question with all that belongs to it, and an answer with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scrubjay.core.looking import Message, Sampling
from scrubjay.core.types import Kind, Picture, Sound
from scrubjay.media.video import Frame


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture that was handed over, under the name its owner knows.

    Attributes:
        frames: of a video, in order of time; `picture` is the one in the middle. Empty: a picture.
    """

    name: str
    picture: Picture
    frames: tuple[Frame, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True)
class Example:
    """A picture or a video with the right answer, shown before the question (few-shot).

    Attributes:
        question: it answers; None: the one being asked.
        wrong: an answer that would be wrong for it (contrastive), told as such; None: none.
    """

    shown: Shown
    answer: str
    question: str | None = None
    wrong: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, typed or spoken, over some pictures or over the whole collection.

    Attributes:
        question: typed; None: it is spoken.
        sound: spoken, mono at 16 kHz; None: it is typed.
        pictures: it is about; none of them and no `history` with any: the collection is searched.
        examples: pictures with answers to follow.
        history: what was said before, oldest first.
        language: two-letter code of question and answer; None: identified in speech, else English.
        prompt: name of a template; None: the settings'.
        sampling: None: the settings'.
        k: items looked at; None: the settings'.
        where: a condition on items, as in a search.
        kinds: of item to look at; None: all.
    """

    question: str | None = None
    sound: Sound | None = None
    pictures: tuple[Shown, ...] = ()
    examples: tuple[Example, ...] = ()
    history: tuple[Message, ...] = ()
    language: str | None = None
    prompt: str | None = None
    sampling: Sampling | None = None
    k: int | None = None
    where: str | None = None
    kinds: frozenset[Kind] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What was looked at, read or heard for an answer; `[number]` in its text cites it.

    Attributes:
        id: of the item; None: it was handed over with the question.
        score: nearness to the question, where it was found by a search.
        start_s: of a moment of a video, where it begins; None: it is no moment.
        end_s: where it ends.
    """

    number: int
    name: str
    kind: Kind
    id: str | None = None
    caption: str | None = None
    score: float | None = None
    start_s: float | None = None
    end_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "number": self.number,
            "name": self.name,
            "kind": self.kind.value,
            "id": self.id,
            "caption": self.caption,
            "score": self.score,
            "start_s": self.start_s,
            "end_s": self.end_s,
        }


@dataclass(frozen=True, slots=True)
class Clue:
    """One piece of evidence: what was seen, read or heard in a source.

    Attributes:
        source: its number.
        kind: `seen`, `text`, `speech` or `caption`.
        confidence: chance in [0, 1] that it is right; None: not said.
        box: (x0, y0, x1, y1) as fractions of width and height.
    """

    source: int
    kind: str
    text: str
    confidence: float | None = None
    box: tuple[float, float, float, float] | None = None
    start_s: float | None = None
    end_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "source": self.source,
            "kind": self.kind,
            "text": self.text,
            "confidence": self.confidence,
            "box": list(self.box) if self.box else None,
            "start_s": self.start_s,
            "end_s": self.end_s,
        }


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a chain: `listen`, `watch`, `find`, `look`, `read`, `answer` or `speak`.

    Attributes:
        by: the model that took it, for people.
    """

    name: str
    seconds: float
    by: str = ""

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {"name": self.name, "seconds": round(self.seconds, 4), "by": self.by}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered, and what that rests on.

    Attributes:
        question: as typed, or as it was heard.
        told: False: it cannot be told, and `text` says so and why.
        confidence: chance in [0, 1] that it is right; None: the model does not say.
        language: two-letter code.
        notes: what somebody should know, such as that another model is needed for a language.
        parts: further texts by name, such as a description's `caption` and `text`.
    """

    question: str
    text: str
    told: bool
    confidence: float | None = None
    language: str = "en"
    sources: tuple[Source, ...] = ()
    clues: tuple[Clue, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)
    tokens_in: int | None = None
    tokens_out: int | None = None
    finished: bool = True

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "question": self.question,
            "answer": self.text,
            "told": self.told,
            "confidence": self.confidence,
            "language": self.language,
            "sources": [one.to_json() for one in self.sources],
            "evidence": [one.to_json() for one in self.clues],
            "steps": [one.to_json() for one in self.steps],
            "notes": list(self.notes),
            "parts": dict(self.parts),
        }
