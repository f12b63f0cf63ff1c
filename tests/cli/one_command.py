"""One command of the program, run within a test as if it were typed."""

from __future__ import annotations

from collections.abc import Callable

import typer
from typer.testing import CliRunner, Result

FAKES = ("vlm=fake", "ocr=fake", "asr=fake", "tts=fake")
"""Arguments that choose the fake models."""


def running(command: Callable[..., None]) -> Callable[..., Result]:
    """What runs a command with its arguments; an error it raises is raised there, too."""
    app = typer.Typer()
    app.command()(command)

    def run(*arguments: object) -> Result:
        result = CliRunner().invoke(app, [str(one) for one in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run
