"""What clients may send and what they get, as OpenAPI shows it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from scrubjay.core.types import Kind
from scrubjay.services import CHAMPION_NAME
from scrubjay.web.examples import PICTURE, RECORDING, VERSION


class Asked(BaseModel):
    """A body: a key nobody knows is refused, a number is no text."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Told(BaseModel):
    """An answer's shape; answers are written without passing through it."""


def _data_url(what: str) -> dict[str, Any]:
    return {"type": "string", "pattern": "^data:", "description": f"A data URL of {what}."}


_MEDIUM = {
    "anyOf": [
        {"type": "string", "description": "A text."},
        {
            "type": "object",
            "properties": {"text": {"type": "string"}},
            "required": ["text"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {"image": _data_url("a picture")},
            "required": ["image"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {"audio": _data_url("a recording")},
            "required": ["audio"],
            "additionalProperties": False,
        },
    ]
}
_INPUT = {
    "description": "One thing, or a list of things of any kind.",
    "anyOf": [*_MEDIUM["anyOf"], {"type": "array", "minItems": 1, "items": _MEDIUM}],
}


class EmbeddingsAsked(Asked):
    """What `/v1/embeddings` takes: OpenAI's fields; an input may also be a picture or a sound."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"model": CHAMPION_NAME, "input": "a red apple"},
                {
                    "model": CHAMPION_NAME,
                    "input": ["a red apple", {"image": PICTURE}, {"audio": RECORDING}],
                    "encoding_format": "base64",
                },
            ]
        }
    )

    input: Annotated[object, WithJsonSchema(_INPUT)]
    model: str = Field(CHAMPION_NAME, description="`champion`, or a registered version.")
    encoding_format: Literal["float", "base64"] = Field(
        "float", description="Numbers, or little-endian float32 in base64."
    )
    dimensions: int | None = Field(
        None, description="The version's own width, or left out: vectors are not cut short."
    )
    user: str | None = Field(None, description="Taken and not used.")


class Embedding(Told):
    """One vector."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class Usage(Told):
    """Tokens of text that the encoder read; pictures and sounds have none."""

    prompt_tokens: int
    total_tokens: int


class Embeddings(Told):
    """What `/v1/embeddings` answers."""

    object: Literal["list"]
    data: list[Embedding]
    model: str = Field(description="The version that made the vectors.")
    usage: Usage


class SearchAsked(Asked):
    """What `/v1/search` takes: a text, picture, recording or item, or any mix of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "a red apple", "k": 5},
                {
                    "text": "at night",
                    "image": PICTURE,
                    "weights": {"text": 0.5, "image": 1.0},
                    "kinds": ["image"],
                    "where": "month = '2026-11'",
                    "cutoff": True,
                },
            ]
        }
    )

    text: str | None = Field(None, description="Words.")
    image: str | None = Field(None, description="A picture, as a data URL.")
    speech: str | None = Field(None, description="A spoken query, as a data URL.")
    like: str | None = Field(None, description="An item's id: more like this.")
    weights: dict[str, float] | None = Field(
        None, description="How much `text`, `image`, `speech` and `like` count; may be negative."
    )
    k: int = Field(10, ge=1, le=1000, description="Hits wanted.")
    kinds: list[Annotated[Kind, Field(strict=False)]] | None = Field(
        None, description="Find only these kinds of item."
    )
    where: str | None = Field(None, description="A condition, such as `price < 20 and tag = 'x'`.")
    after: str | None = Field(None, description="`next` of the page before.")
    cutoff: bool = Field(
        default=False, description="Leave out what is not close enough; an empty answer says so."
    )
    model: str = Field(CHAMPION_NAME, description="`champion`, or the version that serves.")


class EvidenceTold(Told):
    """Why an item was found."""

    kind: str = Field(
        description="What was found: `image`, `text` or `speech`; of a moment of a video `seen`, "
        "`heard`, `said` or `read`."
    )
    text: str | None = Field(description="The caption, or the words said or shown there.")
    start_s: float | None
    end_s: float | None
    box: list[float] | None
    score: float | None = Field(
        None, description="Of one of several: how well it fits by itself, as the hit's own."
    )


class HitTold(Told):
    """One item, or one moment of a video, with how near it is."""

    id: str
    kind: Kind
    uri: str
    score: float
    caption: str | None
    attributes: dict[str, str | int | float | bool | list[str]]
    start_s: float | None = Field(
        description="Where the moment of a video, or the part of a recording, begins; "
        "null: it is the whole item."
    )
    end_s: float | None
    evidence: list[EvidenceTold] = Field(description="What speaks for it, the best first.")


class TookTold(Told):
    """Milliseconds."""

    encode: float
    search: float
    total: float


class SearchTold(Told):
    """What `/v1/search` answers: hits, best first, of one pair of version and generation."""

    query: dict[str, Any]
    hits: list[HitTold]
    next: str | None = Field(description="What `after` takes for the next page; null: none.")
    cut: bool = Field(description="Whether the cutoff left hits out.")
    uncut: list[Kind] = Field(
        description="Kinds shown whole though a cutoff was asked for: answers to such a question "
        "cannot be told from the rest here."
    )
    message: str | None = Field(description="Why there is no hit, in words; null when there is.")
    took_ms: TookTold
    version: str
    generation: str


class ChampionAsked(Asked):
    """What `POST /v1/champion` takes; without a version what is published now is served."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": VERSION}]})

    version: str | None = Field(None, description="The version to embed with, publish and serve.")


class ChampionTold(Told):
    """The pair that answers."""

    version: str
    generation: str
    rows: int = Field(description="Vectors that are searched.")
    dim: int = Field(description="Numbers in a vector.")
    modalities: list[str] = Field(description="What may be embedded: image, text, speech.")
    problem: str | None = Field(description="Why what is published does not serve; null: it does.")


class ProblemTold(Told):
    """What went wrong."""

    message: str
    type: str
    param: str | None
    code: str | None


class Problem(Told):
    """Every error's answer, in OpenAI's shape."""

    error: ProblemTold
