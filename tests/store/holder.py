"""A run that holds the lease and does as it is told: `python -m tests.store.holder HOME TTL`.

Reads commands from standard input and answers each with one line of JSON: what came of it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.store.killing import REPOSITORY


class Holder:
    """The process, seen from the test."""

    def __init__(self, home, ttl_s):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.holder", str(home), str(ttl_s)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.token = self.answer()

    def answer(self):
        return json.loads(self._process.stdout.readline())

    def ask(self, command):
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def told(self, command):
        self.ask(command)
        return self.answer()

    def stop(self):
        self._process.send_signal(signal.SIGSTOP)
        self.wait_stopped()

    def wait_stopped(self):
        _, status = os.waitpid(self._process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)

    def go_on(self):
        self._process.send_signal(signal.SIGCONT)

    def kill(self):
        self._process.kill()
        self._process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


def stand_still(name):
    if name == "champion.before_replace":
        os.kill(os.getpid(), signal.SIGSTOP)


def main(home, ttl_s):
    from scrubjay.core.errors import ScrubjayError
    from scrubjay.core.types import Champion
    from scrubjay.store import cell
    from scrubjay.store.lease import acquire
    from tests.store.scenarios import opened

    registry = opened(home)
    lease = acquire(home / "lease.json", holder="the first", ttl_s=ttl_s, above=registry.fence)
    registry.claim(lease.token)
    say(lease.token)
    with lease.renewing():
        for line in sys.stdin:
            command = line.strip()
            try:
                lease.check()
                if command == "stand still, then publish":
                    os.kill(os.getpid(), signal.SIGSTOP)
                if command == "publish, and stand still before writing":
                    cell.failpoint = stand_still
                if "publish" in command:
                    now = registry.champion()
                    wanted = Champion(now.version, "new")
                    registry.publish(wanted, expected=now, fence=lease.token)
                say("done")
            except ScrubjayError as error:
                say(f"{type(error).__name__}: {error}")


def say(answer):
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
