"""`scrubjay`: the commands, and what a person sees when one of them fails."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from scrubjay import __version__
from scrubjay.cli.add import add
from scrubjay.cli.ask import ask
from scrubjay.cli.champion import champion
from scrubjay.cli.compare import compare
from scrubjay.cli.demo.command import demo
from scrubjay.cli.describe import describe
from scrubjay.cli.diagnose import diagnose
from scrubjay.cli.doctor import doctor
from scrubjay.cli.evaluate import evaluate
from scrubjay.cli.extract import extract
from scrubjay.cli.feedback import feedback
from scrubjay.cli.forget import forget
from scrubjay.cli.frame import note
from scrubjay.cli.generate import generate
from scrubjay.cli.history import history
from scrubjay.cli.interrupt import listen, pressed
from scrubjay.cli.models import models
from scrubjay.cli.read import read
from scrubjay.cli.retrain import retrain
from scrubjay.cli.rollback import rollback
from scrubjay.cli.search import search
from scrubjay.cli.serve import serve
from scrubjay.cli.sweep import sweep
from scrubjay.cli.train import train
from scrubjay.cli.watch import watch
from scrubjay.core.errors import ScrubjayError

DEBUG_VARIABLE = "SCRUBJAY_DEBUG"


class Interrupted(Exception):
    """Ctrl-C, under a name that Typer does not turn into a silent exit."""


class Commands(TyperGroup):
    """The commands, run so that `main` hears of Ctrl-C."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - as Typer declares it
        """Run one command.

        Raises:
            Interrupted: Ctrl-C was pressed while it ran.
        """
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Interrupted from error


app = typer.Typer(
    name="scrubjay",
    cls=Commands,
    help="Find your own pictures and recordings by typing, speaking or showing; "
    "teach the model behind it from what you add.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for command in (
    *(demo, add, forget, train, sweep, generate, evaluate, diagnose, search, serve),
    *(ask, describe, read, extract, watch, compare),
    *(retrain, history, rollback, doctor),
):
    app.command()(command)
app.add_typer(champion, name="champion")
app.add_typer(models, name="models")
app.add_typer(feedback, name="feedback")


def _version(value: bool) -> None:
    if value:
        typer.echo(f"scrubjay {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Find what you have; learn from it every month."""


def main() -> None:
    """Run one command and leave with the documented exit code.

    0 ok, 1 failed, 2 wrong use, 3 another run holds the lease, 130 interrupted.
    """
    listen()
    try:
        app()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except SystemExit as ended:
        if pressed() and ended.code:
            _interrupted()
        raise
    except (KeyboardInterrupt, Interrupted):
        _interrupted()
    except Exception as error:  # noqa: BLE001 - the last net: a person never sees a traceback
        if os.environ.get(DEBUG_VARIABLE) and not isinstance(error, ScrubjayError):
            traceback.print_exc()
        if pressed():
            _interrupted()
        if isinstance(error, ScrubjayError):
            note(f"scrubjay: {error}")
            sys.exit(error.exit_code)
        note(
            f"scrubjay: this is a defect in Scrubjay, not in your data: "
            f"{type(error).__name__}: {error}\n"
            f"Run it again with {DEBUG_VARIABLE}=1 to see where, and please report it."
        )
        sys.exit(1)


def _interrupted() -> NoReturn:
    note("scrubjay: interrupted; what was finished is kept")
    sys.exit(130)
