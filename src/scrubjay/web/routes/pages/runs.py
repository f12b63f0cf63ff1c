"""Runs: one that is under way as it goes on, and what came of those that ended."""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from scrubjay.web.context import ContextDep
from scrubjay.web.pages import runs as told
from scrubjay.web.routes.pages.page import page

router = APIRouter()

REPORT_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:; "
    "frame-ancestors 'none'; base-uri 'none'; sandbox"
)
"""A report is one file with its style in it; it runs nothing and loads nothing."""


@router.get("/runs")
async def listed(request: Request, context: ContextDep) -> HTMLResponse:
    """The run under way, and all that ended."""
    runs = await asyncio.to_thread(told.runs, context.home)
    going = next((one for one in runs if not one.ended), None)
    past = [one for one in runs if one.ended]
    return page(request, context, "runs.html", "Runs", runs=runs, going=going, past=past)


@router.get("/runs/{run_id}")
async def one(request: Request, context: ContextDep, run_id: str) -> HTMLResponse:
    """Everything about one run."""
    run = await asyncio.to_thread(told.run, context.home, run_id)
    return page(request, context, "run.html", "Runs", run=run)


@router.get("/runs/{run_id}/progress")
async def progress(request: Request, context: ContextDep, run_id: str) -> HTMLResponse:
    """The part that changes while it goes on; it asks for itself again until it has ended."""
    run = await asyncio.to_thread(told.run, context.home, run_id)
    return page(request, context, "run_progress_part.html", "Runs", run=run)


@router.get("/runs/{run_id}/report")
async def report(context: ContextDep, run_id: str) -> Response:
    """The report a run wrote."""
    path = await asyncio.to_thread(told.report_path, context.home, run_id)
    data = await asyncio.to_thread(path.read_bytes)
    headers = {"Content-Security-Policy": REPORT_POLICY}
    return Response(data, media_type="text/html; charset=utf-8", headers=headers)
