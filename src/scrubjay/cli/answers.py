"""An answer as a person reads it in a terminal: the text, what it rests on, how long it took."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scrubjay.cli.frame import note
from scrubjay.core.errors import BadMedia, WrongUse

if TYPE_CHECKING:
    from scrubjay.ask.answer import Answer, Clue, Shown, Source, Step

MOST_CLUES: Final = 8
"""Lines of evidence a source is shown with; --json has all."""
MOST_CHARACTERS: Final = 160

_WORDS: Final = {"text": "written", "speech": "said", "caption": "described as", "seen": "seen"}


def show_answer(answer: Answer, *, said: bool = False) -> None:
    """The answer on standard output; notes on standard error.

    Args:
        said: whether the text itself was written already.
    """
    if not said:
        sys.stdout.write(printable_lines(answer.text) + "\n")
    for line in evidence_lines(answer):
        sys.stdout.write(line + "\n")
    for one in answer.notes:
        note(printable_lines(one))


def evidence_lines(answer: Answer) -> Iterator[str]:
    """A line a source, and below it what was seen, read and heard in it."""
    from scrubjay.ask.writing import cited, percent

    named = cited(answer.text)
    shown = [one for one in answer.sources if not named or one.number in named]
    if answer.confidence is not None and answer.told:
        yield f"  {percent(answer.confidence)} sure"
    for source in shown:
        yield f"  {_source(source)}"
        clues = [
            clue
            for clue in answer.clues
            if clue.source == source.number and _tells_more(clue, answer)
        ]
        for clue in clues[:MOST_CLUES]:
            yield f"      {_clue(clue)}"
        if len(clues) > MOST_CLUES:
            yield f"      and {len(clues) - MOST_CLUES} more"


def tell_step(step: Step) -> None:
    """A step that has ended, on standard error."""
    by = f" by {step.by}" if step.by else ""
    note(f"{step.name} {step.seconds:.1f} s{by}")


def shown_picture(path: Path) -> Shown:
    """A picture file as it is handed over.

    Raises:
        WrongUse: it cannot be read.
        BadMedia: it is no picture.
    """
    from scrubjay.ask.answer import Shown
    from scrubjay.cli.search import query_file
    from scrubjay.media.image import decode_picture

    data = query_file(path)
    try:
        return Shown(path.name, decode_picture(data))
    except BadMedia as error:
        raise BadMedia(error.reason, str(path)) from error


def split_named(given: str, option: str) -> tuple[Path, str]:
    """`FILE=TEXT`, taken apart at the first `=` that a file stands before.

    Raises:
        WrongUse: it is not of that form.
    """
    parts = given.split("=")
    for at in range(1, len(parts)):
        path, text = Path("=".join(parts[:at])), "=".join(parts[at:]).strip()
        if text and path.is_file():
            return path, text
    raise WrongUse(
        f"{option} {given!r} is not understood; write a picture and its answer, such as "
        f"{option} cup.jpg=mug"
    )


def printable_lines(text: str) -> str:
    """A text on its own lines, without characters that would steer the terminal."""
    from scrubjay.cli.search import printable

    return "\n".join(printable(line) for line in text.splitlines())


def _source(source: Source) -> str:
    name = printable_lines(source.name)
    parts = [f"[{source.number}] {name}"]
    if source.id is not None:
        parts.append(f"({printable_lines(source.id)})")
    if source.score is not None:
        parts.append(f"near {source.score:.2f}")
    return " ".join(parts)


def _clue(clue: Clue) -> str:
    from scrubjay.ask.describing import place
    from scrubjay.ask.writing import percent

    text = printable_lines(clue.text)
    if len(text) > MOST_CHARACTERS:
        text = text[: MOST_CHARACTERS - 1].rstrip() + "…"
    when = "" if clue.start_s is None or clue.end_s is None else _span(clue.start_s, clue.end_s)
    sure = "" if clue.confidence is None else f" ({percent(clue.confidence)})"
    where = "" if clue.box is None else f", {place(clue.box)}"
    return f"{_WORDS.get(clue.kind, clue.kind)}{when}: {text}{sure}{where}"


def _span(start_s: float, end_s: float) -> str:
    from scrubjay.cli.search import clock

    return f" at {clock(start_s)}-{clock(end_s)}"


def _tells_more(clue: Clue, answer: Answer) -> bool:
    """Whether a clue says what the answer does not."""
    return clue.text != answer.text
