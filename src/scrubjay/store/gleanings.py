"""What models found in items, kept so that nothing is looked at twice.

`gleanings/<sha256>/<what>-<fingerprint>.json`: by the item's content and by the model, so that
neither another file nor another model is answered with it. A cache: what is missing is made again.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from scrubjay.store.durable import make_folder, write_durably

MOST_BYTES: Final = 2 * 1024 * 1024
"""Of one file; what is larger is not kept."""
MOST_ITEMS: Final = 100_000
"""Items of which something is kept; beyond, those untouched for longest go."""
LOOK_EVERY: Final = 256
"""Writes after which the items are counted."""
TRIES: Final = 8

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")


class Gleanings:
    """A folder of them; threads and processes may share it."""

    def __init__(
        self, folder: Path, *, most_items: int = MOST_ITEMS, look_every: int = LOOK_EVERY
    ) -> None:
        """Name the folder; nothing is created before the first is kept."""
        self.folder = folder
        self._most_items = most_items
        self._look_every = look_every
        self._written = 0

    def get(self, sha256: str, what: str, fingerprint: str) -> dict[str, Any] | None:
        """What was kept; None where nothing was, or what was cannot be read."""
        path = self._path(sha256, what, fingerprint)
        try:
            told = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        return told if isinstance(told, dict) else None

    def put(self, sha256: str, what: str, fingerprint: str, told: Mapping[str, Any]) -> bool:
        """Keep something of an item; False: it is too large, or is being forgotten.

        Raises:
            OSError: the disk is full, or the folder may not be written to.
        """
        data = json.dumps(told, ensure_ascii=False).encode("utf-8", "backslashreplace")
        if len(data) > MOST_BYTES:
            return False
        path = self._path(sha256, what, fingerprint)
        for _ in range(TRIES):  # who forgets the item meanwhile takes the folder away
            make_folder(path.parent)
            try:
                write_durably(path, data, point="gleaning")
                break
            except FileNotFoundError:
                continue
        else:
            return False
        self._written += 1
        if self._written % self._look_every == 0:
            self._thin()
        return True

    def remove(self, sha256s: Iterable[str]) -> int:
        """Delete all that is kept of some bytes; return how many files that were."""
        removed = 0
        for sha256 in {one for one in sha256s if _SHA256.fullmatch(one)}:
            folder = self.folder / sha256
            if folder.is_dir():
                removed += sum(1 for path in folder.iterdir() if path.suffix == ".json")
            for _ in range(TRIES):  # who keeps something meanwhile makes the folder anew
                if not folder.exists():
                    break
                shutil.rmtree(folder, ignore_errors=True)
        return removed

    def _path(self, sha256: str, what: str, fingerprint: str) -> Path:
        if not _SHA256.fullmatch(sha256) or not _WORD.fullmatch(what):
            raise ValueError(f"{sha256!r} and {what!r} name nothing that is kept")
        model = re.sub(r"[^0-9A-Za-z]", "", fingerprint)[:64]
        return self.folder / sha256 / f"{what}-{model}.json"

    def _thin(self) -> None:
        """Drop a tenth more than there are too many, so that it is not done at every write."""
        folders = [one for one in self.folder.iterdir() if _SHA256.fullmatch(one.name)]
        if len(folders) <= self._most_items:
            return
        folders.sort(key=_touched)
        for folder in folders[: len(folders) - self._most_items * 9 // 10]:
            shutil.rmtree(folder, ignore_errors=True)


def _touched(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0
