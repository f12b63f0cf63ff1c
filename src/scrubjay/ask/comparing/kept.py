"""What was measured, kept line by line as it comes, so that a comparison that was ended goes on.

One JSONL file a point: the first line says what was measured, each other one piece of it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

from scrubjay.core.errors import WrongUse
from scrubjay.core.failpoint import failpoint

FORMAT: Final = 1
SYNC_EVERY_S: Final = 1.0


class Kept:
    """The results of one point; only one process may write them at a time."""

    def __init__(self, path: Path, *, fresh: bool = False) -> None:
        """Read what is there; a last line that was cut by a kill is left out.

        Args:
            path: of the file; it need not exist.
            fresh: whether to begin anew.

        Raises:
            WrongUse: it cannot be written there.
        """
        self.path = path
        self.about: dict[str, Any] = {}
        self.results: dict[tuple[int, int], dict[str, Any]] = {}
        self.visits: list[dict[str, Any]] = []
        self._synced = 0.0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if fresh:
                path.unlink(missing_ok=True)
            whole = self._read()
            self._file: IO[bytes] = path.open("ab")
            self._file.truncate(whole)
        except OSError as error:
            raise WrongUse(f"{path} cannot be kept: {error.strerror or error}") from error

    def __enter__(self) -> Kept:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def when(self) -> str | None:
        """When it was begun; None: it was not."""
        began = self.about.get("began")
        return began if isinstance(began, str) else None

    def begin(self, about: Mapping[str, Any]) -> None:
        """Say what is measured; what another model of the same name said before is dropped."""
        if self.about and self.about.get("fingerprint") == about.get("fingerprint"):
            return
        self.results.clear()
        self.visits.clear()
        self._file.truncate(0)
        self.about = {"format": FORMAT, **about}
        self._write(self.about)

    def add(self, round_: int, index: int, result: Mapping[str, Any]) -> None:
        """Keep one piece."""
        self.results[round_, index] = dict(result)
        self._write({"round": round_, "index": index, **result})

    def visited(self, visit: Mapping[str, Any]) -> None:
        """Keep what a whole visit took; of one that opened nothing there is nothing to keep."""
        if not self.about:
            return
        self.visits.append(dict(visit))
        self._write({"visit": dict(visit)})
        self._sync()

    def close(self) -> None:
        """Let go of the file."""
        if not self._file.closed:
            self._sync()
            self._file.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        failpoint("compare.before_keep")
        self._file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        failpoint("compare.after_keep")
        if time.monotonic() - self._synced > SYNC_EVERY_S:
            self._sync()

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def _read(self) -> int:
        """Take in what is there; how many bytes of it are whole."""
        if not self.path.exists():
            return 0
        whole = 0
        for raw in self.path.read_bytes().splitlines(keepends=True):
            line = _line(raw)
            if line is None or (not whole and line.get("format") != FORMAT):
                break
            self._take(line)
            whole += len(raw)
        return whole

    def _take(self, line: dict[str, Any]) -> None:
        if "format" in line:
            self.about = line
        elif "visit" in line:
            self.visits.append(line["visit"])
        else:
            place = (int(line.pop("round")), int(line.pop("index")))
            self.results[place] = line


def _line(raw: bytes) -> dict[str, Any] | None:
    if not raw.endswith(b"\n"):
        return None
    try:
        told = json.loads(raw)
    except ValueError:
        return None
    whole = isinstance(told, dict) and (
        "format" in told or "visit" in told or {"round", "index"} <= told.keys()
    )
    return told if whole else None
