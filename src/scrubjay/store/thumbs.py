"""Small pictures of items, made once.

`media/thumbs/<sha256>-<side>.webp`, and `media/thumbs/<sha256>/<milliseconds>-<side>.webp` of the
moments of a video.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from scrubjay.store.durable import make_folder, write_durably

MOST_MOMENTS: Final = 2_000
"""Kept of one video, in all sizes: the one that was made first makes room for the next."""


class Thumbs:
    """A cache: whatever is missing is made again."""

    def __init__(self, folder: Path, *, most_moments: int = MOST_MOMENTS) -> None:
        """Name the folder; nothing is created before the first."""
        self.folder = folder
        self.most_moments = most_moments

    def read(self, sha256: str, side: int, at_ms: int | None = None) -> bytes | None:
        """A small picture; None when it is not there.

        Args:
            at_ms: of a video: when it is shown, in milliseconds from the beginning.
        """
        try:
            return self._path(sha256, side, at_ms).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def put(self, sha256: str, side: int, data: bytes, at_ms: int | None = None) -> None:
        """Keep one."""
        path = self._path(sha256, side, at_ms)
        make_folder(path.parent)
        if at_ms is not None:
            self._make_room(path.parent)
        with suppress(FileNotFoundError):  # the folder went meanwhile: its item is being forgotten
            write_durably(path, data)

    def remove(self, sha256s: Iterable[str]) -> int:
        """Delete those of some bytes, in every size; return how many files that were."""
        if not self.folder.is_dir():
            return 0
        gone = set(sha256s)
        removed = 0
        for path in list(self.folder.iterdir()):
            if path.name.lstrip(".")[:64] not in gone:
                continue
            if path.is_dir():
                removed += sum(1 for _ in path.iterdir())
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _make_room(self, folder: Path) -> None:
        """Strangers may ask for any millisecond; what is kept of a video does not grow for ever."""
        kept = [path for path in folder.iterdir() if not path.name.startswith(".")]
        over = len(kept) + 1 - self.most_moments
        if over > 0:
            for path in sorted(kept, key=_made)[: max(over, self.most_moments // 10)]:
                path.unlink(missing_ok=True)

    def _path(self, sha256: str, side: int, at_ms: int | None) -> Path:
        if at_ms is None:
            return self.folder / f"{sha256}-{side}.webp"
        return self.folder / sha256 / f"{at_ms}-{side}.webp"


def _made(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
