"""Whether the service lives, whether it can answer, and what it has done so far."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ConfigDict, Field

from scrubjay import __version__
from scrubjay.core.errors import NotReady
from scrubjay.core.types import Champion
from scrubjay.web.context import Context, ContextDep
from scrubjay.web.schemas import Problem

router = APIRouter(tags=["operations"])

NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {"model": Problem, "description": "Nothing serves yet; the message says what to do."}
}


class Health(BaseModel):
    """The process lives."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "ok", "scrubjay": __version__}]}
    )

    status: Literal["ok"] = "ok"
    scrubjay: str = Field(default=__version__, description="Scrubjay's own version.")


class Readiness(BaseModel):
    """Searches are answered, and by whom."""

    status: Literal["ready"] = "ready"
    version: str = Field(description="The version that encodes queries.")
    generation: str = Field(description="The index that is searched.")
    behind: str | None = Field(
        default=None,
        description="Why a champion published since does not serve yet; null when it does.",
    )


@router.get("/healthz", summary="Is the process alive?", responses=NOT_READY)
async def healthz(
    context: ContextDep,
    ready: Annotated[
        bool,
        Query(
            description="Also ask whether searches are answered: for probes that have no token.",
            examples=[True],
        ),
    ] = False,
) -> Health:
    """Answer as long as the process can; needs no token and says nothing of what is stored."""
    if ready:
        _need_champion(context)
    return Health()


@router.get("/readyz", summary="Are searches answered?", responses=NOT_READY)
async def readyz(context: ContextDep) -> Readiness:
    """Name the pair that answers, or say in a 503 why none does yet."""
    champion = _need_champion(context)
    return Readiness(
        version=champion.version, generation=champion.generation, behind=context.serving.problem
    )


@router.get(
    "/metrics",
    summary="What the service counted, for Prometheus",
    response_class=Response,
    responses={
        200: {
            "description": "Prometheus' text format; docs/service.md lists every metric.",
            "content": {
                "text/plain": {
                    "schema": {"type": "string"},
                    "example": (
                        "# HELP scrubjay_http_requests_total Requests answered.\n"
                        "# TYPE scrubjay_http_requests_total counter\n"
                        'scrubjay_http_requests_total{method="POST",route="/v1/search",'
                        'status="200"} 42.0\n'
                    ),
                }
            },
        }
    },
)
async def metrics(context: ContextDep) -> Response:
    """Count requests, batches, vectors and more; what is read from the disk is 15 s old at most."""
    text = await context.metrics.exposition(context) if context.metrics else b""
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def _need_champion(context: Context) -> Champion:
    champion = context.serving.champion
    if champion is None:
        raise NotReady(context.serving.problem or "no encoder serves yet; it is being prepared")
    return champion
