"""`/v1/champion`: which pair answers, and making another the one."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Body

from scrubjay.web.context import Context, ContextDep
from scrubjay.web.schemas import ChampionAsked, ChampionTold, Problem

router = APIRouter(prefix="/v1", tags=["champion"])


@router.get(
    "/champion",
    response_model=ChampionTold,
    summary="Which version and generation answer",
    responses={503: {"model": Problem, "description": "Nothing serves yet."}},
)
async def champion(context: ContextDep) -> dict[str, Any]:
    """The pair that answers now."""
    return await _told(context)


@router.post(
    "/champion",
    response_model=ChampionTold,
    summary="Serve another version, or what was published meanwhile",
    responses={
        404: {"model": Problem, "description": "No such version."},
        409: {"model": Problem, "description": "Another change is under way, or came first."},
        503: {"model": Problem, "description": "Nothing was ever published."},
    },
)
async def set_champion(
    context: ContextDep, asked: Annotated[ChampionAsked | None, Body()] = None
) -> dict[str, Any]:
    """Embed the collection with a version, publish the pair and swap to it.

    Without a version, swap to what is published now. Requests that are under way end with the
    pair they began with; none fails. The answer comes when the new pair answers.
    """
    if asked is not None and asked.version is not None:
        await context.serving.promote(asked.version)
    else:
        await context.serving.refresh()
    return await _told(context)


async def _told(context: Context) -> dict[str, Any]:
    async with context.serving.pair() as pair:
        rows = await asyncio.to_thread(pair.searcher.generation.count)
        spec = pair.encoder.spec
        return {
            "version": pair.champion.version,
            "generation": pair.champion.generation,
            "rows": rows,
            "dim": spec.dim,
            "modalities": sorted(one.value for one in spec.modalities),
            "problem": context.serving.problem,
        }
