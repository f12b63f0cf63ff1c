"""The owner's own questions, with what is right: a JSONL file that every model is asked from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scrubjay.ask.answer import Shown
from scrubjay.ask.labelled import Hashes, json_lines, shown_file
from scrubjay.ask.language import language_code
from scrubjay.ask.question import Asks, asks
from scrubjay.core.errors import WrongUse

MOST_PICTURES: Final = 16
KNOWN: Final = (
    *("image", "images", "question", "answer", "answers"),
    *("unanswerable", "choices", "language", "id"),
)


@dataclass(frozen=True, slots=True)
class Posed:
    """A question with what is right.

    Attributes:
        name: the owner's, else its place in the file, from 1.
        pictures: it is about, at least one.
        sha256s: of their bytes.
        answers: that are right; none: nobody could tell.
        annotated: whether each answer is one annotator's, who may differ; else all are right.
        unanswerable: whether nobody could tell; None: that is not labelled.
        choices: among which the answer is; none: it is free.
        language: two-letter code.
    """

    name: str
    pictures: tuple[Path, ...]
    sha256s: tuple[str, ...]
    question: str
    answers: tuple[str, ...] = ()
    annotated: bool = False
    unanswerable: bool | None = None
    choices: tuple[str, ...] = ()
    language: str | None = None

    @property
    def shown(self) -> tuple[Shown, ...]:
        """Its pictures, decoded."""
        return tuple(shown_file(path) for path in self.pictures)

    @property
    def asks(self) -> Asks:
        """What kind of answer it wants."""
        return asks(self.question)

    @property
    def group(self) -> str:
        """Equal for questions about the same pictures, which succeed and fail together."""
        return " ".join(self.sha256s)


def read_questions(file: Path) -> tuple[Posed, ...]:
    """Read them.

    Args:
        file: one JSON object a line: `image` or `images` (paths, from the file's folder),
            `question`, and `answers` (a list, one an annotator) or `answer` (a text, or a list of
            texts that are all right). `unanswerable`, `choices`, `language` and `id` may be added.

    Raises:
        WrongUse: it cannot be read, has no questions, or a line is not of that form; the message
            names the line.
        BadMedia: a picture that cannot be used.
    """
    hashes = Hashes()
    posed = tuple(
        _posed(told, file.parent, where, str(number), hashes)
        for number, (where, told) in enumerate(json_lines(file), start=1)
    )
    if not posed:
        raise WrongUse(f"{file} holds no questions; write one JSON object a line")
    return posed


def digest(questions: Sequence[Posed]) -> str:
    """Changes when what is asked does; what is right may be corrected without asking again."""
    asked = [[one.question, one.sha256s, one.choices, one.language] for one in questions]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def _posed(told: dict[str, Any], folder: Path, where: str, name: str, hashes: Hashes) -> Posed:
    for key in told:
        if key not in KNOWN:
            raise WrongUse(f"{where}: {key!r} means nothing here; known: {', '.join(KNOWN)}")
    question = told.get("question")
    if not isinstance(question, str) or not question.strip():
        raise WrongUse(f"{where} must have a question, as a text")
    images = _texts(told, "images", where) or _texts(told, "image", where)
    if not 1 <= len(images) <= MOST_PICTURES:
        raise WrongUse(f"{where} must have an image, or 1 to {MOST_PICTURES} images, as paths")
    unanswerable = told.get("unanswerable")
    if unanswerable is not None and not isinstance(unanswerable, bool):
        raise WrongUse(f"{where}: unanswerable must be true or false, not {unanswerable!r}")
    answers = _texts(told, "answers", where) or _texts(told, "answer", where)
    if not answers and unanswerable is not True:
        raise WrongUse(f'{where} must have answers, or "unanswerable": true')
    paths = tuple((folder / image).absolute() for image in images)
    language = told.get("language")
    given = told.get("id", name)
    return Posed(
        name=str(given)[:100],
        pictures=paths,
        sha256s=tuple(hashes.of(path, where) for path in paths),
        question=question.strip(),
        answers=() if unanswerable else answers,
        annotated=bool(told.get("answers")),
        unanswerable=unanswerable,
        choices=_texts(told, "choices", where),
        language=None if language is None else _language(language, where),
    )


def _texts(told: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    given = told.get(key)
    if given is None:
        return ()
    some = given if isinstance(given, list) else [given]
    if not all(isinstance(one, str) and one.strip() for one in some):
        raise WrongUse(f"{where}: {key} must be a text or a list of texts, none of them empty")
    return tuple(one.strip() for one in some)


def _language(told: object, where: str) -> str:
    try:
        return language_code(str(told))
    except WrongUse as error:
        raise WrongUse(f"{where}: {error}") from error
