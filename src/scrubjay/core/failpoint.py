"""Named places where a test may kill the process: on both sides of every durable write.

`SCRUBJAY_FAILPOINT=champion.before_replace` ends the process there as `kill -9` would;
`SCRUBJAY_FAILPOINT=record:FILE` writes down the names that are passed. Without the variable a
failpoint costs one dictionary lookup.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

VARIABLE = "SCRUBJAY_FAILPOINT"
RECORD = "record:"


def failpoint(name: str) -> None:
    """Die here when the environment names this place."""
    wanted = os.environ.get(VARIABLE)
    if wanted is None:
        return
    if wanted == name:
        os.kill(os.getpid(), signal.SIGKILL)
    if wanted.startswith(RECORD):
        with Path(wanted.removeprefix(RECORD)).open("a", encoding="utf-8") as names:
            names.write(f"{name}\n")
