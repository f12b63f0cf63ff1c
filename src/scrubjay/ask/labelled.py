"""Somebody's own questions with their right answers: a JSONL file of image, question, answer."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

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
        return _decoded(self.path)


def read_labelled(file: Path) -> tuple[Labelled, ...]:
    """Read them.

    Args:
        file: one JSON object a line: `image` (a path, from the file's folder), `question`, and
            `answer` (a text, or a list of texts that are all right).

    Raises:
        WrongUse: it cannot be read, or a line is not of that form.
        BadMedia: a picture that cannot be used.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"the questions {file} cannot be read: {error}") from error
    if len(lines) > MOST:
        raise WrongUse(f"{file} has {len(lines):,} lines; give at most {MOST:,}")
    hashes: dict[Path, str] = {}
    return tuple(
        _labelled(line, file.parent, f"{file}, line {number}", hashes)
        for number, line in enumerate(lines, start=1)
        if line.strip()
    )


def _labelled(line: str, folder: Path, where: str, hashes: dict[Path, str]) -> Labelled:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise WrongUse(f"{where} is not JSON: {error}") from error
    if not isinstance(told, dict):
        raise WrongUse(f"{where} must be an object of image, question and answer")
    answers = told.get("answer")
    answers = answers if isinstance(answers, list) else [answers]
    texts = [told.get("image"), told.get("question"), *answers]
    if not answers or not all(isinstance(one, str) and one.strip() for one in texts):
        raise WrongUse(f"{where} must have image, question and answer, each a text")
    path = (folder / told["image"]).absolute()
    if path not in hashes:
        hashes[path] = hashlib.sha256(_bytes(path, where)).hexdigest()
        _decoded(path)
    return Labelled(path, hashes[path], told["question"], tuple(answers))


def _bytes(path: Path, where: str) -> bytes:
    try:
        if path.stat().st_size > MediaLimits().max_bytes:
            raise WrongUse(f"{where}: {path} is too large")
        return path.read_bytes()
    except OSError as error:
        raise WrongUse(f"{where}: {path} cannot be read: {error.strerror or error}") from error


@lru_cache(maxsize=32)
def _decoded(path: Path) -> Shown:
    from scrubjay.media.image import decode_picture

    try:
        return Shown(path.name, decode_picture(_bytes(path, path.name)))
    except BadMedia as error:
        raise BadMedia(error.reason, str(path)) from error
