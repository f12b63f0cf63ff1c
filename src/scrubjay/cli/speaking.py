"""Texts said aloud: through the speakers where there are any, else into a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer

from scrubjay.cli.frame import note
from scrubjay.core.errors import WrongUse

if TYPE_CHECKING:
    from scrubjay.ask.chain import Asking
    from scrubjay.core.hearing import Spoken

SpeakOption = Annotated[bool, typer.Option("--speak", help="Say it aloud, too.")]
OutOption = Annotated[
    Path | None,
    typer.Option(help="Write what is said into this WAV file.", metavar="FILE.wav"),
]
LanguageOption = Annotated[
    str | None,
    typer.Option("--lang", help="Two-letter code of the language, such as de.", metavar="CODE"),
]

AT_ONCE: Final = 4000
"""Characters given to a voice at once."""
NAMES_TRIED: Final = 1000


def say(
    asking: Asking, text: str, *, language: str | None, out: Path | None, name: str = "answer"
) -> Path | None:
    """Speak a text; without speakers, or where a file is named, write it.

    Args:
        asking: its voice speaks.
        language: two-letter code; None: the voice's own.
        out: the file to write; None: it is played, and written only where nothing can play it.
        name: what a file is called that nobody named: `<name>.wav` in the current folder.

    Returns:
        The file that was written; None when it was played.

    Raises:
        WrongUse: the voice does not speak the language, or the file cannot be written.
        MissingExtra, NotReady, ModelNotFound: there is no voice.
    """
    parts = [asking.speak(part, language=language) for part in portions(text)]
    if out is None and _played(parts):
        return None
    path = out if out is not None else _free_name(name)
    _write(path, parts)
    return path


def tell_where(path: Path | None) -> None:
    """Say where the spoken text is, when it was not played."""
    if path is not None:
        note(f"spoken into {path}")


def portions(text: str, most: int = AT_ONCE) -> Iterator[str]:
    """A text in parts of at most `most` characters, cut at ends of lines, sentences or words."""
    left = text.strip()
    while len(left) > most:
        cuts = (left.rfind(end, most // 2, most) for end in ("\n", ". ", " "))
        at = next((cut + 1 for cut in cuts if cut >= 0), most)
        yield left[:at].strip()
        left = left[at:].strip()
    yield left


def _played(parts: Sequence[Spoken]) -> bool:
    """Play it; False where nothing can."""
    try:
        import sounddevice
    except (ModuleNotFoundError, OSError):  # not installed, or no PortAudio library
        return False
    try:
        sounddevice.query_devices(kind="output")
        for one in parts:
            sounddevice.play(one.samples, one.rate, blocking=True)
    except (sounddevice.PortAudioError, ValueError):  # ValueError: no such device
        return False
    return True


def _write(path: Path, parts: Sequence[Spoken]) -> None:
    from scrubjay.models.wave_bytes import encode_wave

    rate = parts[0].rate
    data = encode_wave(np.concatenate([one.samples for one in parts]), rate)
    try:
        path.write_bytes(data)
    except OSError as error:
        raise WrongUse(
            f"{path} cannot be written: {error.strerror or error}; name another with --out"
        ) from error


def _free_name(name: str) -> Path:
    tried = (Path(f"{name}{'' if n == 1 else f'-{n}'}.wav") for n in range(1, NAMES_TRIED))
    return next((path for path in tried if not path.exists()), Path(f"{name}-{NAMES_TRIED}.wav"))
