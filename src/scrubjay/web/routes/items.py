"""`/v1/items`: what the home holds, its files and moments, what is added and what is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from starlette.exceptions import HTTPException

from scrubjay import services
from scrubjay.core.errors import BadMedia, LeaseHeld
from scrubjay.core.protocols import silent
from scrubjay.core.types import Kind
from scrubjay.media.thumbnail import SIDES
from scrubjay.search.item_moments import MOST
from scrubjay.search.items import MAX_LIMIT
from scrubjay.search.narrow import narrowed
from scrubjay.search.shown import kept_picture, original, small_picture
from scrubjay.search.uploaded import Uploaded
from scrubjay.store.home import Home
from scrubjay.web.content_type import content_type
from scrubjay.web.context import Context, ContextDep
from scrubjay.web.file_name import content_disposition
from scrubjay.web.item_schemas import (
    FacetsTold,
    ForgottenTold,
    ItemsTold,
    ItemTold,
    MomentsTold,
    UploadedTold,
    UploadTold,
)
from scrubjay.web.media_file import MediaFile
from scrubjay.web.picture_line import pictures_of
from scrubjay.web.problems import INSIDE
from scrubjay.web.schemas import Problem
from scrubjay.web.upload_jobs import PATIENCE_S, UploadJob, upload_jobs
from scrubjay.web.uploading import (
    MAX_FILES,
    FilesSent,
    Received,
    read_form,
    read_json,
    take_uploads,
)

router = APIRouter(prefix="/v1/items", tags=["items"])

REVALIDATED: Final = "private, no-cache"
"""A browser keeps media, and asks each time whether they are still here: they may be forgotten."""

LATEST_S: Final = 7 * 86_400
"""Seconds of a video that may be named; none is so long."""

NO_SUCH: Mapping[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "No such item, or its file is gone."}
}
ItemId = Annotated[str, Path(description="An item's id.", examples=["3f2a9c41d07be658"])]

_FORM: Final = {
    "type": "object",
    "required": ["files"],
    "additionalProperties": False,
    "properties": {
        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
        "captions": {"type": "array", "items": {"type": "string"}},
        "tags": {"type": "array", "items": {"type": "string"}},
        "language": {"type": "string"},
        "month": {
            "type": "string",
            "pattern": "^([0-9]{4}-(0[1-9]|1[0-2]))?$",
            "description": "`YYYY-MM`; a field left empty says nothing.",
        },
        "attributes": {"type": "string", "description": "A JSON object."},
        "metadata": {"type": "string", "description": "A JSON list with an object for each file."},
    },
}
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _FORM},
            "application/json": {"schema": FilesSent.model_json_schema()},
        },
    }
}


@router.post(
    "",
    status_code=201,
    response_model=UploadedTold,
    summary="Add pictures, recordings and videos",
    openapi_extra=_BODY,
    responses={
        202: {
            "model": UploadTold,
            "description": "A video is looked through, which takes its time; `Location` says where "
            "to ask how far it is.",
        },
        409: {"model": Problem, "description": "The home is kept busy; try again."},
        422: {"model": UploadedTold, "description": "Every file was refused; the answer says why."},
        429: {"model": Problem, "description": "Too many uploads wait."},
    },
)
async def add(request: Request, context: ContextDep) -> Response:
    """Take in files, as a form or as JSON.

    What is listed under `items` is on the disk and found from now on. A file that cannot be used is
    listed under `refused`, with the reason; the others are taken all the same. Where a video is
    among them and a few seconds are not enough, all of them are taken in behind the request.
    """
    with ExitStack() as handed:
        received = Received(context.home.media)
        handed.callback(received.close)
        if request.headers.get("content-type", "").partition(";")[0].strip() == "application/json":
            body = await request.body()
            uploads, refused = await asyncio.to_thread(read_json, body, received)
        else:
            async with request.form(max_files=MAX_FILES) as form:
                uploads, refused = await read_form(form, received)
        if any(one.path for one in uploads):
            job = upload_jobs(request).begin(context, uploads, refused, received)
            handed.pop_all()
            return await _told_of(job)
    return _uploaded(await take_uploads(request, context, uploads, refused))


async def _told_of(job: UploadJob) -> Response:
    if not await job.within(PATIENCE_S):
        where = {"Location": f"/v1/uploads/{job.id}"}
        return JSONResponse(job.to_json(), status_code=202, headers=where)
    if job.done is None:
        status, message = job.problem or (500, INSIDE)
        raise HTTPException(status, message)
    return _uploaded(job.done)


def _uploaded(done: Uploaded) -> Response:
    return JSONResponse(done.to_json(), status_code=201 if done.taken else 422)


@router.get("", response_model=ItemsTold, summary="What the home holds, page by page")
async def listed(
    context: ContextDep,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items wanted.")] = 50,
    after: Annotated[str | None, Query(description="`next` of the page before.")] = None,
    kind: Annotated[list[Kind] | None, Query(description="Any of these kinds.")] = None,
    month: Annotated[list[str] | None, Query(description="Any of these months.")] = None,
    language: Annotated[list[str] | None, Query(description="Any of these languages.")] = None,
    tag: Annotated[list[str] | None, Query(description="All of these tags.")] = None,
    where: Annotated[
        str | None, Query(description="A condition.", examples=["price < 20 and tag = 'bird'"])
    ] = None,
) -> Response:
    """Items of the newest month first, within a month in order of id."""
    condition = narrowed(
        where,
        kinds=[one.value for one in kind or ()],
        months=month or (),
        languages=language or (),
        tags=tag or (),
    )
    found = await asyncio.to_thread(
        services.list_items, context.home, limit=limit, after=after, where=condition
    )
    return JSONResponse(found.to_json())


@router.get("/facets", response_model=FacetsTold, summary="How many there are of what")
async def facets(context: ContextDep) -> Response:
    """How many items there are of each month, kind, language and tag."""
    found = await asyncio.to_thread(services.facets, context.home)
    return JSONResponse(found.to_json())


# An id may hold anything, slashes too: what is asked of an item is tried first.
@router.get(
    "/{item_id:path}/media",
    response_class=FileResponse,
    summary="An item's file",
    responses={
        200: {"content": {"*/*": {}}, "description": "The file, as it was added."},
        206: {"content": {"*/*": {}}, "description": "The part of it that `Range` asks for."},
        304: {"description": "The file that `If-None-Match` names."},
        416: {"model": Problem, "description": "A range outside the file."},
        **NO_SUCH,
    },
)
async def media(
    request: Request,
    context: ContextDep,
    item_id: ItemId,
    download: Annotated[bool, Query(description="Save it rather than show it.")] = False,
) -> Response:
    """The bytes it was added with, whole or a part of them."""
    item, path, kind = await asyncio.to_thread(_original, context.home, item_id)
    name = item.uri.rpartition("/")[2]
    headers = {
        "ETag": f'"{item.sha256}"',
        "Cache-Control": REVALIDATED,
        "Content-Disposition": content_disposition(name, "attachment" if download else "inline"),
    }
    if _has(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return MediaFile(path, headers=headers, media_type=kind)


@router.get(
    "/{item_id:path}/thumb",
    response_class=Response,
    summary="An item's picture, or a moment of a video, small",
    responses={
        200: {"content": {"image/webp": {}}, "description": "A WebP picture."},
        304: {"description": "The picture that `If-None-Match` names."},
        429: {"model": Problem, "description": "Too many wait; `Retry-After` says how long."},
        501: {"model": Problem, "description": "What decodes videos is not installed."},
        **NO_SUCH,
    },
)
async def thumb(
    request: Request,
    context: ContextDep,
    item_id: ItemId,
    size: Annotated[
        int, Query(ge=1, le=SIDES[-1], description="Pixels of the longer side, about.")
    ] = SIDES[1],
    at: Annotated[
        float | None,
        Query(
            ge=0,
            le=LATEST_S,
            allow_inf_nan=False,
            description="Of a video: the second that is shown, its last one where it is shorter; "
            "left out: its first moment.",
        ),
    ] = None,
) -> Response:
    """A picture's small version, upright, without what the file says besides."""
    home = context.home
    try:
        made = await asyncio.to_thread(kept_picture, home, item_id, size, at_s=at)
        if made is None:
            make = partial(small_picture, home, item_id, size, at_s=at)
            made = await pictures_of(request).make(request, make)
    except BadMedia as error:
        raise HTTPException(404, str(error)) from error
    when = "" if made.at_ms is None else f"-{made.at_ms}"
    headers = {"ETag": f'"{made.item.sha256}-{made.side}{when}"', "Cache-Control": REVALIDATED}
    if _has(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(made.data, media_type="image/webp", headers=headers)


@router.get(
    "/{item_id:path}/moments",
    response_model=MomentsTold,
    summary="The moments of a video",
    responses={**NO_SUCH},
)
async def moments(
    context: ContextDep,
    item_id: ItemId,
    limit: Annotated[int, Query(ge=1, le=MOST, description="Moments wanted.")] = 50,
    after: Annotated[
        float | None,
        Query(
            ge=0,
            le=LATEST_S,
            allow_inf_nan=False,
            description="Only those that begin after this second: `next` of the page before.",
        ),
    ] = None,
) -> Response:
    """What of a video can be found, moment by moment in order of time: seen, heard, said, read."""
    found = await asyncio.to_thread(
        services.list_moments, context.home, item_id, limit=limit, after=after
    )
    return JSONResponse(found.to_json())


@router.get(
    "/{item_id:path}",
    response_model=ItemTold,
    summary="Everything known about an item",
    responses={**NO_SUCH},
)
async def one(context: ContextDep, item_id: ItemId) -> Response:
    """What it is, what was said of it, and what the index has of it."""
    found = await asyncio.to_thread(services.get_item, context.home, item_id)
    return JSONResponse(found.to_json())


@router.delete(
    "/{item_id:path}",
    response_model=ForgottenTold,
    summary="Forget an item",
    responses={
        202: {
            "model": ForgottenTold,
            "description": "Found no more; removed from the disk when the running month has ended.",
        },
        **NO_SUCH,
    },
)
async def forget(context: ContextDep, item_id: ItemId) -> Response:
    """Remove it from everything that is kept, old versions included; it is not taken again."""
    told = await forget_one(context, item_id)
    return JSONResponse(told, status_code=202 if told["pending"] else 200)


async def forget_one(context: Context, item_id: str) -> dict[str, Any]:
    """Forget an item, or have it forgotten by the run that holds the home now.

    Raises:
        UnknownItem: it is not here.
    """
    return await asyncio.to_thread(_forget, context.home, item_id)


def _forget(home: Home, item_id: str) -> dict[str, Any]:
    services.get_item(home, item_id)
    try:
        purged = services.forget_items(home, [item_id], progress=silent)
    except LeaseHeld as error:
        if item_id not in home.forgotten.pending():
            raise
        return {"forgotten": [item_id], "pending": True, "message": str(error)}
    return {"forgotten": list(purged.ids), "pending": False, "message": None}


def _original(home: Home, item_id: str) -> tuple[Any, Any, str]:
    try:
        item, path = original(home, item_id)
        return item, path, content_type(path, item.kind)
    except (BadMedia, OSError) as error:
        raise HTTPException(404, str(error)) from error


def _has(request: Request, etag: str) -> bool:
    """Whether the client says that it has this file already (RFC 9110, 13.1.2)."""
    said = request.headers.get("if-none-match", "")
    return said.strip() == "*" or etag in {
        one.strip().removeprefix("W/") for one in said.split(",")
    }
