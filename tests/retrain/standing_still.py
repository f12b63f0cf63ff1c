"""A month that stops itself (SIGSTOP) when a step begins, as a machine put to sleep would.

    python -m tests.retrain.standing_still HOME STEP OVERRIDE...

Leaves as `scrubjay retrain` does.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

LEASE_S = 4.0


def main() -> None:
    from scrubjay.cli.compose import compose
    from scrubjay.core.errors import ScrubjayError
    from scrubjay.core.protocols import silent
    from scrubjay.retrain.retrain import retrain
    from scrubjay.services import open_home

    home, step, *overrides = sys.argv[1:]

    def human(line: str) -> None:
        if f"{step}: step begins" in line:
            os.kill(os.getpid(), signal.SIGSTOP)

    config = compose(overrides, config_name="retrain")
    try:
        retrain(open_home(Path(home)), config, human=human, progress=silent, lease_s=LEASE_S)
    except ScrubjayError as error:
        sys.stderr.write(f"scrubjay: {error}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
