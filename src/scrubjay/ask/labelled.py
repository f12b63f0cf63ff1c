"""Somebody's own questions with their right answers: a JSONL file of image, question, answer."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from scrubjay.ask.answer import Shown
from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia, WrongUse

MOST: Final = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A question about a picture, with every answer that is right.

    Attributes:
        path: of the picture.
        sha256: of its bytes.
        answers: at least one; the first is the one shown in examples.
    """

    path: Path
    sha256: str
    question: str
    answers: tuple[str, ...]

    @property
    def shown(self) -> Shown:
        """The picture; the last few are kept decoded."""
        return shown_file(self.path)


def read_labelled(file: Path) -> tuple[Labelled, ...]:
    """Read them.

    Args:
        file: one JSON object a line: `image` (a path, from the file's folder), `question`, and
            `answer` (a text, or a list of texts that are all right), or `answers` as
            `scrubjay compare` reads them. What is labelled `unanswerable` is passed over.

    Raises:
        WrongUse: it cannot be read, or a line is not of that form.
        BadMedia: a picture that cannot be used.
    """
    hashes = Hashes()
    return tuple(
        _labelled(told, file.parent, where, hashes)
        for where, told in json_lines(file)
        if told.get("unanswerable") is not True
    )


def json_lines(file: Path) -> list[tuple[str, dict[str, Any]]]:
    """The objects of a JSONL file, each with where it stands; empty lines are passed over.

    Raises:
        WrongUse: it cannot be read, is too long, or a line is no object.
    """
    try:
        # Not `splitlines`, which also splits at what may stand inside a text.
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"the questions {file} cannot be read: {error}") from error
    if len(lines) > MOST + 1:
        raise WrongUse(f"{file} has {len(lines):,} lines; give at most {MOST:,}")
    found = []
    for number, line in enumerate(lines, start=1):
        where = f"{file}, line {number}"
        try:
            told = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError) as error:
            raise WrongUse(f"{where} is not JSON: {error}") from error
        if line.strip() and not isinstance(told, dict):
            raise WrongUse(f'{where} must be an object, such as {{"question": ...}}')
        if told is not None:
            found.append((where, told))
    return found


class Hashes:
    """Picture files with the sha256 of their bytes, each read and decoded once."""

    def __init__(self) -> None:
        self._known: dict[Path, str] = {}

    def of(self, path: Path, where: str) -> str:
        """Of a file.

        Raises:
            WrongUse: it cannot be read; `where` it was named is said.
            BadMedia: it is no picture.
        """
        if path not in self._known:
            self._known[path] = hashlib.sha256(_bytes(path, where)).hexdigest()
            shown_file(path)
        return self._known[path]


def _labelled(told: dict[str, Any], folder: Path, where: str, hashes: Hashes) -> Labelled:
    answers = told.get("answer", told.get("answers"))
    answers = answers if isinstance(answers, list) else [answers]
    texts = [told.get("image"), told.get("question"), *answers]
    if not answers or not all(isinstance(one, str) and one.strip() for one in texts):
        raise WrongUse(f"{where} must have image, question and answer, each a text")
    path = (folder / told["image"]).absolute()
    unlike = tuple(dict.fromkeys(answers))
    return Labelled(path, hashes.of(path, where), told["question"], unlike)


def _bytes(path: Path, where: str) -> bytes:
    try:
        if path.stat().st_size > MediaLimits().max_bytes:
            raise WrongUse(f"{where}: {path} is too large")
        return path.read_bytes()
    except OSError as error:
        raise WrongUse(f"{where}: {path} cannot be read: {error.strerror or error}") from error


@lru_cache(maxsize=32)
def shown_file(path: Path) -> Shown:
    """The picture in a file, which was readable before; the last few are kept decoded.

    Raises:
        BadMedia: it is no picture.
    """
    from scrubjay.media.image import decode_picture

    try:
        return Shown(path.name, decode_picture(_bytes(path, path.name)))
    except BadMedia as error:
        raise BadMedia(error.reason, str(path)) from error
