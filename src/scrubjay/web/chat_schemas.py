"""What `/v1/chat/completions` takes, as OpenAPI shows it, and what of it is followed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, WithJsonSchema

from scrubjay.ask.settings import AskSettings, Choice
from scrubjay.core.errors import UnknownName, WrongUse
from scrubjay.core.looking import Sampling
from scrubjay.core.types import Kind
from scrubjay.services import CHAMPION_NAME
from scrubjay.web.chat_messages import EMPTY_FIELDS, MAX_MESSAGES, ROLES
from scrubjay.web.examples import PICTURE
from scrubjay.web.schemas import Asked

SCRUBJAY: Final = "scrubjay"
SEEDS: Final = 2**32

HARMLESS: Final[Mapping[str, tuple[object, ...]]] = {
    "n": (None, 1),
    "frequency_penalty": (None, 0),
    "presence_penalty": (None, 0),
    "logprobs": (None, False),
    "top_logprobs": (None, 0),
    "logit_bias": (None, {}),
    "tools": (None, []),
    "tool_choice": (None, "none", "auto"),
    "parallel_tool_calls": (None, True, False),
    "functions": (None, []),
    "function_call": (None, "none", "auto"),
    "response_format": (None, {"type": "text"}),
    "store": (None, False),
    "service_tier": (None, "auto", "default"),
    "reasoning_effort": (None, "none"),
    "verbosity": (None, "medium"),
    "prediction": (None,),
    "web_search_options": (None,),
}
"""OpenAI's settings that nothing here follows, with the values at which they change nothing."""

_TEXT_PART: Final = {
    "type": "object",
    "properties": {"type": {"const": "text"}, "text": {"type": "string"}},
    "required": ["type", "text"],
    "additionalProperties": False,
}
_PICTURE_PART: Final = {
    "type": "object",
    "properties": {
        "type": {"const": "image_url"},
        "image_url": {
            "type": "object",
            "properties": {
                "url": {
                    "type": "string",
                    "pattern": "^[dD][aA][tT][aA]:",
                    "description": "A data URL; addresses are never fetched.",
                },
                "detail": {"type": "string", "description": "Taken and not used."},
            },
            "required": ["url"],
            "additionalProperties": False,
        },
    },
    "required": ["type", "image_url"],
    "additionalProperties": False,
}
_SOUND_PART: Final = {
    "type": "object",
    "properties": {
        "type": {"const": "input_audio"},
        "input_audio": {
            "type": "object",
            "properties": {
                "data": {"type": "string", "description": "A recording in base64."},
                "format": {"type": "string", "description": "Its content decides, not this."},
            },
            "required": ["data", "format"],
            "additionalProperties": False,
        },
    },
    "required": ["type", "input_audio"],
    "additionalProperties": False,
}
_MESSAGE: Final = {
    "type": "object",
    "properties": {
        "role": {"enum": list(ROLES)},
        "content": {
            "anyOf": [
                {"type": "string"},
                {"type": "null"},
                {"type": "array", "items": {"anyOf": [_TEXT_PART, _PICTURE_PART, _SOUND_PART]}},
            ]
        },
        "name": {"type": ["string", "null"], "description": "Taken and not used."},
        **{name: {"enum": [None, [], {}]} for name in sorted(EMPTY_FIELDS)},
    },
    "required": ["role"],
    "additionalProperties": False,
}
_MESSAGES: Final = {
    "type": "array",
    "minItems": 1,
    "maxItems": MAX_MESSAGES,
    "items": _MESSAGE,
    "description": "Oldest first; the last is the user's and asks. Pictures and recordings travel "
    "within the messages. Without any picture, the collection is asked.",
}


def _only(name: str) -> WithJsonSchema:
    values = list(HARMLESS[name])
    return WithJsonSchema({"enum": values, "description": "Not followed; these change nothing."})


class StreamOptions(Asked):
    """What a stream tells besides."""

    include_usage: bool | None = Field(None, description="A last chunk with the tokens.")
    include_obfuscation: bool | None = Field(None, description="Taken and not used.")


class VoiceId(Asked):
    """A voice, by its id."""

    id: str


class AnswerVoice(Asked):
    """How an answer is spoken."""

    voice: Annotated[
        str | VoiceId,
        Field(description="Two-letter code of a language; anything else: the answer's own."),
    ] = "default"
    format: Literal["wav", "mp3", "flac", "opus", "pcm16"] = "wav"


class AskingAsked(Asked):
    """What only Scrubjay is told."""

    language: Annotated[
        str | None, Field(description="Two-letter code of question and answer.")
    ] = None
    k: Annotated[
        int | None, Field(ge=1, le=100, description="Items of the collection looked at.")
    ] = None
    kinds: Annotated[
        list[Annotated[Kind, Field(strict=False)]] | None,
        Field(description="Look only at these kinds of item."),
    ] = None
    where: Annotated[str | None, Field(description="A condition on items, as in a search.")] = None
    prompt: Annotated[
        str | None, Field(description="Name of a template the question is put into.")
    ] = None


