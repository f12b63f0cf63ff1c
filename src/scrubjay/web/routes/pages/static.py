"""Style sheets, scripts and pictures of the page."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from scrubjay.web.pages.assets import assets, media_type

router = APIRouter()

FOR_A_YEAR: Final = "public, max-age=31536000, immutable"


@router.get("/static/{digest}/{name}")
async def asset(request: Request, digest: str, name: str) -> Response:
    """One file; only the address that names today's bytes may be kept for long."""
    found = assets()
    if name not in found.files:
        raise HTTPException(404)
    tag = f'"{found.digest}"'
    kept = FOR_A_YEAR if digest == found.digest else "no-cache"
    headers = {"Cache-Control": kept, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(found.files[name], media_type=media_type(name), headers=headers)


@router.get("/favicon.ico")
async def icon() -> Response:
    """The mark, for browsers that ask without being told where it is."""
    found = assets()
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(found.files["jay.svg"], media_type=media_type("jay.svg"), headers=headers)
