"""`/v1/uploads`: how far a video is that is looked through behind the requests."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from scrubjay.web.examples import UPLOADING
from scrubjay.web.item_schemas import UploadTold
from scrubjay.web.schemas import Problem
from scrubjay.web.upload_jobs import upload_jobs

router = APIRouter(prefix="/v1/uploads", tags=["items"])


@router.get(
    "/{upload_id}",
    response_model=UploadTold,
    summary="How far an upload is",
    responses={404: {"model": Problem, "description": "No such upload, or it is long over."}},
)
async def state(
    request: Request,
    upload_id: Annotated[
        str,
        Path(description="`upload` of the answer to the upload.", examples=[UPLOADING["upload"]]),
    ],
) -> Response:
    """What is done now; once it has ended, what became of every file."""
    return JSONResponse(upload_jobs(request).find(upload_id).to_json())
