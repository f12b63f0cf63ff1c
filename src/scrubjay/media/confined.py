"""A decoder in a process of its own, from its parent's side: nothing it says is believed unchecked.

It is started with no secrets, is asked once about one file, and is gone when nobody listens. What
it gives up itself is in `scrubjay.media.confinement`.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from scrubjay.core.errors import BadMedia

NOT_AGREED: Final = "its decoder did not answer in the agreed form"

_READ: Final = 1 << 20
_PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
"""Variables a decoder gets; tokens and keys are none of its business."""


def start_decoder(module: str, *, inherited: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
    """A process that runs a module of this program, with pipes for its input and output.

    Args:
        inherited: descriptors it gets, too.
    """
    return subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=decoder_environment(),
        bufsize=0,
        pass_fds=inherited,
        start_new_session=True,  # Ctrl-C is for the program, which ends its decoders itself
    )


def decoder_environment() -> dict[str, str]:
    """The variables a decoding process gets: how to find this program, and no secrets."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(os.path.abspath(path) for path in sys.path if path),  # noqa: PTH100
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def ending(code: int) -> str:
    """A process's exit code in words: the signal that ended it, or the code."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


@dataclass(frozen=True, slots=True)
class AskedOnce:
    """A process that was asked about one file.

    Attributes:
        process: with pipes.
        name: of the file, for messages.
        doing: what it does with the file, for messages, such as `decoding`.
        memory: bytes it may map.
        seconds: of processor time it may use.
        stall_s: seconds by the clock in which something must come.
    """

    process: subprocess.Popen[bytes]
    name: str
    doing: str
    memory: int
    seconds: float
    stall_s: float

    def read(self, length: int) -> bytes:
        """So many bytes of its answer.

        Raises:
            BadMedia: nothing came for too long, or it ended before; the message says how.
        """
        if self.process.stdout is None:
            raise OSError("a decoder was started without pipes")
        pipe = self.process.stdout.fileno()
        parts: list[bytes] = []
        left = length
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        until = time.monotonic() + self.stall_s
        while left:
            if not poll.poll(1000 * max(0.0, until - time.monotonic())):
                raise BadMedia(f"its decoder said nothing for {self.stall_s:g} s", self.name)
            come = os.read(pipe, min(left, _READ))
            if not come:
                raise self._lost()
            parts.append(come)
            left -= len(come)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def refused(self, reason: bytes, *, otherwise: str) -> BadMedia:
        """What it says of the file in plain characters; `otherwise` where it says nothing."""
        text = reason.decode("utf-8", "replace")
        plain = "".join(one for one in text if one.isprintable())
        return BadMedia(plain or otherwise, self.name)

    def out_of_memory(self) -> BadMedia:
        """It said that what it may map is not enough."""
        allowed = f"{self.memory / 1024**2:,.0f} MB"
        return BadMedia(f"{self.doing} it takes more than {allowed} of memory", self.name)

    def _lost(self) -> BadMedia:
        code = self.process.wait()
        if code == -signal.SIGXCPU:
            reason = f"{self.doing} it takes more than {self.seconds:g} s of processor time"
            return BadMedia(reason, self.name)
        return BadMedia(f"its decoder ended early ({ending(code)})", self.name)


@contextmanager
def asked(
    module: str,
    request: Mapping[str, Any],
    *,
    data: bytes = b"",
    inherited: tuple[int, ...] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is being asked; gone on leaving.

    Args:
        module: what it runs.
        request: plain values, told in one line of JSON.
        data: what follows that line.
        inherited: descriptors it gets.
    """
    process = start_decoder(module, inherited=inherited)
    told = json.dumps(request).encode() + b"\n" + data
    # A file may be larger than the pipe, and the answer begins when all of it was read.
    writer = threading.Thread(target=_hand_over, args=(process, told), daemon=True)
    writer.start()
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        writer.join()
        if process.stdout is not None:
            process.stdout.close()


def _hand_over(process: subprocess.Popen[bytes], told: bytes) -> None:
    if process.stdin is None:
        raise OSError("a decoder was started without pipes")
    # A decoder that ends early says how by its answer or its exit code.
    with suppress(BrokenPipeError), process.stdin as to:
        left = memoryview(told)
        while left:
            left = left[to.write(left) :]
