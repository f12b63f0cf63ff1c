"""How much memory this process has held at most."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

STATUS: Final = Path("/proc/self/status")


def peak_bytes() -> int | None:
    """The largest resident set of this process, of what it did itself; None: not known here.

    `getrusage` would count what its parent held when it was started, too; Linux's VmHWM does not.
    """
    try:
        for line in STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        import resource
    except ModuleNotFoundError:
        return None
    peak: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def device_peak_bytes() -> int | None:
    """Most memory that was taken of the GPUs, where torch is in use and has one; else None."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    devices = range(torch.cuda.device_count())
    return sum(int(torch.cuda.max_memory_reserved(at)) for at in devices)
