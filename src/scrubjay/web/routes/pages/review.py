"""Review: hits marked right or wrong, and captions fixed, for the next month to learn from."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from scrubjay import services
from scrubjay.core.errors import ScrubjayError, UnknownItem, WrongUse
from scrubjay.search.question import Query
from scrubjay.store.feedback_words import MAX_CAPTION, MAX_QUERY, asked_words
from scrubjay.web.context import Context, ContextDep
from scrubjay.web.pages.finding import ProblemView, problem_view
from scrubjay.web.pages.reviewing import (
    SHOWN,
    ReviewHit,
    address_of,
    caption_view,
    judged_queries,
    key_of,
    review_hits,
)
from scrubjay.web.pages.things import href_of, of_item
from scrubjay.web.problems import described
from scrubjay.web.routes.pages.page import page, wants_part

router = APIRouter()
LOG = logging.getLogger("scrubjay.web")

MARKS: Final[dict[str, bool | None]] = {"right": True, "wrong": False, "undo": None}
FIELDS: Final = 10
"""A form has no more."""


@router.get("/review")
async def ask(request: Request, context: ContextDep) -> HTMLResponse:
    """The hits of some words, to mark; without words, what is worth a look."""
    query, home = request.query_params.get("q", "").strip(), context.home
    hits: list[ReviewHit] = []
    problem: ProblemView | None = None
    status = 200
    if query:
        try:
            query = asked_words(query)
            hits = await _hits(context, query)
        except ScrubjayError as error:
            status, message, _, _ = described(error)
            if status == 500:
                LOG.exception("hits for the review could not be found")
            problem = problem_view(error, message).problem
    judged = await asyncio.to_thread(home.feedback.judgements)
    # The same order for a month, so that several people can go on where others stopped.
    open_questions = await asyncio.to_thread(
        services.questions, home, limit=SHOWN, seed=f"{datetime.now(UTC):%Y-%m}"
    )
    return page(
        request,
        context,
        "review.html",
        "Review",
        status=status,
        query=query,
        hits=hits,
        problem=problem,
        questions=[(one, address_of(one.query)) for one in open_questions],
        judged=judged_queries(judged),
        fixed=len(home.feedback.captions()),
        max_query=MAX_QUERY,
        max_caption=MAX_CAPTION,
    )


@router.post("/review/hit")
async def mark(request: Request, context: ContextDep) -> Response:
    """Mark a hit, or take its mark back."""
    async with request.form(max_files=0, max_fields=FIELDS) as form:
        query, item_id, said = _text(form, "q"), _text(form, "item"), _text(form, "mark")
    if said not in MARKS:
        raise WrongUse(f"{said[:20]!r} is no mark; send `right`, `wrong` or `undo` as `mark`")
    home = context.home
    now = await asyncio.to_thread(services.judge, home, query, item_id, right=MARKS[said])
    if not wants_part(request):
        return RedirectResponse(f"{address_of(query)}#mark-{key_of(item_id)}", 303)
    item = await asyncio.to_thread(home.catalog.get, item_id)
    if item is None:
        raise UnknownItem(item_id)
    hit = ReviewHit(of_item(item), str(now.query), now.right, caption_view(home, item))
    return page(request, context, "review_marks_part.html", "Review", hit=hit)


@router.post("/review/caption")
async def fix(request: Request, context: ContextDep) -> Response:
    """Say how a caption should read, or take that back; go on where the form was."""
    async with request.form(max_files=0, max_fields=FIELDS) as form:
        query, item_id = _text(form, "q"), _text(form, "item")
        caption = None if _text(form, "undo") else _text(form, "caption")
    await asyncio.to_thread(services.fix_caption, context.home, item_id, caption)
    back = address_of(query) if query else href_of(item_id)
    return RedirectResponse(f"{back}#caption-{key_of(item_id)}", 303)


async def _hits(context: Context, query: str) -> list[ReviewHit]:
    if not await asyncio.to_thread(context.home.catalog.count):
        return []
    async with context.serving.pair() as pair:
        result = await pair.search(Query(text=query, k=SHOWN))
    return await asyncio.to_thread(review_hits, context.home, query, result)


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""
