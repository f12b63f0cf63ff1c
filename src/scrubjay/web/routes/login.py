"""`/login` and `/logout`: the token, shown once, becomes a cookie that expires."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from scrubjay.web.auth import MAX_TOKEN
from scrubjay.web.bigger import is_bigger
from scrubjay.web.guard import visit_of
from scrubjay.web.pages.templates import Shell, render

router = APIRouter(include_in_schema=False)

HOME: Final = "/"
WRONG: Final = "That is not the token of this server."


@router.get("/login")
async def ask(request: Request, next: str = HOME) -> Response:
    """Ask for the token; whoever need not show it goes on."""
    visit = visit_of(request)
    if visit.signed_in or not visit.needs_token:
        return RedirectResponse(local_address(next), 303)
    return _form(request, next)


@router.post("/login")
async def begin(
    request: Request,
    token: Annotated[str, Form(max_length=4 * MAX_TOKEN)] = "",
    next: Annotated[str, Form()] = HOME,
) -> Response:
    """Begin a session, or ask again."""
    visit = visit_of(request)
    if not visit.needs_token:
        return RedirectResponse(local_address(next), 303)
    if not visit.keys.knows(token.strip()):
        return _form(request, next, problem=WRONG)
    _, value = visit.sessions.begin()
    answer = RedirectResponse(local_address(next), 303)
    answer.headers["set-cookie"] = visit.sessions.cookie(value, secure=visit.secure)
    return answer


@router.post("/logout")
async def end(request: Request) -> Response:
    """End the session, here and for whoever kept its cookie."""
    visit = visit_of(request)
    if visit.session is not None:
        visit.sessions.end(visit.session)
    answer = RedirectResponse("/login", 303)
    answer.headers["set-cookie"] = visit.sessions.cookie("", secure=visit.secure)
    return answer


def local_address(wanted: str) -> str:
    """Where to go after logging in: an address of this server, else the first page."""
    plain = wanted.isprintable() and wanted.isascii() and "\\" not in wanted
    inside = wanted.startswith("/") and not wanted.startswith("//")
    return wanted if plain and inside else HOME


def _form(request: Request, next: str, problem: str | None = None) -> Response:
    shell = Shell(
        current="",
        csrf=visit_of(request).csrf_token,
        open=False,
        bigger=is_bigger(request.cookies),
    )
    page = render(
        "login.html",
        shell,
        problem=problem,
        next=local_address(next),
    )
    return HTMLResponse(page, 401 if problem else 200)
