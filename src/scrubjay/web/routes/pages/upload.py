"""Uploading: files with what is said of them, one by one with progress or all at once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from scrubjay.core.errors import ScrubjayError
from scrubjay.web.context import Context, ContextDep
from scrubjay.web.pages.uploading import (
    Outcome,
    heading,
    nothing_taken,
    outcomes,
    outcomes_of,
)
from scrubjay.web.problems import described
from scrubjay.web.routes.pages.page import page, wants_part
from scrubjay.web.upload_jobs import PATIENCE_S, UploadJob, upload_jobs
from scrubjay.web.uploading import MAX_FILES, Received, read_form, take_uploads

router = APIRouter()
LOG = logging.getLogger("scrubjay.web")


@router.get("/upload")
async def ask(request: Request, context: ContextDep) -> HTMLResponse:
    """The form."""
    return _form(request, context, ())


@router.post("/upload")
async def take(request: Request, context: ContextDep) -> HTMLResponse:
    """Take files in and say what became of each; the next search finds them.

    A video that is not looked through in a few seconds is gone on with behind the page.
    """
    try:
        with ExitStack() as handed:
            received = Received(context.home.media)
            handed.callback(received.close)
            async with request.form(max_files=MAX_FILES) as form:
                uploads, refused = await read_form(form, received)
            if any(one.path for one in uploads):
                job = upload_jobs(request).begin(context, uploads, refused, received)
                handed.pop_all()
                await job.within(PATIENCE_S)
                return _form(request, context, outcomes_of(job), status=_status(job))
        done = await take_uploads(request, context, uploads, refused)
    except ScrubjayError as error:
        status, message, _, _ = described(error)
        if status == 500:
            LOG.exception("an upload on the page failed")
        return _form(request, context, [nothing_taken(message)], status=status)
    return _form(request, context, outcomes(done))


@router.get("/upload/{upload_id}")
async def state(request: Request, context: ContextDep, upload_id: str) -> HTMLResponse:
    """How far a video is; the part asks for itself until it has ended."""
    return _form(request, context, outcomes_of(upload_jobs(request).find(upload_id)))


def _status(job: UploadJob) -> int:
    if job.going:
        return 202
    return 200 if job.problem is None else job.problem[0]


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
