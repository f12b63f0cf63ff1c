"""The switch between usual and big targets; it works on every page, with and without scripts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from scrubjay.web.bigger import cookie
from scrubjay.web.guard import visit_of
from scrubjay.web.routes.login import local_address

router = APIRouter()


@router.post("/bigger")
async def switch(
    request: Request,
    on: Annotated[str, Form(max_length=8)] = "",
    next: Annotated[str, Form(max_length=8192)] = "/",
) -> Response:
    """Keep the choice for a year, and go back to where it was made."""
    answer = RedirectResponse(local_address(next), 303)
    answer.headers["set-cookie"] = cookie(on == "1", secure=visit_of(request).secure)
    return answer
