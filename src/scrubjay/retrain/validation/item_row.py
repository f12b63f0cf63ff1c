"""An item's fields with the types and ranges they must have."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, PositiveInt

from scrubjay.core.types import Kind, Split
from scrubjay.media.layout import MAX_ID

MAX_TAG = 200
"""Characters of a tag; a longer one is a text in the wrong column."""

MAX_LANGUAGE = 35
"""Characters of a language tag (RFC 5646, section 4.4.1)."""

Tag: TypeAlias = Annotated[str, Field(min_length=1, max_length=MAX_TAG)]
Value: TypeAlias = str | bool | int | FiniteFloat | datetime | date | tuple[str, ...]


class ItemRow(BaseModel):
    """One row of the catalog, strictly typed: nothing is converted, nothing unknown is let in."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    id: Annotated[str, Field(min_length=1, max_length=MAX_ID)]
    kind: Kind
    uris: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    group: Annotated[str, Field(min_length=1)]
    split: Split
    month: Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
    size: PositiveInt
    captions: tuple[str, ...]
    language: Annotated[str, Field(min_length=1, max_length=MAX_LANGUAGE)] | None
    tags: tuple[Tag, ...]
    attributes: dict[str, Value]
    phash: Annotated[int, Field(ge=0, lt=2**64)] | None
    width: PositiveInt | None
    height: PositiveInt | None
    duration_s: Annotated[FiniteFloat, Field(ge=0)] | None
