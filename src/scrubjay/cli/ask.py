"""`scrubjay ask`: a question about pictures, or about everything that was put away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scrubjay.cli.answers import show_answer, shown_picture, split_named, tell_step
from scrubjay.cli.frame import HomeOption, JsonOption, emit, note
from scrubjay.cli.microphone import MicrophoneOption, SecondsOption
from scrubjay.cli.search import query_file
from scrubjay.cli.speaking import LanguageOption, OutOption, SpeakOption, say, tell_where
from scrubjay.core.errors import BadMedia, WrongUse
from scrubjay.core.types import Kind

if TYPE_CHECKING:
    from scrubjay.ask.answer import Asked, Example, Shown
    from scrubjay.core.types import Sound

MOST_SPOKEN_S = 60.0
"""Seconds of a spoken question."""


def ask(
    question: Annotated[
        list[str] | None,
        typer.Argument(
            help="The question, unless it is spoken; then settings as key=value, such as "
            "vlm=transformers vlm.source=FOLDER prompt=rules sampling.temperature=0.7.",
            metavar="[QUESTION] [OVERRIDES]",
            show_default=False,
        ),
    ] = None,
    image: Annotated[
        list[Path] | None,
        typer.Option("--image", "-i", help="A picture it is about; may be repeated."),
    ] = None,
    speech: Annotated[Path | None, typer.Option(help="The question as a recording.")] = None,
    microphone: MicrophoneOption = False,
    seconds: SecondsOption = 15.0,
    example: Annotated[
        list[str] | None,
        typer.Option(help="A picture with its right answer; may be repeated.", metavar="FILE=TEXT"),
    ] = None,
    wrong: Annotated[
        list[str] | None,
        typer.Option(
            help="An answer that would be wrong for a picture of --example; may be repeated.",
            metavar="FILE=TEXT",
        ),
    ] = None,
    speak: SpeakOption = False,
    out: OutOption = None,
    lang: LanguageOption = None,
    where: Annotated[
        str | None, typer.Option(help="Look only at items of which this is true.")
    ] = None,
    kind: Annotated[
        list[Kind] | None, typer.Option(help="Look only at this kind; may be repeated.")
    ] = None,
    k: Annotated[
        int | None, typer.Option("--k", "-k", help="Items that are looked at, 1 to 100.")
    ] = None,
    optimise: Annotated[
        Path | None,
        typer.Option(
            help="Search the prompt that answers your own labelled questions best: a JSONL file "
            "of image, question, answer.",
            metavar="QUESTIONS",
        ),
    ] = None,
    save: Annotated[
        str, typer.Option(help="What the prompt that --optimise finds is called.", metavar="NAME")
    ] = "mine",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Answer a question, typed or spoken, with what the answer rests on.

    Without --image it is answered from the collection, and the answer cites its items. What cannot
    be told is said so.

    Example: scrubjay ask "how many cups are on the table?" --image desk.jpg

    Example: scrubjay ask --speech question.wav --speak

    Example: scrubjay ask "which one?" --image a.jpg --example b.jpg=ripe --example c.jpg=rotten

    Example: scrubjay ask --optimise questions.jsonl --save mine vlm=remote vlm.url=URL vlm.model=M
    """
    from scrubjay.cli.compose import ask_settings
    from scrubjay.services import open_asking, open_home

    words = list(question or ())
    spoken = speech is not None or microphone
    typed = words.pop(0) if words and not spoken and optimise is None else None
    if optimise is None and typed is None and not spoken:
        raise WrongUse(
            'ask something: scrubjay ask "what is this?" --image FILE, or speak with --speech FILE '
            "or --microphone"
        )
    if speech is not None and microphone:
        raise WrongUse("give one recording: --speech FILE or --microphone")
    if out is not None and not speak:
        raise WrongUse("--out is where --speak writes; give both")
    opened = open_home(home)
    asking = open_asking(opened, ask_settings(opened.path, words))
    if optimise is not None:
        from scrubjay.cli.optimise import run

        run(asking, optimise, name=save, folder=opened.prompts, as_json=json)
        return
    asked = _asked(typed, image or (), example or (), wrong or ())
    from dataclasses import replace

    asked = replace(
        asked,
        sound=microphone_sound(seconds)
        if microphone
        else recorded_question(speech)
        if speech
        else None,
        language=lang,
        where=where,
        k=k,
        kinds=frozenset(kind) if kind else None,
    )
    answer = asking.ask(asked, on_step=tell_step)
    if spoken and answer.question:
        note(f"heard: {answer.question}")
    if not json:
        show_answer(answer)
    path = say(asking, answer.text, language=answer.language, out=out) if speak else None
    if json:
        emit({**answer.to_json(), "spoken": None if path is None else str(path)})
    tell_where(path)


def _asked(
    question: str | None, images: Sequence[Path], examples: Sequence[str], wrong: Sequence[str]
) -> Asked:
    from scrubjay.ask.answer import Asked

    return Asked(
        question=question,
        pictures=tuple(shown_picture(path) for path in images),
        examples=tuple(examples_of(examples, wrong)),
    )


def examples_of(
    given: Sequence[str], wrong: Sequence[str], shown: Callable[[Path], Shown] = shown_picture
) -> list[Example]:
    """Examples as `FILE=TEXT`, each with the wrong answer that names its file, if one does.

    Args:
        shown: what a file is as an example.

    Raises:
        WrongUse: one is not of that form, or a wrong answer is for no example.
        BadMedia: a file cannot be shown.
    """
    from scrubjay.ask.answer import Example

    contrasts = dict(split_named(one, "--wrong") for one in wrong)
    examples = []
    for one in given:
        path, answer = split_named(one, "--example")
        examples.append(Example(shown(path), answer, wrong=contrasts.pop(path, None)))
    if contrasts:
        raise WrongUse(
            f"--wrong names {next(iter(contrasts))}, which no --example shows; give its right "
            f"answer, too"
        )
    return examples


def recorded_question(path: Path) -> Sound:
    """A question that was recorded.

    Raises:
        WrongUse: the file cannot be read.
        BadMedia: it is no recording, or too long for a question.
    """
    from scrubjay.core.config import MediaLimits
    from scrubjay.media.sandbox import decode_sound

    try:
        return decode_sound(query_file(path), limits=MediaLimits(max_sound_s=MOST_SPOKEN_S))
    except BadMedia as error:
        raise BadMedia(error.reason, str(path)) from error


def microphone_sound(seconds: float) -> Sound:
    """A question spoken now; raises as `record`."""
    from scrubjay.cli.microphone import record

    told = f"listening: speak, then pause (at most {seconds:g} seconds)"
    return record(seconds, ready=lambda: note(told))
