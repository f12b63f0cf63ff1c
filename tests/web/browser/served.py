"""`scrubjay serve` in a process of its own, on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

READY_S = 60.0
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
    port = _free_port()
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("SCRUBJAY_TOKEN", None)
    if token is not None:
        environment["SCRUBJAY_TOKEN"] = token
    with (
        log.open("wb") as out,
        subprocess.Popen(
            [
                *(sys.executable, "-m", "scrubjay", "serve", "--home", str(home)),
                *("--port", str(port), *models),
            ],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
        ) as process,
    ):
        try:
            _wait(
                f"http://127.0.0.1:{port}/{'readyz' if ready else 'healthz'}", process, log, token
            )
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait(url: str, process: subprocess.Popen[bytes], log: Path, token: str | None) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    until = time.monotonic() + READY_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=2):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError(f"the server was not ready:\n{log.read_text(errors='replace')[-4000:]}")
