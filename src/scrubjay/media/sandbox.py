"""Recordings decoded in other processes, within limits of memory, time and length.

A decoder is C code fed with a stranger's bytes. Here it runs in a small process that knows no
secrets and may use little (`scrubjay.media.decoder`); what it does wrong costs that process, and
the file becomes BadMedia with the reason. The processes are started before they are needed and
used again, so that a spoken query does not wait for one.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia, MissingExtra
from scrubjay.core.types import Sound
from scrubjay.media.audio import DEFAULT_LIMITS, Block, joined
from scrubjay.media.decoder_process import DecoderLost, DecoderProcess
from scrubjay.media.wire import SECONDS, Said, Task

ASKED_AT_MOST: Final = 500
"""Files one process decodes before another is started to take its place."""

HANDED_OVER: Final = 10
"""Files it decodes after that, while the other gets ready."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What decoding one file may cost.

    Attributes:
        memory: bytes, beside the file itself and what an idle decoder uses.
        least_s: seconds of processor time, however short the recording may be.
        per_sound_s: seconds of processor time more, for each second a recording may last.
        patience: seconds by the clock for each of processor time, since machines are busy.
    """

    memory: int = 1024 * 1024 * 1024
    least_s: float = 10.0
    per_sound_s: float = 0.02
    patience: float = 4.0

    def seconds(self, limits: MediaLimits) -> float:
        """Processor time for a file within these limits."""
        return self.least_s + self.per_sound_s * limits.max_sound_s


class Sandbox:
    """Decoding processes, at most `size` at once; who comes when all are busy waits.

    A process that dies, is too slow or answers nonsense is replaced, and its file is BadMedia. Only
    when it had decoded other files before, which may have left it damaged, a new one tries the same
    file once more. Threads may share a sandbox.
    """

    def __init__(self, size: int = 0, *, allowance: Allowance | None = None) -> None:
        """Nothing is started yet; `size` 0 means one process per available core."""
        self._size = size or len(os.sched_getaffinity(0))
        self._allowance = allowance or Allowance()
        self._idle: list[DecoderProcess] = []
        self._running = 0
        self._closed = False
        self._changed = threading.Condition()

    def start(self, number: int = 1) -> None:
        """Have this many processes, or `size`, ready before the first file comes."""
        with self._changed:
            missing = min(number, self._size) - self._running
            for _ in range(0 if self._closed else missing):
                self._idle.append(DecoderProcess())
                self._running += 1

    def processes(self) -> tuple[int, ...]:
        """Numbers of the processes that wait for a file."""
        with self._changed:
            return tuple(one.pid for one in self._idle)

    def decode_sound(self, data: bytes, *, limits: MediaLimits = DEFAULT_LIMITS) -> Sound:
        """Decode a recording to 16 kHz mono: the samples `media.audio.decode_sound` makes of it.

        Raises:
            BadMedia: as `media.audio.decode_sound`; also when decoding takes more memory or time
                than is allowed, or the decoder crashes.
            MissingExtra: the format needs the `speech` extra.
        """
        return joined(_samples(one) for one in self._ask(Task.DECODE_SOUND, data, limits))

    def probe_sound(self, data: bytes, limits: MediaLimits = DEFAULT_LIMITS) -> float:
        """Decode a recording without keeping it; its length in seconds.

        Raises:
            BadMedia: as `decode_sound`.
            MissingExtra: as `decode_sound`.
        """
        (seconds,) = SECONDS.unpack(self._ask(Task.PROBE_SOUND, data, limits)[-1])
        return float(seconds)

    def close(self) -> None:
        """End every process; one that is at work ends when its file is done."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            self._running -= len(idle)
            self._changed.notify_all()
        for process in idle:
            process.end()

    def _ask(self, task: Task, data: bytes, limits: MediaLimits) -> list[bytes]:
        if len(data) > limits.max_bytes:
            raise BadMedia(f"file of {len(data):,} bytes: over the limit of {limits.max_bytes:,}")
        seconds = self._allowance.seconds(limits)
        again = False
        while True:
            with self._process(unused=again) as process:
                first = not process.asked
                again = True
                try:
                    end, payloads = process.ask(
                        task,
                        data,
                        limits,
                        memory=self._allowance.memory,
                        seconds=seconds,
                        patience_s=self._allowance.patience * seconds,
                    )
                except DecoderLost as lost:
                    if first or lost.by_limit:
                        raise BadMedia(lost.reason) from None
                    continue
            if end is Said.OUT_OF_MEMORY and not first:
                continue
            return self._believed(end, payloads)

    def _believed(self, end: Said, payloads: list[bytes]) -> list[bytes]:
        if end is Said.OUT_OF_MEMORY:
            allowed = f"{self._allowance.memory / 1024**2:,.0f} MB"
            raise BadMedia(f"decoding it takes more than {allowed} of memory")
        if end is Said.BAD_MEDIA:
            raise BadMedia(_plain(payloads[-1]))
        if end is Said.MISSING_EXTRA:
            raise MissingExtra("reading this recording", "speech")
        return payloads

    @contextmanager
    def _process(self, *, unused: bool) -> Iterator[DecoderProcess]:
        process = self._taken(unused=unused)
        try:
            yield process
        finally:
            self._give_back(process)

    def _taken(self, *, unused: bool) -> DecoderProcess:
        with self._changed:
            self._changed.wait_for(lambda: self._idle or self._running < self._size or self._closed)
            process = self._idle.pop(0 if unused else -1) if self._idle else None
            self._running += process is None
        if process is not None and not (unused and process.asked):
            return process
        if process is not None:
            process.end()
        return self._another()

    def _another(self) -> DecoderProcess:
        """A process for a place that is already counted."""
        try:
            return DecoderProcess()
        except BaseException:
            with self._changed:
                self._running -= 1
                self._changed.notify()
            raise

    def _give_back(self, process: DecoderProcess) -> None:
        if not process.usable:
            process.end()
            process = self._another()
        elif process.asked == ASKED_AT_MOST:
            self._add_successor()
        with self._changed:
            if process.asked < ASKED_AT_MOST + HANDED_OVER and not self._closed:
                # The next file goes to the one that was busy last, which is surely ready.
                self._idle.insert(0 if not process.asked else len(self._idle), process)
                self._changed.notify()
                return
            self._running -= 1
            self._changed.notify()
        process.end()

    def _add_successor(self) -> None:
        with self._changed:
            self._running += 1
        process = self._another()
        with self._changed:
            if not self._closed:
                self._idle.insert(0, process)
                return
            self._running -= 1
        process.end()


