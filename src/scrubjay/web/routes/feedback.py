"""`/v1/feedback`: what people say of hits and captions."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from scrubjay import services
from scrubjay.core.errors import WrongUse
from scrubjay.search.reviewed import MAX_LISTED, Said
from scrubjay.store.home import Home
from scrubjay.web.context import ContextDep
from scrubjay.web.feedback_schemas import FeedbackAsked, FeedbackTold, SaidTold
from scrubjay.web.schemas import Problem

router = APIRouter(prefix="/v1", tags=["feedback"])


@router.get("/feedback", response_model=FeedbackTold, summary="What people said")
async def listed(
    context: ContextDep,
    query: Annotated[str | None, Query(description="Only hits of these words.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED, description="Of each, the newest.")] = 100,
) -> Response:
    """Marked hits and fixed captions that were not taken back, the newest first."""
    found = await asyncio.to_thread(services.list_feedback, context.home, query=query, limit=limit)
    return JSONResponse(found.to_json())


@router.post(
    "/feedback",
    response_model=SaidTold,
    summary="Mark a hit as right or wrong, fix a caption, or take either back",
    responses={404: {"model": Problem, "description": "No such item."}},
)
async def say(context: ContextDep, asked: FeedbackAsked) -> Response:
    """What is said counts from the next month's training on; saying it twice changes nothing."""
    said = await asyncio.to_thread(_say, context.home, asked)
    return JSONResponse(said.to_json())


def _say(home: Home, asked: FeedbackAsked) -> Said:
    given = {
        "right": asked.right is not None,
        "caption": asked.caption is not None,
        "undo": asked.undo,
    }
    if sum(given.values()) != 1:
        raise WrongUse("give one of `right` (with `query`), `caption` or `undo`")
    if asked.right is not None and asked.query is None:
        raise WrongUse("`right` needs `query`: the words the item was found for")
    if asked.caption is not None and asked.query is not None:
        raise WrongUse("a caption belongs to an item, whatever found it: leave `query` out")
    if asked.query is not None:
        return services.judge(home, asked.query, asked.item, right=asked.right)
    return services.fix_caption(home, asked.item, asked.caption)
