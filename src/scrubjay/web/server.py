"""The service: what is in it, in which order, from its start to its end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI

from scrubjay import __version__
from scrubjay.ask.settings import AskSettings
from scrubjay.core.errors import WrongUse
from scrubjay.media.sandbox import shared_sandbox
from scrubjay.services import finish_uploads
from scrubjay.store.home import Home
from scrubjay.web.address import AddressCheck
from scrubjay.web.auth import require_token
from scrubjay.web.body_limit import BodyLimit
from scrubjay.web.context import Context
from scrubjay.web.csrf import FormTokens
from scrubjay.web.guard import Guard
from scrubjay.web.headers import SecurityHeaders
from scrubjay.web.metrics import Metrics
from scrubjay.web.openapi import describe
from scrubjay.web.origin import OriginCheck
from scrubjay.web.preparing import BEING_PREPARED, prepare, wants_preparing
from scrubjay.web.problems import add_problem_handlers
from scrubjay.web.request_log import RequestLog, log_config
from scrubjay.web.routes import (
    audio,
    champion,
    chat,
    embeddings,
    feedback,
    items,
    login,
    operations,
    pages,
    search,
    uploads,
)
from scrubjay.web.serving import Serving
from scrubjay.web.settings import ServeSettings

ROUTERS: tuple[APIRouter, ...] = (
    embeddings.router,
    search.router,
    chat.router,
    audio.router,
    items.router,
    uploads.router,
    feedback.router,
    champion.router,
    login.router,
    operations.router,
    pages.router,
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


def create_app(
    home: Home, settings: ServeSettings, *, asking: AskSettings | None = None
) -> FastAPI:
    """The application; nothing is opened before it is started.

    Args:
        asking: which models answer questions; None: those that come with Scrubjay.

    Raises:
        WrongUse: other machines could reach it without a token.
    """
    require_token(settings.host, settings.token)
    metrics = Metrics()
    serving = Serving(home, settings)
    serving.on_batch, serving.on_query = metrics.on_batch, metrics.drift.saw
    context = Context(
        home=home,
        settings=settings,
        serving=serving,
        metrics=metrics,
        ask=asking or AskSettings(),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if await asyncio.to_thread(wants_preparing, home):
            serving.expected = BEING_PREPARED
            context.start(prepare(context), name="preparing the built-in encoder")
        await asyncio.gather(asyncio.to_thread(shared_sandbox().start), serving.start())
        finish = partial(finish_uploads, home, progress=context.unless_stopped)
        context.start(asyncio.to_thread(finish), name="finishing uploads")
        if settings.warm_models:
            context.start(context.asking.warm(), name="loading the models that answer")
        try:
            yield
        finally:
            await context.stop_jobs()
            await context.asking.stop()
            await context.serving.stop()

    app = FastAPI(
        title="Scrubjay",
        version=__version__,
        summary="Find your own pictures, recordings and videos by typing, speaking or showing.",
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        docs_url=None,
        redoc_url=None,
    )
    app.state.context = context
    for middleware in reversed(MIDDLEWARE):
        app.add_middleware(middleware, context=context)
    add_problem_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    describe(app)
    return app


def serve(
    home: Home,
    settings: ServeSettings,
    *,
    tell: Callable[[str], None],
    asking: AskSettings | None = None,
) -> None:
    """Listen until a signal ends it; then answer what was accepted, within `shutdown_s`.

    Args:
        asking: which models answer questions; None: those that come with Scrubjay.
        tell: told, in words for a person, where the service is and what it waits for.

    Raises:
        WrongUse: other machines could reach it without a token, or the address cannot be had.
    """
    import uvicorn

    from scrubjay.web.http_protocol import BOUNDS
    from scrubjay.web.shutdown import GracefulServer

    app = create_app(home, settings, asking=asking)
    listening = _bound(settings.host, settings.port)
    if wants_preparing(home):
        tell(
            f"nothing serves {home.path} yet: the encoder that comes with Scrubjay is prepared "
            f"now, once; it takes about half a minute"
        )
    host, port = listening.getsockname()[:2]
    tell(f"Scrubjay is at http://{f'[{host}]' if ':' in host else host}:{port} (Ctrl-C ends it)")
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=log_config(),
        server_header=False,
        **BOUNDS,
    )
    GracefulServer(config, shutdown_s=settings.shutdown_s).run(sockets=[listening])


def _bound(host: str, port: int) -> socket.socket:
    """A socket at an address; nobody is let in before the server listens.

    Raises:
        WrongUse: the address cannot be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise WrongUse(f"{host} is no address of this machine: {error.strerror}") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise WrongUse(
            f"{host} port {port} cannot be listened at ({error.strerror}); give another with --port"
        ) from error
    return bound
