"""A question out of a conversation, and an answer in OpenAI's shape."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from scrubjay.ask.answer import Answer, Asked, Shown, Step
from scrubjay.ask.writing import CITATION
from scrubjay.core.looking import Message, Role, Sampling
from scrubjay.core.types import Sound
from scrubjay.web.asking import QuestionLine
from scrubjay.web.chat_messages import Turn
from scrubjay.web.chat_schemas import AnswerVoice, AskingAsked
from scrubjay.web.given import Given
from scrubjay.web.given_media import decode_given_picture, decode_given_sound
from scrubjay.web.spoken_sound import written_sound

if TYPE_CHECKING:
    from scrubjay.ask.chain import Asking

LONGEST_S: Final = 60.0
"""Of a recording within a conversation."""

VOICE_CODES: Final = (2, 3)
"""Letters of a voice that names a language."""


@dataclass(slots=True)
class Conversation:
    """Turns that are decoded, and heard, once the question's turn has come.

    Attributes:
        heard: steps of listening that no chain took, in order.
    """

    turns: tuple[Turn, ...]
    about: AskingAsked
    sampling: Sampling | None
    heard: list[Step] = field(default_factory=list)

    def asked(self, asking: Asking) -> Asked:
        """What the chain takes; in a thread.

        A recording that is all the last message says is the question, and is searched by its sound,
        too. Elsewhere its words stand in its place.

        Raises:
            BadMedia: a picture or recording that cannot be read.
            ScrubjayError: a recording that cannot be heard.
        """
        *before, last = self.turns
        sound, question = self._question(asking, last)
        pictures = [part for part in last.parts if part.picture is not None]
        about = self.about
        return Asked(
            question=question,
            sound=sound,
            pictures=tuple(
                Shown(f"picture {at}", decode_given_picture(part.picture or b"", part.name))
                for at, part in enumerate(pictures, start=1)
            ),
            history=tuple(self._message(asking, turn) for turn in before if turn.parts),
            language=about.language,
            prompt=about.prompt,
            sampling=self.sampling,
            k=about.k,
            where=about.where,
            kinds=None if about.kinds is None else frozenset(about.kinds),
        )

    def _question(self, asking: Asking, last: Turn) -> tuple[Sound | None, str | None]:
        sounds = [part for part in last.parts if part.sound is not None]
        typed = any((part.text or "").strip() for part in last.parts)
        if len(sounds) == 1 and not typed:
            return _decoded(sounds[0]), None
        texts = [self._words(asking, part) for part in last.parts if part.picture is None]
        return None, "\n".join(text for text in texts if text)

    def _message(self, asking: Asking, turn: Turn) -> Message:
        parts = tuple(
            self._words(asking, part)
            if part.picture is None
            else decode_given_picture(part.picture, part.name)
            for part in turn.parts
        )
        return Message(turn.role, parts)

    def _words(self, asking: Asking, part: Given) -> str:
        if part.sound is None:
            return part.text or ""
        began = time.perf_counter()
        told = asking.hear(_decoded(part), language=self.about.language)
        self.heard.append(Step("listen", time.perf_counter() - began, told.listener))
        return told.text


def _decoded(part: Given) -> Sound:
    return decode_given_sound(part.sound or b"", part.name, most_s=LONGEST_S)


def conversation_of(
    turns: tuple[Turn, ...], about: AskingAsked | None, sampling: Sampling | None
) -> Conversation:
    """The turns of a request; those before the last that say nothing are left out."""
    return Conversation(turns, about or AskingAsked(), sampling)


def whole(answer: Answer, conversation: Conversation) -> Answer:
    """An answer with the steps that were taken before its chain."""
    return replace(answer, steps=(*conversation.heard, *answer.steps))


async def spoken(line: QuestionLine, answer: Answer, voice: AnswerVoice) -> tuple[bytes, Answer]:
    """The sound of an answer, and the answer with the step that made it.

    Raises:
        WrongUse: no voice speaks the language.
        MissingExtra, ModelNotFound: what speaks cannot be loaded.
    """
    name = voice.voice if isinstance(voice.voice, str) else voice.voice.id
    language = language_of_voice(name) or answer.language
    began = time.perf_counter()
    made = await line.speak(CITATION.sub("", answer.text), language=language)
    step = Step("speak", time.perf_counter() - began, made.voice)
    sound = await asyncio.to_thread(written_sound, made, voice.format)
    return sound, replace(answer, steps=(*answer.steps, step))


def language_of_voice(name: str) -> str | None:
    """A voice that is the code of a language; None: any other is the voice there is."""
    return name.lower() if len(name) in VOICE_CODES and name.isalpha() and name.isascii() else None


@dataclass(frozen=True, slots=True)
class Shape:
    """What every piece of one answer carries."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    def completion(self, answer: Answer, sound: bytes | None) -> dict[str, Any]:
        """The documented JSON object."""
        message: dict[str, Any] = {
            "role": Role.ASSISTANT.value,
            "content": answer.text if sound is None else None,
            "refusal": None,
        }
        if sound is not None:
            message["audio"] = {**self.audio(sound), "transcript": answer.text}
        choice = {
            "index": 0,
            "message": message,
            "finish_reason": finish_reason(answer),
            "logprobs": None,
        }
        return {
            **self._head("chat.completion"),
            "choices": [choice],
            "usage": usage(answer),
            "scrubjay": ours(answer),
        }

    def chunk(self, delta: Mapping[str, Any], **more: object) -> dict[str, Any]:
        """A piece of a stream; `finish_reason` is among `more` of the last."""
        reason = more.pop("finish_reason", None)
        choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
        return {**self._head("chat.completion.chunk"), "choices": [choice], **more}

    def counted(self, answer: Answer, **more: object) -> dict[str, Any]:
        """The piece of a stream that counts tokens."""
        head = self._head("chat.completion.chunk")
        return {**head, "choices": [], "usage": usage(answer), **more}

    def audio(self, sound: bytes) -> dict[str, Any]:
        """A sound within an answer."""
        return {
            "id": self.id.replace("chatcmpl", "audio"),
            "data": base64.b64encode(sound).decode("ascii"),
            "expires_at": self.created,
        }

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def finish_reason(answer: Answer) -> str:
    """`length`: it was cut where the tokens ended."""
    return "stop" if answer.finished else "length"


def usage(answer: Answer) -> dict[str, int] | None:
    """Tokens; None where the model does not count."""
    if answer.tokens_in is None and answer.tokens_out is None:
        return None
    read, wrote = answer.tokens_in or 0, answer.tokens_out or 0
    return {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}


def ours(answer: Answer) -> dict[str, Any]:
    """What the answer rests on, in the words of `scrubjay ask --json`."""
    told = answer.to_json()
    names = ("told", "confidence", "language", "sources", "evidence", "steps", "notes")
    return {name: told[name] for name in names}


def event(data: object) -> bytes:
    """One server-sent event."""
    text = data if isinstance(data, str) else json.dumps(data, allow_nan=False)
    return f"data: {text}\n\n".encode()
