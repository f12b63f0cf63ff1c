"""`/v1/search`: a text, picture, recording or item in; what is nearest to it out."""

from __future__ import annotations

import asyncio
import json
from typing import Final

from fastapi import APIRouter, Request, Response

from scrubjay.core.errors import WrongUse
from scrubjay.search.query import Query, SearchResult
from scrubjay.services import CHAMPION_NAME
from scrubjay.store.home import Home
from scrubjay.web.context import ContextDep
from scrubjay.web.data_url import parse_data_url
from scrubjay.web.going import unless_gone
from scrubjay.web.schemas import Problem, SearchAsked, SearchTold

router = APIRouter(prefix="/v1", tags=["search"])

NOT_CLOSE: Final = "nothing here is close enough"
NOTHING: Final = "nothing that is indexed passes the filters"


@router.post(
    "/search",
    response_model=SearchTold,
    summary="Find by typing, showing, speaking, or by an item",
    responses={
        404: {"model": Problem, "description": "No such version or item."},
        422: {"model": Problem, "description": "A picture or recording that cannot be read."},
        429: {"model": Problem, "description": "Too much waits; `Retry-After` says how long."},
        503: {"model": Problem, "description": "Nothing serves yet."},
    },
)
async def search(request: Request, asked: SearchAsked, context: ContextDep) -> Response:
    """Hits, best first; the answer names the version and generation that gave it."""
    query = query_of(asked)
    async with context.serving.pair() as pair:
        if asked.model not in {CHAMPION_NAME, pair.version}:
            await asyncio.to_thread(_refuse, context.home, asked.model)
        result = await unless_gone(request, pair, pair.search(query))
    return Response(written(result), media_type="application/json")


def query_of(asked: SearchAsked) -> Query:
    """The query a body describes.

    Raises:
        WrongUse: an address that is no data URL.
        BadMedia: a data URL that cannot be read.
    """

    def data(url: str | None, expected: str, name: str) -> bytes | None:
        return None if url is None else parse_data_url(url, expected=expected, name=name).data

    return Query(
        text=asked.text,
        picture=data(asked.image, "image", "image"),
        sound=data(asked.speech, "audio", "speech"),
        like=asked.like,
        weights=asked.weights or {},
        k=asked.k,
        kinds=frozenset(asked.kinds) if asked.kinds is not None else None,
        where=asked.where,
        after=asked.after,
        cutoff=asked.cutoff,
        picture_name="image",
        sound_name="speech",
    )


def written(result: SearchResult) -> bytes:
    """The documented JSON object."""
    told = result.to_json()
    told["message"] = None if result.hits else NOT_CLOSE if result.cut else NOTHING
    return json.dumps(told, allow_nan=False, separators=(",", ":")).encode()


def _refuse(home: Home, model: str) -> None:
    """Say why a model is not searched.

    Raises:
        UnknownName: no such version.
        WrongUse: it is not the one that serves.
    """
    home.registry.folder(model)
    raise WrongUse(
        f"version {model} does not serve, and the index is of the one that does; search with "
        f"model={CHAMPION_NAME}, or make it the champion first"
    )
