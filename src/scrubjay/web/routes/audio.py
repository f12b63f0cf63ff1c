"""`/v1/audio/...`: what is said in a recording, and a text spoken."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from scrubjay.core.hearing import Transcript
from scrubjay.core.types import Sound
from scrubjay.web.audio_schemas import (
    TRANSCRIPTION_FORM,
    SpeechAsked,
    TranscriptTold,
    read_recording,
    verbose,
)
from scrubjay.web.chat_answer import language_of_voice
from scrubjay.web.chat_schemas import check_model
from scrubjay.web.context import ContextDep
from scrubjay.web.given_media import decode_given_sound
from scrubjay.web.going import until_gone
from scrubjay.web.schemas import Problem
from scrubjay.web.spoken_sound import FORMATS, written_sound
from scrubjay.web.subtitles import as_srt, as_vtt

router = APIRouter(prefix="/v1/audio", tags=["asking"])

LONGEST_S: Final = 3600.0
"""Of a recording that is transcribed at once."""
FIELDS: Final = 1_100

_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    404: {"model": Problem, "description": "No such model."},
    429: {"model": Problem, "description": "Too many questions wait; `Retry-After`."},
    501: {"model": Problem, "description": "A model, or a part it needs, is not here."},
    502: {"model": Problem, "description": "A model on another server failed."},
}


@router.post(
    "/transcriptions",
    response_model=TranscriptTold,
    summary="What is said in a recording",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"multipart/form-data": {"schema": TRANSCRIPTION_FORM}},
        }
    },
    responses={
        **_ERRORS,
        200: {
            "content": {
                "text/plain": {"schema": {"type": "string"}},
                "text/vtt": {"schema": {"type": "string"}},
            },
            "description": "What is said, as `response_format` asks for it.",
        },
        400: {"model": Problem, "description": "The request is wrong, and how."},
        422: {"model": Problem, "description": "A recording that cannot be read."},
    },
)
async def transcriptions(request: Request, context: ContextDep) -> Response:
    """Hear a recording: its text, with the times of its segments where they are asked for."""
    async with request.form(max_files=2, max_fields=FIELDS) as form:
        asked = await read_recording(form)
    check_model(asked.model, context.asking.settings.asr)

    def sound() -> Sound:
        return decode_given_sound(asked.data, asked.name, most_s=LONGEST_S)

    hearing = context.asking.hear(sound, language=asked.language, words=asked.words)
    return _told(await until_gone(request, hearing), asked.answer_as)


@router.post(
    "/speech",
    response_class=Response,
    summary="A text, spoken",
    responses={
        **_ERRORS,
        200: {
            "content": {kind.media_type: {} for kind in FORMATS.values()},
            "description": "The sound, as `response_format` asks for it.",
        },
    },
)
async def speech(request: Request, asked: SpeechAsked, context: ContextDep) -> Response:
    """Say a text, in the language its voice names."""
    check_model(asked.model, context.asking.settings.tts)
    voice = asked.voice if isinstance(asked.voice, str) else asked.voice.id
    speaking = context.asking.speak(
        asked.input, language=language_of_voice(voice), speed=asked.speed
    )
    made = await until_gone(request, speaking)
    data = await asyncio.to_thread(written_sound, made, asked.response_format)
    return Response(data, media_type=FORMATS[asked.response_format].media_type)


def _told(heard: Transcript, answer_as: str) -> Response:
    if answer_as == "text":
        return PlainTextResponse(heard.text + "\n")
    if answer_as == "srt":
        return PlainTextResponse(as_srt(heard))
    if answer_as == "vtt":
        return PlainTextResponse(as_vtt(heard), media_type="text/vtt")
    return JSONResponse(verbose(heard) if answer_as == "verbose_json" else {"text": heard.text})
