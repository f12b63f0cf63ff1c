"""Whether the process that wrote something is still there, as far as this machine can tell."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_BOOT: Final = _PROC / "sys/kernel/random/boot_id"
_DEAD: Final = frozenset({"Z", "X", "x"})
_STATE, _STARTED = 0, 19
"""Fields of `/proc/<pid>/stat` behind the command's name: see proc_pid_stat(5)."""


def this_process() -> str | None:
    """A mark no other process has: this boot, this process namespace, process id, start time.

    Returns:
        None where the system does not say (no `/proc`).
    """
    place, stat = _place(), _stat(os.getpid())
    return None if place is None or stat is None else f"{place} {os.getpid()} {stat[_STARTED]}"


def surely_dead(mark: str | None) -> bool:
    """Whether the process with this mark ran here and has ended.

    False where that cannot be known: another machine, another container, no mark.
    """
    place, _, process = (mark or "").rpartition(" ")[0].rpartition(" ")
    started = (mark or "").rpartition(" ")[2]
    if not process.isdecimal() or place != _place():
        return False
    stat = _stat(int(process))
    if stat is None:
        return not _exists(int(process))
    return stat[_STARTED] != started or stat[_STATE] in _DEAD


def _exists(process: int) -> bool:
    """Whether there is such a process; `/proc` may hide those of other people."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _place() -> str | None:
    try:
        return f"{_BOOT.read_text().strip()} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return None


def _stat(process: int) -> list[str] | None:
    """The fields behind the name, which may itself hold spaces and brackets."""
    try:
        return (_PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
