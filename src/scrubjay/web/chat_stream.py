"""An answer as it is made: server-sent events in OpenAI's shape."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from scrubjay.ask.answer import Answer
from scrubjay.core.errors import ScrubjayError
from scrubjay.web.asking import QuestionLine
from scrubjay.web.chat_answer import (
    Conversation,
    Shape,
    event,
    finish_reason,
    ours,
    spoken,
    whole,
)
from scrubjay.web.chat_schemas import AnswerVoice
from scrubjay.web.problems import described, problem_body

LOG = logging.getLogger("scrubjay.web")


class AnswerStream:
    """One answer on its way, a piece at a time.

    What goes wrong before the first piece is an error with its own status; after it, an event with
    `error`, at which OpenAI's client raises.
    """

    def __init__(
        self,
        line: QuestionLine,
        conversation: Conversation,
        shape: Shape,
        *,
        voice: AnswerVoice | None,
        include_usage: bool,
    ) -> None:
        """Nothing is asked before `begin`."""
        self._line = line
        self._conversation = conversation
        self._shape = shape
        self._voice = voice
        self._include_usage = include_usage
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue()

    async def begin(self) -> AsyncIterator[bytes]:
        """Wait for the first piece, or for the end.

        Returns:
            Everything that is sent.

        Raises:
            ScrubjayError: as `QuestionLine.ask`.
        """
        asking = self._line.ask(self._conversation.asked, on_text=self._pieces.put_nowait)
        answering = asyncio.create_task(asking)
        answering.add_done_callback(lambda _: self._pieces.put_nowait(None))
        try:
            first = await self._pieces.get()
        except asyncio.CancelledError:
            answering.cancel()
            raise
        if first is None:
            answering.result()
        return self._events(answering, first)

    async def _events(
        self, answering: asyncio.Task[Answer], first: str | None
    ) -> AsyncIterator[bytes]:
        try:
            async for one in self._chunks(answering, first):
                yield event(one)
            yield event("[DONE]")
        except ScrubjayError as error:
            status, message, code, _ = described(error)
            if status == 500:
                LOG.exception("an answer broke off")
            yield event(problem_body(status, message, code=code))
        finally:
            answering.cancel()

    async def _chunks(
        self, answering: asyncio.Task[Answer], piece: str | None
    ) -> AsyncIterator[dict[str, Any]]:
        shape = self._shape
        yield shape.chunk({"role": "assistant", "content": None if self._voice else ""})
        while piece is not None:
            yield shape.chunk(
                {"audio": {"transcript": piece}} if self._voice else {"content": piece}
            )
            piece = await self._pieces.get()
        answer = whole(await answering, self._conversation)
        if self._voice is not None:
            sound, answer = await spoken(self._line, answer, self._voice)
            yield shape.chunk({"audio": shape.audio(sound)})
        reason = finish_reason(answer)
        if not self._include_usage:
            yield shape.chunk({}, finish_reason=reason, scrubjay=ours(answer))
            return
        yield shape.chunk({}, finish_reason=reason)
        yield shape.counted(answer, scrubjay=ours(answer))
