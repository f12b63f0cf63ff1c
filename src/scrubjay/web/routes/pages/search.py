"""The first page: asking by typing, speaking or showing, and what was found."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData, UploadFile

from scrubjay.core.errors import ScrubjayError
from scrubjay.core.types import Item
from scrubjay.store.home import Home
from scrubjay.web.context import Context, ContextDep
from scrubjay.web.pages.asking import PAGE, Asked, read_asked, read_example
from scrubjay.web.pages.finding import (
    FoundView,
    facets_view,
    hits_view,
    latest_view,
    problem_view,
)
from scrubjay.web.pages.things import of_item
from scrubjay.web.problems import described
from scrubjay.web.routes.pages.page import page, wants_part
from scrubjay.web.towers import Pair

router = APIRouter()
LOG = logging.getLogger("scrubjay.web")

LATEST = PAGE // 2
"""Items shown before anything is asked for."""
FIELDS = 50
"""A form has no more."""


@router.get("/")
async def find(request: Request, context: ContextDep) -> HTMLResponse:
    """Everything that can be asked in an address: words, the like of an item, filters."""
    sent = request.query_params
    return await _answer(request, context, read_asked(sent, sent.getlist("kind")))


@router.post("/")
async def find_with(request: Request, context: ContextDep) -> HTMLResponse:
    """The same with a picture or a recording."""
    async with request.form(max_files=1, max_fields=FIELDS) as form:
        texts = {name: value for name, value in form.items() if isinstance(value, str)}
        kinds = [one for one in form.getlist("kind") if isinstance(one, str)]
        asked = read_asked(texts, kinds)
        try:
            asked = await _with_example(asked, form)
        except ScrubjayError as error:
            return await _show(request, context, asked, *_problem(error))
    return await _answer(request, context, asked)


async def _with_example(asked: Asked, form: FormData) -> Asked:
    file = form.get("example")
    if not isinstance(file, UploadFile) or not file.size:
        return asked
    return replace(asked, example=read_example(file.filename or "file", await file.read()))


async def _answer(request: Request, context: Context, asked: Asked) -> HTMLResponse:
    status = 200
    try:
        if asked.like_id:
            item = await asyncio.to_thread(context.home.catalog.get, asked.like_id)
            asked = replace(asked, like=of_item(item) if item else None)
        found = await _found(context, asked)
    except ScrubjayError as error:
        found, status = _problem(error)
    return await _show(request, context, asked, found, status)


async def _found(context: Context, asked: Asked) -> FoundView:
    if asked.idle:
        return await asyncio.to_thread(_latest, context.home, asked)
    if not await asyncio.to_thread(context.home.catalog.count):
        return latest_view([], total=0)
    async with context.serving.pair() as pair:
        result = await pair.search(asked.query())
        ids = [hit.id for hit in result.hits]
        items = await asyncio.to_thread(_items, pair, ids)
    return hits_view(asked, result, items)


def _latest(home: Home, asked: Asked) -> FoundView:
    where = asked.filters.condition(with_kinds=True)
    items, _ = home.catalog.page(LATEST, where=where)
    return latest_view(items, total=home.catalog.count())


def _items(pair: Pair, ids: list[str]) -> dict[str, Item]:
    return {item.id: item for item in pair.searcher.generation.items(ids)}


def _problem(error: ScrubjayError) -> tuple[FoundView, int]:
    status, message, _, _ = described(error)
    if status == 500:
        LOG.error("a question on the page failed", exc_info=error)
    return problem_view(error, message), status


async def _show(
    request: Request, context: Context, asked: Asked, found: FoundView, status: int
) -> HTMLResponse:
    home = context.home
    facets = facets_view(await asyncio.to_thread(home.catalog.facets), asked.filters)
    values: dict[str, Any] = {
        "asked": asked,
        "filters": asked.filters,
        "found": found,
        "facets": facets,
        "fragment": "",
    }
    if not wants_part(request):
        columns = sorted(await asyncio.to_thread(home.catalog.attribute_types))
        return page(
            request, context, "search.html", "Search", status=status, columns=columns, **values
        )
    if asked.after and found.hits:
        values["fragment"] = "more"
        headers = {"HX-Retarget": "#hits", "HX-Reswap": "beforeend", "HX-Replace-Url": "false"}
        return page(request, context, "more_hits.html", "Search", headers=headers, **values)
    return page(request, context, "results.html", "Search", status=status, **values)
