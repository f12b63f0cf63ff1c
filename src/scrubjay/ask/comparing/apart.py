"""Work in a process of its own: what it takes is its own, and when it dies nothing else does."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Final, Protocol

from scrubjay.ask.comparing.memory import device_peak_bytes, peak_bytes
from scrubjay.core.errors import ScrubjayError

ALIKE: Final = 3
"""Failures in a row, with nothing done before, after which the rest is not tried."""


class Worker(Protocol):
    """What a task has opened: a model that is loaded."""

    @property
    def about(self) -> Mapping[str, Any]:
        """What it is, as JSON."""
        ...

    def do(self, index: int) -> Mapping[str, Any]:
        """One piece of work, as JSON; a ScrubjayError fails this piece alone."""
        ...


class Task(Protocol):
    """Something to do in another process; it is pickled on its way there."""

    def open(self) -> Worker:
        """Load what is needed; a ScrubjayError says why it cannot be."""
        ...


@dataclass(slots=True)
class Visit:
    """What became of it.

    Attributes:
        about: what did it; empty: it could not be opened.
        load_s: until it was ready.
        peak_bytes: most memory the process held; None: not known here.
        device_peak_bytes: most memory taken of a GPU; None: none was used.
        failure: why it ended early; None: it did not.
    """

    about: Mapping[str, Any] = field(default_factory=dict)
    load_s: float | None = None
    peak_bytes: int | None = None
    device_peak_bytes: int | None = None
    failure: str | None = None


OnDone = Callable[[int, Mapping[str, Any]], None]
OnOpened = Callable[[Visit], None]


class _Unusable(ScrubjayError):
    """Nothing that was tried has worked."""


def do_apart(
    task: Task,
    indexes: Sequence[int],
    *,
    warm: Sequence[int],
    limit_s: float,
    on_opened: OnOpened,
    on_done: OnDone,
) -> Visit:
    """Open a task in a new process and let it do some of its work, a piece at a time.

    Args:
        task: what is opened there.
        indexes: of the pieces, in order.
        warm: pieces that are done first and not told of.
        limit_s: longest silence before the process is ended.
        on_opened: hears once what was opened, before anything is done.
        on_done: hears of each piece as it is done; one that failed has only an `error`.
    """
    visit = Visit()
    spawned = get_context("spawn")
    reader, writer = spawned.Pipe(duplex=False)
    process = spawned.Process(
        target=_work, args=(writer, task, tuple(indexes), tuple(warm)), name="scrubjay-compare"
    )
    with _undisturbed():
        process.start()
    writer.close()
    try:
        ended = False
        while not ended:
            if not reader.poll(limit_s):
                visit.failure = f"it said nothing for {limit_s:g} s and was ended"
                break
            try:
                ended = _heard(visit, reader.recv(), on_opened, on_done)
            except (EOFError, OSError):
                process.join()
                visit.failure = _death(process.exitcode)
                break
    finally:
        process.kill()
        process.join()
        reader.close()
        process.close()
    return visit


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C is not heard by what is started within: who starts it hears, and ends it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _heard(visit: Visit, message: tuple[str, Any], on_opened: OnOpened, on_done: OnDone) -> bool:
    """Take in what the process says; whether that was its last word."""
    what, told = message
    if what == "opened":
        visit.about, visit.load_s = told["about"], told["load_s"]
        on_opened(visit)
    elif what == "done":
        visit.peak_bytes, visit.device_peak_bytes = told["peak_bytes"], told["device_peak_bytes"]
        on_done(told["index"], told["result"])
    elif what == "failed":
        visit.failure = told
    return what in {"failed", "ended"}


def _death(code: int | None) -> str:
    if code is None or code >= 0:
        return f"its process ended with exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
    why = "; most likely there is too little memory for it" if name == "SIGKILL" else ""
    return f"its process was ended by {name}{why}"


def _work(writer: Connection, task: Task, indexes: Sequence[int], warm: Sequence[int]) -> None:
    """What the process does."""
    sys.stdout.flush()
    os.dup2(2, 1)  # libraries print; standard output belongs to the answers of the command
    try:
        _do_all(writer, task, indexes, warm)
    except (BrokenPipeError, ConnectionError):
        os._exit(1)  # nobody listens any more
    except ScrubjayError as error:
        writer.send(("failed", str(error)))
    except Exception as error:  # noqa: BLE001 - a library's failure is this row's, not the others'
        first = next((line for line in str(error).splitlines() if line.strip()), "no reason given")
        writer.send(("failed", f"{type(error).__name__}: {first[:300]}"))


def _do_all(writer: Connection, task: Task, indexes: Sequence[int], warm: Sequence[int]) -> None:
    began = time.perf_counter()
    worker = task.open()
    opened = {"about": dict(worker.about), "load_s": time.perf_counter() - began}
    writer.send(("opened", opened))
    for index in warm:
        _tried(worker, index)
    worked, failed = False, 0
    for index in indexes:
        result = _tried(worker, index)
        worked, failed = worked or "error" not in result, failed + 1
        told = {"index": index, "result": result, "peak_bytes": peak_bytes()}
        writer.send(("done", {**told, "device_peak_bytes": device_peak_bytes()}))
        if not worked and failed >= ALIKE:
            raise _Unusable(result["error"])
    writer.send(("ended", None))


def _tried(worker: Worker, index: int) -> dict[str, Any]:
    try:
        return dict(worker.do(index))
    except ScrubjayError as error:
        return {"error": str(error)}
