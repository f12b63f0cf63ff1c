"""Models: what answers, what could, how the months went; promoting and rolling back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from scrubjay.core.errors import Conflict, NotReady, ScrubjayError, UnknownName
from scrubjay.services import roll_back
from scrubjay.web.context import Context, ContextDep
from scrubjay.web.pages.models import Job, going_back, models_view, promotion
from scrubjay.web.problems import described
from scrubjay.web.routes.pages.page import page

router = APIRouter()
LOG = logging.getLogger("scrubjay.web")


@router.get("/models")
async def models(request: Request, context: ContextDep) -> HTMLResponse:
    """The champion, the months and all versions."""
    view = await asyncio.to_thread(models_view, context.home)
    question = going_back(view.previous, view.champion) if view.previous else None
    return page(
        request,
        context,
        "models.html",
        "Models",
        versions=view.versions,
        champion=view.champion,
        previous=view.previous,
        months=view.months,
        plot=view.plot,
        rollback=question,
        job=_job(request),
    )


@router.get("/models/job")
async def job(request: Request, context: ContextDep) -> HTMLResponse:
    """How far a promotion is; the part asks for itself until it has ended."""
    return page(request, context, "job_part.html", "Models", job=_job(request))


@router.get("/models/rollback")
async def ask_rollback(request: Request, context: ContextDep) -> HTMLResponse:
    """Ask before going back."""
    view = await asyncio.to_thread(models_view, context.home)
    if view.previous is None:
        raise NotReady("nothing served before what serves now, so there is nothing to go back to")
    question = going_back(view.previous, view.champion)
    return page(request, context, "confirm.html", "Models", question=question)


@router.post("/models/rollback")
async def do_rollback(request: Request, context: ContextDep) -> Response:
    """Go back, and bring what was kept level with the collection, behind the page."""
    one = Job("Rolling back", "What served before answers again.")

    async def work() -> None:
        await asyncio.to_thread(roll_back, context.home, None, progress=one.progress)
        await context.serving.refresh()

    return _begin(request, context, one, work)


@router.get("/models/{version}/promote")
async def ask_promote(request: Request, context: ContextDep, version: str) -> HTMLResponse:
    """Ask before promoting."""
    view = await asyncio.to_thread(models_view, context.home)
    chosen = next((one for one in view.versions if one.id == version), None)
    if chosen is None:
        raise UnknownName("version", version, [one.id for one in view.versions])
    question = promotion(chosen, view.champion)
    return page(request, context, "confirm.html", "Models", question=question)


@router.post("/models/{version}/promote")
async def do_promote(request: Request, context: ContextDep, version: str) -> Response:
    """Embed the collection with a version and serve it, behind the page."""
    await asyncio.to_thread(context.home.registry.folder, version)
    one = Job(f"Promoting {version}", f"{version} answers now.")

    async def work() -> None:
        await context.serving.promote(version, progress=one.progress)

    return _begin(request, context, one, work)


def _job(request: Request) -> Job | None:
    """What was begun last; one that ended is told of until the next begins."""
    found: Job | None = getattr(request.app.state, "job", None)
    return found


def _begin(
    request: Request, context: Context, one: Job, work: Callable[[], Awaitable[object]]
) -> Response:
    before = _job(request)
    if before is not None and before.going:
        raise Conflict(f"{before.what.lower()} is under way already; try again when it has ended")
    request.app.state.job = one

    async def watched() -> None:
        try:
            await work()
        except ScrubjayError as error:
            status, one.problem, _, _ = described(error)
            LOG.log(
                logging.ERROR if status == 500 else logging.WARNING,
                "%s failed: %s",
                one.what,
                error,
            )
        except BaseException:
            one.problem = "It stopped before it had ended; the server's log says why."
            raise
        finally:
            one.going = False

    context.start(watched(), name=one.what)
    return RedirectResponse("/models", 303)
