"""`scrubjay serve`: embeddings, search and the page over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scrubjay.cli.frame import HomeOption, note


def serve(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help="Which models answer questions, as key=value: vlm=remote vlm.url=URL ...",
            metavar="[OVERRIDES]",
            show_default=False,
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; off this machine a token is needed.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes any free one.")] = 8000,
    token_file: Annotated[
        Path | None,
        typer.Option(help="A file with the token clients must show; else $SCRUBJAY_TOKEN."),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(help="A host name browsers know it by, besides localhost; may be repeated."),
    ] = None,
    index_memory: Annotated[
        int,
        typer.Option(min=0, help="MiB that vectors may take in memory; more stay on the disk."),
    ] = 1024,
    log_queries: Annotated[
        bool, typer.Option("--log-queries", help="Write search words of the page to the log.")
    ] = False,
    questions: Annotated[
        int, typer.Option(min=1, help="Questions answered at the same time; more with vlm=remote.")
    ] = 1,
    warm: Annotated[
        bool, typer.Option("--warm", help="Load the models that answer before the first question.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Serve the API and the page until Ctrl-C or SIGTERM.

    A home without an encoder of its own begins with the one that comes with Scrubjay. A new
    champion is noticed and takes over while requests go on. The models that answer are those of
    the home's ask.yaml, else the ones that come with Scrubjay.

    Example: scrubjay serve --port 8000 --home /srv/scrubjay
    """
    from scrubjay.cli.compose import ask_settings, open_to_index
    from scrubjay.core.errors import MissingExtra

    try:
        from scrubjay.web.auth import read_token
        from scrubjay.web.server import serve as listen
        from scrubjay.web.settings import ServeSettings
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "scrubjay":
            raise
        raise MissingExtra("scrubjay serve", "serve") from error
    opened = open_to_index(home)
    settings = ServeSettings(
        host=host,
        port=port,
        token=read_token(token_file),
        names=tuple(name or ()),
        index_bytes=index_memory * 2**20,
        log_queries=log_queries,
        questions=questions,
        warm_models=warm,
    )
    asking = ask_settings(opened.path, overrides or ())
    listen(opened, settings, tell=note, asking=asking)
