"""What `/v1/audio/...` takes and tells, as OpenAPI shows it, and how its form is read."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field
from starlette.datastructures import FormData, UploadFile

from scrubjay.core.errors import WrongUse
from scrubjay.core.hearing import Transcript
from scrubjay.models.spoken_language import MAX_CHARACTERS, SPEEDS
from scrubjay.web.chat_schemas import SCRUBJAY, VoiceId
from scrubjay.web.csrf import FIELD
from scrubjay.web.file_name import safe_file_name
from scrubjay.web.schemas import Asked, Told

HEARD_AS: Final = ("json", "text", "verbose_json", "srt", "vtt")
GRANULARITIES: Final = "timestamp_granularities[]"
REFUSED: Final = ("stream", "include[]", "chunking_strategy", "known_speaker_names[]")
"""OpenAI's fields that nothing here follows."""
UNUSED: Final = ("prompt", "temperature")
"""Taken and not used: nothing here is held to them."""

TRANSCRIPTION_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["file"],
    "additionalProperties": False,
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "A recording."},
        "model": {"type": "string", "description": "`scrubjay`, or the model that hears."},
        "language": {"type": "string", "description": "Two-letter code; else it is identified."},
        "response_format": {"type": "string", "enum": list(HEARD_AS)},
        GRANULARITIES: {"type": "array", "items": {"type": "string", "enum": ["segment"]}},
        "words[]": {
            "type": "array",
            "items": {"type": "string"},
            "description": "The only words that may have been said, where the model can be held "
            "to them; may be repeated.",
        },
        "prompt": {"type": "string", "description": "Taken and not used."},
        "temperature": {"type": "string", "description": "Taken and not used."},
    },
}


@dataclass(frozen=True, slots=True)
class Recording:
    """What is to be heard.

    Attributes:
        words: the only ones that may have been said; None: any.
    """

    name: str
    data: bytes
    model: str
    language: str | None
    answer_as: str
    words: tuple[str, ...] | None


async def read_recording(form: FormData) -> Recording:
    """The form of `/v1/audio/transcriptions`.

    Raises:
        WrongUse: a field nobody knows or nothing here follows, or no file.
    """
    known = set(TRANSCRIPTION_FORM["properties"]) | {"timestamp_granularities", "words", FIELD}
    for name, value in form.multi_items():
        if name in REFUSED and value not in {"", "false", "auto"}:
            raise WrongUse(f"{name} is not followed here; leave it out")
        if name not in known and name not in REFUSED:
            raise WrongUse(f"nobody knows the field {name[:80]!r}; send {', '.join(sorted(known))}")
        if isinstance(value, UploadFile) != (name == "file"):
            raise WrongUse(f"the field {name!r} must {'' if name == 'file' else 'not '}be a file")
    files = [one for one in form.getlist("file") if isinstance(one, UploadFile)]
    if len(files) != 1:
        raise WrongUse(f"send one recording as the field `file`, not {len(files)}")
    answer_as = _one(form, "response_format") or "json"
    if answer_as not in HEARD_AS:
        raise WrongUse(f"response_format must be one of {', '.join(HEARD_AS)}, not {answer_as!r}")
    for one in _texts(form, GRANULARITIES, "timestamp_granularities"):
        if one != "segment":
            raise WrongUse(f"{GRANULARITIES} must be segment, not {one!r}: words have no times")
    return Recording(
        name=safe_file_name(files[0].filename),
        data=await files[0].read(),
        model=_one(form, "model") or SCRUBJAY,
        language=_one(form, "language") or None,
        answer_as=answer_as,
        words=tuple(_texts(form, "words[]", "words")) or None,
    )


def verbose(heard: Transcript) -> dict[str, Any]:
    """OpenAI's `verbose_json`; what is not known here is null."""
    return {
        "task": "transcribe",
        "language": heard.language,
        "duration": round(heard.duration_s, 3),
        "text": heard.text,
        "segments": [
            {
                "id": at,
                "seek": 0,
                "start": round(one.start_s, 3),
                "end": round(one.end_s, 3),
                "text": one.text,
                "tokens": [],
                "temperature": 0.0,
                "avg_logprob": _log(one.confidence),
                "compression_ratio": None,
                "no_speech_prob": None,
            }
            for at, one in enumerate(heard.segments)
        ],
    }


def _log(confidence: float | None) -> float | None:
    """The logarithm of a chance, as Whisper tells it; of none a very small one."""
    return None if confidence is None else round(math.log(max(confidence, 1e-9)), 5)


def _one(form: FormData, name: str) -> str:
    return next(iter(_texts(form, name)), "")


def _texts(form: FormData, *names: str) -> Iterable[str]:
    values = (value for name in names for value in form.getlist(name))
    return [value.strip() for value in values if isinstance(value, str) and value.strip()]


class SpeechAsked(Asked):
    """What `/v1/audio/speech` takes: OpenAI's fields."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"model": SCRUBJAY, "input": "Two cups are on the table.", "voice": "en"},
                {"model": SCRUBJAY, "input": "Good day.", "response_format": "wav", "speed": 1.5},
            ]
        }
    )

    model: str = Field(SCRUBJAY, description="`scrubjay`, or the model that speaks.")
    input: Annotated[str, Field(min_length=1, max_length=MAX_CHARACTERS)]
    voice: str | VoiceId = Field(
        "default", description="Two-letter code of a language; anything else: the voice there is."
    )
    response_format: Literal["mp3", "opus", "flac", "wav", "pcm"] = Field(
        "mp3", description="`pcm`: 16-bit little-endian samples at 24 kHz."
    )
    speed: float = Field(1.0, ge=SPEEDS[0], le=SPEEDS[1])
    stream_format: Literal["audio"] | None = None
    instructions: str | None = Field(None, description="Taken and not used.")


class SegmentTold(Told):
    """What is said in one stretch, in seconds."""

    id: int
    seek: int
    start: float
    end: float
    text: str
    tokens: list[int]
    temperature: float
    avg_logprob: float | None = Field(description="Logarithm of the confidence; null: not said.")
    compression_ratio: None
    no_speech_prob: None


class TranscriptTold(Told):
    """What `/v1/audio/transcriptions` answers; all but the text only as `verbose_json`."""

    text: str
    task: Literal["transcribe"] | None = None
    language: str | None = None
    duration: float | None = None
    segments: list[SegmentTold] | None = None
