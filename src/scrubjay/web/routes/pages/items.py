"""Items: all of them page by page, everything known about one, and deleting it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from scrubjay.core.types import Item, Kind
from scrubjay.services import get_item, list_items, list_moments
from scrubjay.store.feedback_words import MAX_CAPTION
from scrubjay.store.home import Home
from scrubjay.web.content_type import likely_type, plays_in_browsers
from scrubjay.web.context import ContextDep
from scrubjay.web.pages.asking import read_filters
from scrubjay.web.pages.film import FilmView, film_view
from scrubjay.web.pages.finding import facets_view
from scrubjay.web.pages.moments import SHOWN, part_of
from scrubjay.web.pages.reviewing import caption_view
from scrubjay.web.pages.things import Thing, facts_of, of_item
from scrubjay.web.routes.items import forget_one
from scrubjay.web.routes.pages.page import page, wants_part

router = APIRouter()

ROWS = 50
_NUMBER = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)


@router.get("/items")
async def listed(request: Request, context: ContextDep) -> HTMLResponse:
    """A page of the list, the newest month first."""
    sent = request.query_params
    filters = read_filters(sent, sent.getlist("kind"))
    home = context.home
    found = await asyncio.to_thread(
        list_items,
        home,
        limit=ROWS,
        after=sent.get("after") or None,
        where=filters.condition(with_kinds=True),
    )
    facets = facets_view(await asyncio.to_thread(home.catalog.facets), filters)
    further = "/items?" + urlencode([*filters.pairs(), ("after", found.next or "")])
    return page(
        request,
        context,
        "items.html",
        "Items",
        items=[of_item(one) for one in found.items],
        next=further if found.next else None,
        facets=facets,
        filters=filters,
        notice=_notice(sent),
    )


# An id may hold anything, slashes too; so what is asked of an item comes before the item.
@router.get("/items/{item_id:path}/delete")
async def ask_delete(request: Request, context: ContextDep, item_id: str) -> HTMLResponse:
    """Ask before deleting."""
    known = await asyncio.to_thread(get_item, context.home, item_id)
    return page(request, context, "delete.html", "Items", item=of_item(known.item))


@router.post("/items/{item_id:path}/delete")
async def do_delete(context: ContextDep, item_id: str) -> Response:
    """Forget it, everywhere."""
    item = (await asyncio.to_thread(get_item, context.home, item_id)).item
    pending = (await forget_one(context, item.id))["pending"]
    told = urlencode({"pending" if pending else "deleted": of_item(item).title})
    return RedirectResponse(f"/items?{told}", 303)


@router.get("/items/{item_id:path}")
async def one(request: Request, context: ContextDep, item_id: str) -> HTMLResponse:
    """Everything known about an item; of a video its moments, and one to play from."""
    known = await asyncio.to_thread(get_item, context.home, item_id)
    view, film = of_item(known.item), None
    if known.item.kind is Kind.VIDEO:
        film = await asyncio.to_thread(_film, context.home, known.item, view, request.query_params)
    if film is not None and film.moments.total and wants_part(request):
        return page(request, context, "moments_part.html", "Items", item=view, film=film)
    return page(
        request,
        context,
        "item.html",
        "Items",
        item=view,
        facts=facts_of(known),
        film=film,
        caption=await asyncio.to_thread(caption_view, context.home, known.item),
        max_caption=MAX_CAPTION,
    )


def _film(home: Home, item: Item, view: Thing, sent: Mapping[str, str]) -> FilmView:
    part = part_of(sent.get("t", ""))
    number = sent.get("moments", "")
    first = SHOWN * (int(number) - 1) if _NUMBER.fullmatch(number) else 0
    at = None if part is None or first else part[0]
    found = list_moments(home, item.id, limit=SHOWN, at=at, first=first)
    return film_view(view, found, part, plays=plays_in_browsers(likely_type(home, item)))


def _notice(sent: Mapping[str, str]) -> str | None:
    """What was just done."""
    if sent.get("deleted"):
        return f"Deleted: {sent['deleted']}"
    if sent.get("pending"):
        return (
            f"Deleted: {sent['pending']}. No search finds it any more; its bytes leave the disk "
            f"when the month that is running has ended."
        )
    return None
