"""What `/v1/items` answers, as OpenAPI shows it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from scrubjay.core.types import Clue, Kind, Modality, Split


class ListedTold(BaseModel):
    """One item."""

    id: str
    kind: Kind
    uri: str = Field(description="The name it was first seen under.")
    uris: list[str] = Field(description="Every name the same bytes are known under.")
    sha256: str
    size: int = Field(description="Bytes.")
    month: str = Field(description="It was added in, `YYYY-MM`.")
    group: str = Field(description="Items of one group show or say the same thing.")
    split: Split
    captions: list[str]
    language: str | None
    tags: list[str]
    attributes: dict[str, Any]
    width: int | None
    height: int | None
    duration_s: float | None


class SpanTold(BaseModel):
    """A row of the index: what was made of an item, or of a span of it."""

    modality: Modality
    version: str
    start_s: float | None
    end_s: float | None
    clue: Clue | None = Field(None, description="Of a video: what of it the row is made of.")
    text: str | None = Field(None, description="Of a video: the words said or shown there.")
    moment: list[float] | None = Field(
        None, description="Of a video: the seconds from and to which its moment lasts."
    )


class MomentEvidenceTold(BaseModel):
    """What of a moment can be found."""

    kind: str = Field(description="`seen`, `heard`, `said` or `read`.")
    text: str | None = Field(description="The words said or shown.")
    start_s: float | None
    end_s: float | None


class MomentTold(BaseModel):
    """A moment of a video."""

    start_s: float
    end_s: float
    picture_s: float = Field(description="What `at` of the small picture takes to show it.")
    evidence: list[MomentEvidenceTold]


class MomentsTold(BaseModel):
    """A page of a video's moments, in order of time."""

    id: str
    total: int = Field(description="Moments of the whole video; 0 for what is no video.")
    moments: list[MomentTold]
    next: float | None = Field(description="What `after` takes for the page after this one.")


class ItemTold(ListedTold):
    """One item with everything that is known of it."""

    indexed: list[SpanTold] = Field(description="Empty for what no search finds.")
    held: bool = Field(description="Whether nobody may learn from it until it is accepted.")


class ItemsTold(BaseModel):
    """A page of items."""

    items: list[ListedTold]
    next: str | None = Field(description="What `after` takes for the page after this one.")


class FacetsTold(BaseModel):
    """How many items there are of what."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "total": 3,
                    "months": {"2026-11": 3},
                    "kinds": {"image": 2, "speech": 1},
                    "languages": {"en": 3},
                    "tags": {"bird": 1},
                }
            ]
        }
    )

    total: int
    months: dict[str, int] = Field(description="The newest first.")
    kinds: dict[str, int]
    languages: dict[str, int]
    tags: dict[str, int]


class TakenTold(BaseModel):
    """A file that is in the home now."""

    id: str
    name: str
    kind: Kind
    state: Literal["added", "updated", "unchanged"]
    indexed: bool
    reason: str | None = Field(description="Why no search finds it.")


class RefusedTold(BaseModel):
    """A file that was not taken."""

    name: str
    reason: str


class UploadedTold(BaseModel):
    """What became of every file."""

    items: list[TakenTold]
    refused: list[RefusedTold]
    version: str | None = Field(description="That indexed them; null where none serves yet.")


class UploadTold(UploadedTold):
    """An upload of videos, as far as it has come."""

    upload: str = Field(description="Names it: `GET /v1/uploads/{upload}` says how far it is.")
    going: bool = Field(description="Whether it has not ended; until then nothing is listed.")
    doing: str | None = Field(description="The part under way, in words.")
    share: int | None = Field(description="How far that part is, in percent; null: nobody knows.")
    problem: str | None = Field(description="Why nothing of it was taken; null: it goes on or was.")


class ForgottenTold(BaseModel):
    """What was forgotten."""

    forgotten: list[str]
    pending: bool = Field(description="Whether it is still on the disk, because a run goes on.")
    message: str | None
