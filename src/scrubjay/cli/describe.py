"""`scrubjay describe`: a picture in words, for somebody who cannot see it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scrubjay.cli.answers import show_answer, shown_picture, tell_step
from scrubjay.cli.frame import HomeOption, JsonOption, Overrides, emit
from scrubjay.cli.speaking import LanguageOption, OutOption, SpeakOption, say, tell_where
from scrubjay.core.errors import WrongUse


def describe(
    picture: Annotated[Path, typer.Argument(help="The picture.", show_default=False)],
    overrides: Overrides = None,
    speak: SpeakOption = False,
    out: OutOption = None,
    lang: LanguageOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Say what a picture shows, what stands where, what is written in it, and what is uncertain.

    Example: scrubjay describe desk.jpg --speak

    Example: scrubjay describe desk.jpg --lang de vlm=transformers vlm.source=FOLDER
    """
    from scrubjay.cli.compose import ask_settings
    from scrubjay.services import open_asking, open_home

    if out is not None and not speak:
        raise WrongUse("--out is where --speak writes; give both")
    opened = open_home(home)
    asking = open_asking(opened, ask_settings(opened.path, overrides or ()))
    answer = asking.describe(shown_picture(picture), language=lang, on_step=tell_step)
    if not json:
        show_answer(answer)
    path = (
        say(asking, answer.text, language=answer.language, out=out, name="description")
        if speak
        else None
    )
    if json:
        emit({**answer.to_json(), "spoken": None if path is None else str(path)})
    tell_where(path)
