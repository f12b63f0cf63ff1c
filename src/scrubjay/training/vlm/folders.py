"""A folder that is there whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scrubjay.core.failpoint import failpoint


@contextmanager
def written_folder(final: Path) -> Iterator[Path]:
    """An empty folder beside it, which takes its name when the block is left in good order.

    What had the name before is replaced; killed anywhere, the name has the old or the new.
    """
    aside, old = (final.with_name(f".{final.name}.{what}") for what in ("part", "old"))
    for left in (aside, old):
        shutil.rmtree(left, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        yield aside
        for path in [*aside.rglob("*"), aside]:
            _sync(path)
        failpoint(f"training.before_{final.name}")
        if final.exists():
            final.rename(old)
        aside.rename(final)
        _sync(final.parent)
        failpoint(f"training.after_{final.name}")
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        if final.exists():
            shutil.rmtree(old, ignore_errors=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
