"""Whether what runs in a container is well: `python -m scrubjay.web.probe [PORT]`.

A server is asked whether it answers searches. Where none listens, as while a month runs, the home
is asked instead. Standard library only: a container's health is asked for often.
"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from typing import Final

PORT: Final = 8000
PATIENCE_S: Final = 20.0


def main(arguments: list[str]) -> int:
    """0: well; 1: not, and the last line says why."""
    port = int(arguments[0]) if arguments else PORT
    # A proxy in the environment is no way to one's own server.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://127.0.0.1:{port}/healthz?ready=true", timeout=PATIENCE_S):
            return 0
    except urllib.error.HTTPError as error:
        return _ill(error.read(2000).decode(errors="replace"))
    except OSError as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ConnectionRefusedError):
            return _ask_the_home()
        return _ill(f"the server does not answer: {reason}")


def _ask_the_home() -> int:
    from scrubjay.core.errors import ScrubjayError
    from scrubjay.services import month_history, open_home

    try:
        month_history(open_home(None))
    except (ScrubjayError, OSError) as error:
        return _ill(str(error))
    return 0


def _ill(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