_shared: dict[int, Sandbox] = {}
_sharing = threading.Lock()


def shared_sandbox() -> Sandbox:
    """The sandbox of this process, made when it is first asked for, closed at its end.

    A forked process gets its own: two must not talk to the same decoders.
    """
    with _sharing:
        sandbox = _shared.get(os.getpid())
        if sandbox is None:
            sandbox = _shared[os.getpid()] = Sandbox()
            atexit.register(sandbox.close)
        return sandbox


def decode_sound(data: bytes, *, limits: MediaLimits = DEFAULT_LIMITS) -> Sound:
    """`Sandbox.decode_sound` of the shared sandbox."""
    return shared_sandbox().decode_sound(data, limits=limits)


def probe_sound(data: bytes, limits: MediaLimits = DEFAULT_LIMITS) -> float:
    """`Sandbox.probe_sound` of the shared sandbox."""
    return shared_sandbox().probe_sound(data, limits)


def _samples(payload: bytes) -> Block:
    samples = np.frombuffer(payload, "<f4").astype(np.float32, copy=False)
    if not np.isfinite(samples).all():
        raise BadMedia("samples that are not finite numbers")
    return samples


def _plain(reason: bytes) -> str:
    text = reason.decode("utf-8", "replace")
    return "".join(one for one in text if one.isprintable()) or "damaged recording"
