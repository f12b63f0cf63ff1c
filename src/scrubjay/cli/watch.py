"""`scrubjay watch`: a question about a video, answered with the moments the answer rests on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scrubjay.cli.answers import show_answer, shown_picture, tell_step
from scrubjay.cli.ask import examples_of, microphone_sound, recorded_question
from scrubjay.cli.frame import HomeOption, JsonOption, emit, note, progress_bar
from scrubjay.cli.microphone import MicrophoneOption, SecondsOption
from scrubjay.cli.speaking import LanguageOption, OutOption, SpeakOption, say, tell_where
from scrubjay.core.errors import BadMedia, WrongUse
from scrubjay.core.types import Kind

if TYPE_CHECKING:
    from scrubjay.ask.answer import Shown
    from scrubjay.ask.chain import Asking


def watch(
    video: Annotated[str, typer.Argument(help="A video file, or an item's id.")],
    question: Annotated[
        list[str] | None,
        typer.Argument(
            help="The question, unless it is spoken; then settings as for `scrubjay ask`, such as "
            "vlm=transformers vlm.source=FOLDER asr=faster_whisper.",
            metavar="[QUESTION] [OVERRIDES]",
            show_default=False,
        ),
    ] = None,
    speech: Annotated[Path | None, typer.Option(help="The question as a recording.")] = None,
    microphone: MicrophoneOption = False,
    seconds: SecondsOption = 15.0,
    example: Annotated[
        list[str] | None,
        typer.Option(
            help="A video or picture with its right answer; may be repeated.", metavar="FILE=TEXT"
        ),
    ] = None,
    wrong: Annotated[
        list[str] | None,
        typer.Option(
            help="An answer that would be wrong for a file of --example; may be repeated.",
            metavar="FILE=TEXT",
        ),
    ] = None,
    speak: SpeakOption = False,
    out: OutOption = None,
    lang: LanguageOption = None,
    k: Annotated[
        int | None,
        typer.Option("--k", "-k", help="Shots of a long video that are looked at, 1 to 100."),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Answer a question about a video, with the moments the answer rests on.

    A long video's shots are described, heard and read once; later questions find all that again
    where the video is an item of the home. What cannot be told is said so.

    Example: scrubjay watch kitchen.mp4 "how many cups are on the table?"

    Example: scrubjay watch match.mp4 "is it a goal?" --example a.mp4=goal --wrong a.mp4=save
    """
    from scrubjay.ask.answer import Asked
    from scrubjay.cli.compose import ask_settings
    from scrubjay.services import open_asking, open_clip, open_home

    words = list(question or ())
    spoken = speech is not None or microphone
    typed = words.pop(0) if words and not spoken else None
    if typed is None and not spoken:
        raise WrongUse(
            'ask something: scrubjay watch VIDEO "what happens?", or speak with --speech FILE or '
            "--microphone"
        )
    if speech is not None and microphone:
        raise WrongUse("give one recording: --speech FILE or --microphone")
    if out is not None and not speak:
        raise WrongUse("--out is where --speak writes; give both")
    opened = open_home(home)
    asking = open_asking(opened, ask_settings(opened.path, words))
    clip = open_clip(opened, video)
    sound = recorded_question(speech) if speech is not None else None
    asked = Asked(
        question=typed,
        sound=microphone_sound(seconds) if microphone else sound,
        examples=tuple(examples_of(example or (), wrong or (), _shown(asking))),
        language=lang,
        k=k,
    )
    with progress_bar() as progress:
        answer = asking.watch(clip, asked, on_step=tell_step, progress=progress)
    if spoken and answer.question:
        note(f"heard: {answer.question}")
    if not json:
        show_answer(answer)
    path = say(asking, answer.text, language=answer.language, out=out) if speak else None
    if json:
        emit({**answer.to_json(), "spoken": None if path is None else str(path)})
    tell_where(path)


def _shown(asking: Asking) -> Callable[[Path], Shown]:
    """What opens an example: a picture, or some frames of a video."""
    from scrubjay.ask.clip import handed_over_clip
    from scrubjay.media.sniff import HEAD_BYTES, sniff

    def shown(path: Path) -> Shown:
        try:
            with path.open("rb") as file:
                head = file.read(HEAD_BYTES)
        except OSError as error:
            raise WrongUse(f"{path} cannot be read: {error.strerror or error}") from error
        if sniff(head) is Kind.IMAGE:
            return shown_picture(path)
        try:
            return asking.shown_clip(handed_over_clip(path))
        except BadMedia as error:
            raise BadMedia(error.reason, str(path)) from error

    return shown
