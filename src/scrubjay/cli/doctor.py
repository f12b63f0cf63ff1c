"""`scrubjay doctor`: could a month run here now?"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Annotated

import typer

from scrubjay.cli.frame import HomeOption, JsonOption, console, emit

if TYPE_CHECKING:
    from scrubjay.retrain.health.finding import Finding


def doctor(
    overrides: Annotated[
        list[str] | None,
        typer.Argument(
            help="Settings as key=value, as `scrubjay retrain` takes them.",
            metavar="OVERRIDES",
            show_default=False,
        ),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
    send: Annotated[
        bool, typer.Option("--send", help="Send a test message to every notification address.")
    ] = False,
) -> None:
    """Check all that `scrubjay retrain` needs, and say what to do about what is wrong.

    Looks at Python and extras, the home and its disk, the registry, the champion, the source, the
    lease, notifications and metrics. Nothing is changed. Exit code 1 when a check failed.

    \b
    Example: scrubjay doctor
             scrubjay doctor data.source=s3://pictures/incoming --send
    """  # noqa: D301 - \b keeps Typer from joining the lines
    from scrubjay.cli.compose import month_config
    from scrubjay.retrain.health.doctor import configured, examine
    from scrubjay.retrain.health.finding import State
    from scrubjay.services import open_home

    opened = open_home(home)
    said, subject = configured(opened, lambda: month_config(opened.path, overrides or []))
    found: list[Finding] = []
    for one in itertools.chain([said], examine(subject, send=send)):
        found.append(one)
        if not json:
            _show(one)
    failed = any(one.state is State.FAIL for one in found)
    if json:
        emit({"ok": not failed, "checks": [one.to_json() for one in found]})
    if failed:
        raise typer.Exit(1)


def _show(finding: Finding) -> None:
    from rich.markup import escape

    colour = {"ok": "green", "warn": "yellow", "fail": "red"}[finding.state]
    out = console()
    out.print(
        f"[{colour}]{finding.state:<4}[/{colour}]  {finding.name:<9} {escape(finding.says)}"
        + (f" -> {escape(finding.do)}" if finding.do else ""),
        soft_wrap=True,
    )
