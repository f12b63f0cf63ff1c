"""Small pictures of items, made once: `media/thumbs/<sha256>-<side>.webp`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from scrubjay.store.durable import make_folder, write_durably


class Thumbs:
    """A cache: whatever is missing is made again."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is created before the first."""
        self.folder = folder

    def read(self, sha256: str, side: int) -> bytes | None:
        """A small picture; None when it is not there."""
        try:
            return self._path(sha256, side).read_bytes()
        except FileNotFoundError:
            return None

    def put(self, sha256: str, side: int, data: bytes) -> None:
        """Keep one."""
        make_folder(self.folder)
        write_durably(self._path(sha256, side), data)

    def remove(self, sha256s: Iterable[str]) -> int:
        """Delete those of some bytes, in every size; return how many files that were."""
        if not self.folder.is_dir():
            return 0
        gone = set(sha256s)
        found = [path for path in self.folder.iterdir() if path.name.lstrip(".")[:64] in gone]
        for path in found:
            path.unlink(missing_ok=True)
        return len(found)

    def _path(self, sha256: str, side: int) -> Path:
        return self.folder / f"{sha256}-{side}.webp"
