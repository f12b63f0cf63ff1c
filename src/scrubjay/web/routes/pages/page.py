"""A template as an answer, with everything that surrounds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from scrubjay.web.bigger import here, is_bigger
from scrubjay.web.context import Context
from scrubjay.web.guard import visit_of
from scrubjay.web.pages.templates import Shell, render


def page(
    request: Request,
    context: Context,
    template: str,
    current: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,  # noqa: ANN401 - a template's names
) -> HTMLResponse:
    """Render a page, or a part of one.

    Args:
        current: the part of the page it belongs to, as the navigation calls it.
    """
    visit = visit_of(request)
    champion = context.serving.champion
    shell = Shell(
        current=current,
        csrf=visit.csrf_token,
        logged_in=visit.signed_in,
        champion=champion.version if champion else None,
        bigger=is_bigger(request.cookies),
        here=here(request.scope),
    )
    return HTMLResponse(
        render(template, shell, **values),
        status,
        # The same address answers with a page or with a part of it.
        headers={"Vary": "HX-Request, HX-Request-Type", **(headers or {})},
    )


def wants_part(request: Request) -> bool:
    """Whether a script of the page asks for the part that changes."""
    headers = request.headers
    return headers.get("hx-request") == "true" and headers.get("hx-request-type") == "partial"
