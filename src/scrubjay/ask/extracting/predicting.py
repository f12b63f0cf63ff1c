"""Predictions of a whole CSV file: each picture read once, and nothing done twice after a kill.

What is answered is kept beside the file to be written, a line of JSON a picture, under the key of
the questions and the models. A run that was killed goes on after the last whole line. The
predictions appear under their name all at once, when every question is answered.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path
from typing import Any, Final

from scrubjay.ask.answer import Shown
from scrubjay.ask.extracting.chain import Extracting
from scrubjay.ask.extracting.challenge_csv import Row, predictions
from scrubjay.ask.extracting.entities import Entity
from scrubjay.ask.extracting.f1 import F1, f1
from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia, WrongUse
from scrubjay.core.failpoint import failpoint
from scrubjay.core.protocols import Progress, silent
from scrubjay.store.durable import locked, write_durably

POINT: Final = "extract"
LOCK_WAIT_S: Final = 1.0

OnProblem = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Predicted:
    """What a CSV file was answered.

    Attributes:
        answers: (index, prediction) in the order of the questions.
        pictures: that were looked into.
        kept: of these, answered by a run before.
        problems: pictures that could not be read, with the reason.
        f1: by the challenge's rules; None: the file does not have the right answers.
    """

    answers: tuple[tuple[str, str], ...]
    pictures: int
    kept: int
    problems: tuple[str, ...]
    f1: F1 | None

    @property
    def answered(self) -> int:
        """Questions with a prediction."""
        return sum(bool(prediction) for _, prediction in self.answers)

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "questions": len(self.answers),
            "answered": self.answered,
            "pictures": self.pictures,
            "kept": self.kept,
            "problems": list(self.problems),
            "score": None if self.f1 is None else self.f1.to_json(),
        }


def predict(
    rows: Sequence[Row],
    extracting: Extracting,
    out: Path,
    *,
    progress: Progress = silent,
    on_problem: OnProblem | None = None,
) -> Predicted:
    """Answer every question and write the predictions.

    Args:
        rows: the questions; a picture is read once however many are about it.
        extracting: what answers.
        out: file of the predictions; one that is there is replaced when all is done.
        progress: hears of pictures.
        on_problem: hears of each picture that cannot be read, as it is met.

    Raises:
        WrongUse: there is no folder for it.
        Conflict: another run is writing it.
        MissingExtra, ModelNotFound: a model that is needed cannot be loaded.
    """
    if not out.parent.is_dir() or out.is_dir():
        raise WrongUse(f"the predictions cannot be written to {out}: name a file in a folder")
    about: dict[Path, list[Entity]] = {}
    for row in rows:
        asked = about.setdefault(row.picture, [])
        asked += [] if row.entity in asked else [row.entity]
    with locked(
        out.with_name(f".{out.name}.lock"), "extracting into this file", wait_s=LOCK_WAIT_S
    ):
        kept = out.with_name(f".{out.name}.part")
        told, before = _answered(
            about, extracting, kept, _key(rows, extracting), progress, on_problem
        )
        answers = tuple((row.index, told[row.picture].answers[row.entity]) for row in rows)
        write_durably(out, predictions(answers), point=POINT)
        kept.unlink(missing_ok=True)
    known = [row.truth for row in rows if row.truth is not None]
    pairs = zip([said for _, said in answers], known, strict=False)
    return Predicted(
        answers,
        pictures=len(about),
        kept=before,
        problems=tuple(one.problem for one in told.values() if one.problem),
        f1=f1(pairs) if len(known) == len(rows) else None,
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """Of one picture: a prediction an entity, or why there is none."""

    answers: Mapping[Entity, str]
    problem: str = ""


def _answered(
    about: Mapping[Path, Sequence[Entity]],
    extracting: Extracting,
    kept: Path,
    key: str,
    progress: Progress,
    on_problem: OnProblem | None,
) -> tuple[dict[Path, _Told], int]:
    """What every picture says, and how many were known."""
    with _opened(kept) as file:
        told = _known(file, key, about)
        before = len(told)
        for picture, entities in about.items():
            progress("pictures", len(told), len(about))
            if picture in told:
                continue
            told[picture] = one = _of(picture, entities, extracting)
            failpoint(f"{POINT}.before_append")
            _append(file, {"picture": str(picture), "answers": one.answers, "problem": one.problem})
            failpoint(f"{POINT}.after_append")
            if one.problem and on_problem is not None:
                on_problem(one.problem)
        progress("pictures", len(told), len(about))
        os.fsync(file.fileno())
    return told, before


def _of(picture: Path, entities: Sequence[Entity], extracting: Extracting) -> _Told:
    try:
        shown = Shown(picture.name, _decoded(picture))
    except BadMedia as error:
        return _Told(dict.fromkeys(entities, ""), str(error))
    found = extracting.extract(shown, entities)
    return _Told({one.entity: one.prediction for one in found.answers})


def _decoded(picture: Path) -> Any:  # noqa: ANN401 - a Picture
    from scrubjay.media.image import decode_picture

    try:
        data = _bytes(picture)
        return decode_picture(data)
    except OSError as error:
        raise BadMedia(f"cannot be read: {error.strerror or error}", str(picture)) from error
    except BadMedia as error:
        raise BadMedia(error.reason, str(picture)) from error


def _bytes(picture: Path) -> bytes:
    if picture.stat().st_size > MediaLimits().max_bytes:
        raise BadMedia("the file is too large")
    return picture.read_bytes()


def _key(rows: Sequence[Row], extracting: Extracting) -> str:
    digest = hashlib.sha256(extracting.fingerprint.encode())
    for row in rows:
        digest.update(f"\n{row.picture}\t{row.entity}".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _opened(kept: Path) -> BufferedRandom:
    descriptor = os.open(kept, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    return os.fdopen(descriptor, "r+b")


def _known(
    file: BufferedRandom, key: str, about: Mapping[Path, Sequence[Entity]]
) -> dict[Path, _Told]:
    """What a run before kept, if it was of the same questions; a torn last line is dropped."""
    first, *others = file.read().split(b"\n")
    whole, told = 0, dict[Path, _Told]()
    if others and _of_key(first, key):
        whole = len(first) + 1
        for line in others[:-1]:
            one = _kept(line)
            if one is None:
                break
            whole += len(line) + 1
            if one[0] in about:
                told[one[0]] = one[1]
    file.seek(whole)
    file.truncate()
    if not whole:
        _append(file, {"key": key})
    return told


def _of_key(line: bytes, key: str) -> bool:
    try:
        return bool(json.loads(line) == {"key": key})
    except ValueError:
        return False


def _kept(line: bytes) -> tuple[Path, _Told] | None:
    """A line as it was appended; None: it is none."""
    try:
        told = json.loads(line)
        answers = {Entity(name): str(value) for name, value in told["answers"].items()}
        return Path(told["picture"]), _Told(answers, str(told["problem"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _append(file: BufferedRandom, record: Mapping[str, Any]) -> None:
    file.write(json.dumps(record).encode() + b"\n")
    file.flush()
