"""What a run says while it goes on: JSON lines for machines, plain lines for people."""

from __future__ import annotations

import json
import math
import numbers
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scrubjay.core.errors import NotReady, UnknownName
from scrubjay.retrain.telling.masks import Masks

LEVELS = ("debug", "info", "warning", "error")
SHOWN_FROM = "info"
"""The lowest level a person sees."""
LONGEST = 4096
"""Characters of one text in an event; what is longer is cut and says so."""


class EventLog:
    """One JSON object a line: `at`, `run`, `level`, `event`, then `step`, `item` and more.

    A line is written with one call, so two writers never mix theirs; a line that a killed writer
    left unfinished stays alone. Secrets are masked before anything is written or shown.
    """

    def __init__(
        self,
        run: str,
        path: Path,
        human: Callable[[str], None] | None = None,
        *,
        as_json: bool = False,
        secrets: Iterable[str] = (),
    ) -> None:
        """Open the log to append to it.

        Args:
            human: shown every line from `info` upwards, as text.
            as_json: show the lines as they are written: for whoever gathers a container's output.
            secrets: what must be masked besides the environment's keys, such as
                `Notifier.secrets`.

        Raises:
            NotReady: the file cannot be written.
        """
        self._run = run
        self._human, self._as_json = human, as_json
        self._masks = Masks(secrets)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._file: int | None = os.open(path, flags, 0o666)
            if not _ends_a_line(self._file):
                os.write(self._file, b"\n")
        except OSError as error:
            raise NotReady(
                f"the log {path} cannot be written ({error.strerror}); make its folder writable"
            ) from error

    def say(
        self,
        event: str,
        *,
        step: str | None = None,
        level: str = "info",
        item: str | None = None,
        **fields: Any,  # noqa: ANN401 - whatever JSON can say
    ) -> None:
        """Write one event.

        A full disk or a closed log loses the line, never the run.

        Args:
            event: what happened, in a few words that stay the same.
            step: of the pipeline.
            item: the item's id, where it is about one.
            fields: figures and texts; NumPy numbers, paths and dates are made plain.

        Raises:
            UnknownName: a level that is none.
        """
        if level not in LEVELS:
            raise UnknownName("level", level, LEVELS)
        about = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "run": self._run,
            "level": level,
            "event": event,
            "step": step,
            "item": item,
        }
        kept = {name: value for name, value in about.items() if value is not None}
        masked = self._masks.values({**plain(fields), **kept})
        line = {name: masked[name] for name in (*kept, *fields)}
        written = json.dumps(line, ensure_ascii=False)
        self._write(written)
        if self._human is not None and LEVELS.index(level) >= LEVELS.index(SHOWN_FROM):
            self._human(written if self._as_json else shown(line))

    def _write(self, line: str) -> None:
        if self._file is None:
            return
        try:
            os.write(self._file, line.encode("utf-8", "backslashreplace") + b"\n")
        except OSError as error:
            if self._human is not None:
                self._human(f"warning: the log could not be written: {error.strerror}")

    def close(self) -> None:
        """Close the file; what is said afterwards only a person sees."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        """The log itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


def shown(line: Mapping[str, Any]) -> str:
    """An event as a person reads it: `14:03:07 fit: epoch ended, epoch 3, loss 0.41`."""
    at = datetime.fromisoformat(line["at"]).astimezone().strftime("%H:%M:%S")
    level = "" if line["level"] == "info" else f"{line['level']}: "
    step = f"{line['step']}: " if "step" in line else ""
    item = f" [{line['item']}]" if "item" in line else ""
    left = {"at", "run", "level", "event", "step", "item"}
    rest = [f"{name} {_short(value)}" for name, value in line.items() if name not in left]
    return ", ".join([f"{at} {level}{step}{line['event']}{item}", *rest])


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    """JSON values only: what is no number becomes null, dates ISO 8601, other things their text."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value) if math.isfinite(value) else None
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"


def _short(value: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return " ".join(f"{name}={_short(one)}" for name, one in value.items())
    if isinstance(value, list):
        return " ".join(_short(one) for one in value[:8]) + (" ..." if len(value) > 8 else "")
    return " ".join(str(value).split())


def _ends_a_line(file: int) -> bool:
    size = os.fstat(file).st_size
    return size == 0 or os.pread(file, 1, size - 1) == b"\n"
