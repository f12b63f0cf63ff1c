"""What `/v1/feedback` takes and answers, as OpenAPI shows it."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from scrubjay.web.examples import ITEM_ID
from scrubjay.web.schemas import Asked, Told


class FeedbackAsked(Asked):
    """A mark (`query`, `item`, `right`), a fixed caption (`item`, `caption`), or `undo` of one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"query": "a red star", "item": ITEM_ID, "right": False},
                {"item": ITEM_ID, "caption": "a green star above a dog"},
                {"query": "a red star", "item": ITEM_ID, "undo": True},
            ]
        }
    )

    item: str = Field(description="An item's id.")
    query: str | None = Field(None, description="The words that were searched for.")
    right: bool | None = Field(None, description="Whether the item fits them.")
    caption: str | None = Field(
        None, description="How the item's caption should read, instead of all it has."
    )
    undo: bool = Field(
        False, description="Take back the mark for `query`; without one, the fixed caption."
    )


class SaidTold(Told):
    """What counts of an item now."""

    item: str
    query: str | None
    right: bool | None = Field(description="For `query`; null: nobody says.")
    caption: str | None = Field(description="As fixed; null: nobody fixed it.")
    captions: list[str] = Field(description="As they are until the next training.")
    changed: bool = Field(description="Whether this request changed anything.")


class JudgementTold(Told):
    """Whether an item fits some words."""

    query: str
    item: str
    right: bool
    version: str = Field(description="That served when it was said.")
    at: str


class CaptionTold(Told):
    """A fixed caption."""

    item: str
    before: list[str]
    caption: str
    at: str


class FeedbackTold(Told):
    """What people said and did not take back, the newest first."""

    judgements: list[JudgementTold]
    captions: list[CaptionTold]
    left_out: int = Field(description="Older ones that are not listed.")
