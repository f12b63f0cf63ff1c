"""The service: what is in it, in which order, from its start to its end."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI

from scrubjay import __version__
from scrubjay.media.sandbox import shared_sandbox
from scrubjay.store.home import Home
from scrubjay.web.address import AddressCheck
from scrubjay.web.auth import require_token
from scrubjay.web.body_limit import BodyLimit
from scrubjay.web.context import Context
from scrubjay.web.csrf import FormTokens
from scrubjay.web.guard import Guard
from scrubjay.web.headers import SecurityHeaders
from scrubjay.web.metrics import Metrics
from scrubjay.web.origin import OriginCheck
from scrubjay.web.problems import add_problem_handlers
from scrubjay.web.request_log import RequestLog, log_config
from scrubjay.web.routes import champion, embeddings, login, operations, search
from scrubjay.web.serving import Serving
from scrubjay.web.settings import ServeSettings

ROUTERS: tuple[APIRouter, ...] = (
    embeddings.router,
    search.router,
    champion.router,
    login.router,
    operations.router,
)

MIDDLEWARE: tuple[Any, ...] = (
    RequestLog,
    SecurityHeaders,
    BodyLimit,
    OriginCheck,
    AddressCheck,
    Guard,
    FormTokens,
)
"""Outermost first. Each is an ASGI class made as `Class(app, context=context)`."""


def create_app(home: Home, settings: ServeSettings) -> FastAPI:
    """The application; nothing is opened before it is started.

    Raises:
        WrongUse: other machines could reach it without a token.
    """
    require_token(settings.host, settings.token)
    metrics = Metrics()
    serving = Serving(home, settings)
    serving.on_batch, serving.on_query = metrics.on_batch, metrics.drift.saw
    context = Context(home=home, settings=settings, serving=serving, metrics=metrics)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await to_thread(shared_sandbox().start)
        await context.serving.start()
        try:
            yield
        finally:
            await context.stop_jobs()
            await context.serving.stop()

    app = FastAPI(
        title="Scrubjay",
        version=__version__,
        summary="Find your own pictures and recordings by typing, speaking or showing.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.context = context
    for middleware in reversed(MIDDLEWARE):
        app.add_middleware(middleware, context=context)
    add_problem_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    return app


def serve(home: Home, settings: ServeSettings) -> None:
    """Listen until a signal ends it; then answer what was accepted, within `shutdown_s`."""
    import uvicorn

    from scrubjay.web.http_protocol import MAX_CONNECTIONS, BoundedHttp
    from scrubjay.web.shutdown import GracefulServer

    config = uvicorn.Config(
        create_app(home, settings),
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=log_config(),
        server_header=False,
        http=BoundedHttp,
        ws="none",
        limit_concurrency=MAX_CONNECTIONS,
    )
    GracefulServer(config, shutdown_s=settings.shutdown_s).run()
