"""Named places where a test may kill the process: on both sides of every durable write.

`SCRUBJAY_FAILPOINT=champion.before_replace` ends the process there as `kill -9` would. Without the
variable a failpoint costs one dictionary lookup.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "SCRUBJAY_FAILPOINT"


def failpoint(name: str) -> None:
    """Die here when the environment names this place."""
    if os.environ.get(VARIABLE) == name:
        os.kill(os.getpid(), signal.SIGKILL)
