"""Work for a process of its own, that counts, fails, hangs or dies as it is told."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from scrubjay.core.errors import ModelNotFound, RemoteFailed


@dataclass(frozen=True)
class Counting:
    """Writes down every piece it does, so that a test sees what was done again."""

    log: Path
    fails: frozenset[int] = frozenset()
    dies_at: int | None = None
    hangs_at: int | None = None
    breaks: bool = False
    missing: bool = False
    prints: bool = False
    megabytes: int = 0
    fingerprint: str = "one"
    about: dict = field(default_factory=lambda: {"family": "counting"})

    def open(self):
        if self.missing:
            raise ModelNotFound("the model is not on this machine")
        if self.prints:
            print("a library says hello")
        self.about["fingerprint"] = self.fingerprint
        self.about["held"] = len(b"x" * (self.megabytes << 20))
        return self

    def do(self, index):
        with self.log.open("a") as log:
            log.write(f"{index}\n")
        if index == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if index == self.hangs_at:
            time.sleep(60)
        if self.breaks:
            raise RuntimeError("out of memory\nmore of it")
        if index in self.fails:
            raise RemoteFailed("the server has gone")
        return {"text": str(index), "told": True, "seconds": 0.5}
