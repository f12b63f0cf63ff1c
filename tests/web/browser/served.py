"""`scrubjay serve` in a process of its own, on loopback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

READY_S = 180.0
"""A busy machine's patience; a quiet one is ready in two seconds."""


@contextmanager
def serving(
    home: Path,
    log: Path,
    *,
    token: str | None = None,
    ready: bool = True,
    models: Sequence[str] = (),
) -> Iterator[str]:
    """Serve a home until the block ends; gives the address, such as `http://127.0.0.1:43211`.

    Args:
        log: where the server's own lines go.
        token: what a client must show; None asks for nothing.
        ready: whether to wait until it can search; an empty home never can.
        models: which answer questions, as `vlm=fake`; none: those that come with Scrubjay.

    Raises:
        RuntimeError: it was not ready in time.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("SCRUBJAY_TOKEN", None)
    if token is not None:
        environment["SCRUBJAY_TOKEN"] = token
    with (
        log.open("wb") as out,
        subprocess.Popen(
            [
                *(sys.executable, "-m", "scrubjay", "serve", "--home", str(home)),
                *("--port", "0", *models),
            ],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
        ) as process,
    ):
        try:
            yield _ready(process, log, "readyz" if ready else "healthz", token)
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def _ready(process: subprocess.Popen[bytes], log: Path, route: str, token: str | None) -> str:
    """Its address, which it says when it begins, once a route of it agrees."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    until = time.monotonic() + READY_S
    while time.monotonic() < until and process.poll() is None:
        said = re.search(r"http://127\.0\.0\.1:\d+", log.read_text(errors="replace"))
        if said is None:
            time.sleep(0.1)
            continue
        asked = urllib.request.Request(f"{said[0]}/{route}", headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=10):
                return said[0]
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError(f"the server was not ready:\n{log.read_text(errors='replace')[-4000:]}")
