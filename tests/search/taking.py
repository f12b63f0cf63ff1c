"""A look and a taking to be killed. Run as `python -m tests.search.taking HOME URL MONTH NTH`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from scrubjay.core.config import Settings
from scrubjay.search.drop import look, take
from scrubjay.store.home import Home


def die_on_the(nth: int) -> None:
    """Make the failpoint named by $KILL_AT end the process at its nth pass."""
    wanted, passes = os.environ.get("KILL_AT"), 0

    def failpoint(name: str) -> None:
        nonlocal passes
        passes += name == wanted
        if name == wanted and passes == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    for name, module in list(sys.modules.items()):
        if name.startswith("scrubjay.") and hasattr(module, "failpoint"):
            module.failpoint = failpoint


def main() -> None:
    home, url, month, nth = sys.argv[1:]
    opened = Home(Settings(home=Path(home), threads=1))
    opened.catalog.count()  # what is loaded lazily is there before failpoints are replaced
    die_on_the(int(nth))
    take(opened, look(opened, url, month=month))


if __name__ == "__main__":
    main()