class ChatAsked(Asked):
    """What `/v1/chat/completions` takes: OpenAI's fields, and `scrubjay` for what is ours."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": SCRUBJAY,
                    "messages": [
                        {
                            "role": "user",
                            "content": [
                                {"type": "text", "text": "What colour is it?"},
                                {"type": "image_url", "image_url": {"url": PICTURE}},
                            ],
                        }
                    ],
                    "max_completion_tokens": 64,
                },
                {
                    "model": SCRUBJAY,
                    "messages": [{"role": "user", "content": "Where is the red circle?"}],
                    "scrubjay": {"k": 3, "kinds": ["image"]},
                },
            ]
        }
    )

    model: str = Field(SCRUBJAY, description="`scrubjay`, `champion`, or the model that looks.")
    messages: Annotated[object, WithJsonSchema(_MESSAGES)]
    max_completion_tokens: int | None = Field(None, ge=1, le=1_000_000)
    max_tokens: int | None = Field(None, ge=1, le=1_000_000, description="Its old name.")
    temperature: float | None = Field(None, ge=0, le=100)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=-1, le=1_000_000, description="As in vLLM; -1, 0: all.")
    repetition_penalty: float | None = Field(None, ge=0.01, le=100, description="As in vLLM.")
    repeat_penalty: float | None = Field(None, ge=0.01, le=100, description="As in llama.cpp.")
    seed: int | None = None
    stop: str | Annotated[list[str], Field(max_length=16)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    modalities: Annotated[list[Literal["text", "audio"]], Field(min_length=1)] | None = None
    audio: AnswerVoice | None = Field(None, description="How it is spoken, where that is asked.")
    scrubjay: AskingAsked | None = None
    user: str | None = Field(None, description="Taken and not used.")
    metadata: dict[str, Any] | None = Field(None, description="Taken and not used.")
    safety_identifier: str | None = Field(None, description="Taken and not used.")
    prompt_cache_key: str | None = Field(None, description="Taken and not used.")
    n: Annotated[object, _only("n")] = None
    frequency_penalty: Annotated[object, _only("frequency_penalty")] = None
    presence_penalty: Annotated[object, _only("presence_penalty")] = None
    logprobs: Annotated[object, _only("logprobs")] = None
    top_logprobs: Annotated[object, _only("top_logprobs")] = None
    logit_bias: Annotated[object, _only("logit_bias")] = None
    tools: Annotated[object, _only("tools")] = None
    tool_choice: Annotated[object, _only("tool_choice")] = None
    parallel_tool_calls: Annotated[object, _only("parallel_tool_calls")] = None
    functions: Annotated[object, _only("functions")] = None
    function_call: Annotated[object, _only("function_call")] = None
    response_format: Annotated[object, _only("response_format")] = None
    store: Annotated[object, _only("store")] = None
    service_tier: Annotated[object, _only("service_tier")] = None
    reasoning_effort: Annotated[object, _only("reasoning_effort")] = None
    verbosity: Annotated[object, _only("verbosity")] = None
    prediction: Annotated[object, _only("prediction")] = None
    web_search_options: Annotated[object, _only("web_search_options")] = None

    @property
    def spoken(self) -> bool:
        """Whether the answer is to be spoken."""
        return "audio" in (self.modalities or ())


def check_followed(asked: ChatAsked) -> None:
    """Refuse by name what nothing here follows.

    Raises:
        WrongUse: a setting that would change the answer elsewhere, and not here.
    """
    for name, harmless in HARMLESS.items():
        value = getattr(asked, name)
        if not any(_same(value, one) for one in harmless):
            raise WrongUse(
                f"{name} is not followed here; leave it out, or send "
                f"{' or '.join(map(_shown, harmless))}"
            )


def sampling_of(asked: ChatAsked, usual: Sampling) -> Sampling | None:
    """How the answer is drawn; None: as usual.

    Raises:
        WrongUse: two values for one thing, or an empty stop text.
    """
    named = {
        "max_new_tokens": _one_of(asked, "max_completion_tokens", "max_tokens"),
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "top_k": asked.top_k,
        "repetition_penalty": _one_of(asked, "repetition_penalty", "repeat_penalty"),
        "seed": None if asked.seed is None else asked.seed % SEEDS,
        "stop": (asked.stop,) if isinstance(asked.stop, str) else asked.stop,
    }
    given: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    if not given:
        return None
    if "top_k" in given and given["top_k"] < 1:
        given["top_k"] = None
    if "stop" in given:
        given["stop"] = tuple(given["stop"])
    return _replaced(usual, given)


def check_model(asked: str, chosen: Choice) -> None:
    """Refuse a model that does not answer here.

    Raises:
        UnknownName: it is not among `names_of`.
    """
    names = names_of(chosen)
    if asked not in names:
        raise UnknownName("model", asked[:200], names)


def names_of(chosen: Choice) -> tuple[str, ...]:
    """What a chosen model may be called: the whole chain, its family, and its name elsewhere."""
    named = chosen.options.get("model")
    more = (named,) if isinstance(named, str) else ()
    return tuple(dict.fromkeys((SCRUBJAY, CHAMPION_NAME, chosen.family, *more)))


def listed_models(settings: AskSettings, versions: tuple[str, ...]) -> dict[str, Any]:
    """The documented JSON object of `/v1/models`."""
    chosen = (settings.vlm, settings.asr, settings.tts)
    names = dict.fromkeys(name for one in chosen for name in names_of(one))
    return {
        "object": "list",
        "data": [
            {"id": name, "object": "model", "created": 0, "owned_by": SCRUBJAY}
            for name in dict.fromkeys((*names, *versions))
        ],
    }


def _replaced(usual: Sampling, given: dict[str, Any]) -> Sampling:
    from dataclasses import replace

    return replace(usual, **given)


def _one_of(asked: ChatAsked, name: str, other: str) -> Any:  # noqa: ANN401 - a number
    first, second = getattr(asked, name), getattr(asked, other)
    if first is not None and second is not None and first != second:
        raise WrongUse(f"{name} and {other} are the same thing, and differ; send one of them")
    return second if first is None else first


def _same(value: object, other: object) -> bool:
    """Equality as JSON has it: true is no 1, and 1.0 is."""
    return isinstance(value, bool) == isinstance(other, bool) and value == other


def _shown(value: object) -> str:
    import json

    return json.dumps(value)
