"""`/v1/chat/completions`: questions about pictures, and about everything in the collection."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from scrubjay.core.errors import WrongUse
from scrubjay.services import list_versions
from scrubjay.web.asking import QuestionLine
from scrubjay.web.chat_answer import Conversation, Shape, conversation_of, spoken, whole
from scrubjay.web.chat_messages import read_messages
from scrubjay.web.chat_schemas import (
    AnswerVoice,
    ChatAsked,
    check_followed,
    check_model,
    listed_models,
    sampling_of,
)
from scrubjay.web.chat_stream import AnswerStream
from scrubjay.web.chat_told import ChatTold, ModelsTold
from scrubjay.web.context import ContextDep
from scrubjay.web.going import until_gone
from scrubjay.web.schemas import Problem

router = APIRouter(prefix="/v1", tags=["asking"])

STREAMED_AS = "pcm16"
"""The one format whose parts, joined, are the whole."""


@router.post(
    "/chat/completions",
    response_model=ChatTold,
    summary="Ask about pictures, or about the collection",
    responses={
        200: {
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
            "description": "The answer; with `stream` in pieces, as OpenAI streams them.",
        },
        404: {"model": Problem, "description": "No such model."},
        422: {"model": Problem, "description": "A picture or recording that cannot be read."},
        429: {"model": Problem, "description": "Too many questions wait; `Retry-After`."},
        501: {"model": Problem, "description": "A model, or a part it needs, is not here."},
        502: {"model": Problem, "description": "A model on another server failed."},
        503: {"model": Problem, "description": "Nothing serves yet."},
    },
)
async def chat(request: Request, asked: ChatAsked, context: ContextDep) -> Response:
    """Answer the last message, with what the answer rests on.

    Pictures anywhere in the conversation are what it is about; without any, the collection is
    searched, and the answer cites what it found. What cannot be told is said to be so.
    """
    check_followed(asked)
    check_model(asked.model, context.asking.settings.vlm)
    voice = _voice(asked)
    sampling = sampling_of(asked, context.asking.settings.sampling)
    turns = await asyncio.to_thread(read_messages, asked.messages)
    conversation = conversation_of(turns, asked.scrubjay, sampling)
    shape = Shape(asked.model)
    if asked.stream:
        usage = asked.stream_options is not None and bool(asked.stream_options.include_usage)
        stream = AnswerStream(context.asking, conversation, shape, voice=voice, include_usage=usage)
        events = await until_gone(request, stream.begin())
        return StreamingResponse(events, media_type="text/event-stream")
    return await until_gone(request, _completed(context.asking, conversation, shape, voice))


@router.get("/models", response_model=ModelsTold, summary="What may be named as a model")
async def models(context: ContextDep) -> Response:
    """What answers, hears and speaks here, and the registered versions, for embeddings."""
    versions, _ = await asyncio.to_thread(list_versions, context.home.registry)
    names = tuple(one.id for one in versions)
    return JSONResponse(listed_models(context.asking.settings, names))


async def _completed(
    line: QuestionLine, conversation: Conversation, shape: Shape, voice: AnswerVoice | None
) -> Response:
    answer = whole(await line.ask(conversation.asked), conversation)
    sound = None
    if voice is not None:
        sound, answer = await spoken(line, answer, voice)
    return JSONResponse(shape.completion(answer, sound))


def _voice(asked: ChatAsked) -> AnswerVoice | None:
    """How the answer is spoken; None: it is not.

    Raises:
        WrongUse: it cannot be spoken as it is asked for.
    """
    if asked.stream_options is not None and not asked.stream:
        raise WrongUse("stream_options are for streams; send stream=true, or leave them out")
    if not asked.spoken:
        return None
    voice = asked.audio or AnswerVoice()
    if asked.stream and voice.format != STREAMED_AS:
        raise WrongUse(
            f"audio.format must be {STREAMED_AS} in a stream, not {voice.format}: no other format "
            f"can be sent in parts"
        )
    return voice
