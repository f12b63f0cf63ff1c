"""A folder that is gone when its process is, however that ends."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_REMOVE = "import shutil, sys; sys.stdin.read(); shutil.rmtree(sys.argv[1], ignore_errors=True)"


@contextmanager
def vanishing_folder(name: str) -> Iterator[Path]:
    """A new empty folder among the system's temporary ones, removed when the block is left.

    A process of its own waits for this one to end and removes the folder then: one that is killed
    cleans nothing up itself.

    Args:
        name: the folder's begins with it.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"scrubjay-{name}-"))
    waiting = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _REMOVE, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the training, not for who tidies up after it
    )
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if waiting.stdin is not None:
            waiting.stdin.close()
        waiting.wait()
