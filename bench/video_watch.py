"""What a command costs: seconds by the clock, and the memory of it and all it starts."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

EVERY_S = 0.2
GIB = 2**30


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command cost.

    Attributes:
        seconds: by the clock.
        own: bytes that the process itself held at most (VmHWM), shared libraries included.
        all: bytes that it and the processes it started held at once at most; what several share
            counts once (PSS, looked at five times a second).
        out: what it wrote on standard output.
    """

    seconds: float
    own: int
    all: int
    out: str


class Failed(RuntimeError):
    """A command that did not do what it was asked."""


def run(command: Sequence[str], *, quiet: bool = False) -> Cost:
    """Run a Python module or script and watch it.

    Args:
        command: what follows `python`.
        quiet: keep what it says on standard error; shown if it fails.

    Raises:
        Failed: it ended with another status than 0.
    """
    began = time.perf_counter()
    own = everything = 0
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            [sys.executable, *command], stdout=out, stderr=complaints if quiet else None
        )
        while process.poll() is None:
            own = max(own, _bytes(process.pid, "status", "VmHWM"))
            held = sum(_bytes(pid, "smaps_rollup", "Pss") for pid in tree(process.pid))
            everything = max(everything, held)
            time.sleep(EVERY_S)
        seconds = time.perf_counter() - began
        out.seek(0)
        complaints.seek(0)
        if process.returncode:
            raise Failed(f"{' '.join(command)}: {complaints.read()[-3000:] or 'see above'}")
        return Cost(seconds, own, everything, out.read())


def tree(pid: int) -> list[int]:
    """A process and all that came from it."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                said = (folder / "stat").read_text()
            except OSError:
                continue
            parent = int(said.rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(folder.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def _bytes(pid: int, file: str, what: str) -> int:
    try:
        said = Path(f"/proc/{pid}/{file}").read_text()
    except OSError:
        return 0
    found = re.search(rf"^{what}:\s*(\d+) kB", said, re.MULTILINE)
    return 1024 * int(found[1]) if found else 0
