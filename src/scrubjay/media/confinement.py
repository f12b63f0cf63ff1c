"""What a process gives up before it looks at a stranger's bytes."""

from __future__ import annotations

import ctypes
import resource
from pathlib import Path
from typing import Final

OPEN_FILES: Final = 64
NO_NEW_PRIVILEGES: Final = 38
"""PR_SET_NO_NEW_PRIVS of linux/prctl.h."""


def give_up_rights() -> None:
    """Write no file, leave no core dump, hold few files open, gain no privileges."""
    ctypes.CDLL(None, use_errno=True).prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))


def mapped_bytes() -> int:
    """Bytes of memory mapped by now (proc(5), statm)."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def set_limits(memory: int, seconds: float) -> None:
    """Allow this much memory in all, and this much more processor time."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, resource.RLIM_INFINITY))
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
