"""Uploading: files with what is said of them, one by one with progress or all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData, UploadFile

from scrubjay.core.errors import ScrubjayError
from scrubjay.search.uploads import Upload
from scrubjay.services import add_uploads
from scrubjay.web.context import Context, ContextDep
from scrubjay.web.file_name import safe_file_name
from scrubjay.web.pages.uploading import Outcome, heading, outcomes, said_of
from scrubjay.web.problems import described
from scrubjay.web.routes.pages.page import page, wants_part

router = APIRouter()

FILES = 200
"""Files a form may bring at once."""
FIELDS = 50


@router.get("/upload")
async def ask(request: Request, context: ContextDep) -> HTMLResponse:
    """The form."""
    return _form(request, context, ())


@router.post("/upload")
async def take(request: Request, context: ContextDep) -> HTMLResponse:
    """Take files in and say what became of each; the next search finds them."""
    async with request.form(max_files=FILES, max_fields=FIELDS) as form:
        uploads = await _uploads(form)
    if not uploads:
        nothing = Outcome("No file", "not taken", "bad", why="Choose at least one file.")
        return _form(request, context, (nothing,), status=400)
    status = 200
    try:
        uploaded = await asyncio.to_thread(partial(add_uploads, context.home, uploads))
        lines = outcomes(uploads, uploaded)
        await context.serving.refresh()
    except ScrubjayError as error:
        status, message, _, _ = described(error)
        lines = [Outcome(one.name, "not taken", "bad", why=message) for one in uploads]
    return _form(request, context, lines, status=status)


async def _uploads(form: FormData) -> list[Upload]:
    texts = {name: value for name, value in form.items() if isinstance(value, str)}
    said: dict[str, Any] = said_of(texts)
    return [
        Upload(name=safe_file_name(one.filename), data=await one.read(), **said)
        for one in form.getlist("files")
        if isinstance(one, UploadFile) and (one.filename or one.size)
    ]


def _form(
    request: Request, context: Context, lines: Sequence[Outcome], *, status: int = 200
) -> HTMLResponse:
    part = wants_part(request) and lines
    return page(
        request,
        context,
        "uploaded_part.html" if part else "upload.html",
        "Upload",
        status=status,
        outcomes=lines,
        heading=heading(lines),
        max_body=context.settings.max_body,
    )
