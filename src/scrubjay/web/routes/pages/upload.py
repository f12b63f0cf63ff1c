"""Uploading: files with what is said of them, one by one with progress or all at once."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from scrubjay.core.errors import ScrubjayError
from scrubjay.web.context import Context, ContextDep
from scrubjay.web.pages.uploading import Outcome, heading, outcomes
from scrubjay.web.problems import described
from scrubjay.web.routes.pages.page import page, wants_part
from scrubjay.web.uploading import MAX_FILES, read_form, take_uploads

router = APIRouter()
LOG = logging.getLogger("scrubjay.web")


@router.get("/upload")
async def ask(request: Request, context: ContextDep) -> HTMLResponse:
    """The form."""
    return _form(request, context, ())


@router.post("/upload")
async def take(request: Request, context: ContextDep) -> HTMLResponse:
    """Take files in and say what became of each; the next search finds them."""
    try:
        async with request.form(max_files=MAX_FILES) as form:
            uploads, refused = await read_form(form)
        done = await take_uploads(request, context, uploads, refused)
    except ScrubjayError as error:
        status, message, _, _ = described(error)
        if status == 500:
            LOG.exception("an upload on the page failed")
        nothing = Outcome("Nothing was taken", "not taken", "bad", why=message)
        return _form(request, context, (nothing,), status=status)
    return _form(request, context, outcomes(done))


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
