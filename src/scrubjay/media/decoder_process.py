"""One decoding process, seen from outside: nothing it says is believed unchecked."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import time
from contextlib import suppress
from typing import Final

from scrubjay.core.config import MediaLimits
from scrubjay.core.types import SAMPLE_RATE
from scrubjay.media.confined import NOT_AGREED, ending, start_decoder
from scrubjay.media.wire import (
    ANSWER,
    ANSWERS,
    ASKS,
    MAX_PIECE,
    MAX_REASON,
    REQUEST,
    SECONDS,
    Said,
    Task,
)

_ENDS: Final = {
    Task.DECODE_SOUND: {Said.DONE, Said.BAD_MEDIA, Said.MISSING_EXTRA, Said.OUT_OF_MEMORY},
    Task.PROBE_SOUND: {Said.LENGTH, Said.BAD_MEDIA, Said.MISSING_EXTRA, Said.OUT_OF_MEMORY},
}
_MOST: Final = {
    Said.SAMPLES: MAX_PIECE,
    Said.DONE: 0,
    Said.LENGTH: SECONDS.size,
    Said.BAD_MEDIA: MAX_REASON,
    Said.MISSING_EXTRA: MAX_REASON,
    Said.OUT_OF_MEMORY: 0,
}
_SAMPLE_BYTES: Final = 4
_SLACK_S: Final = 1.0
"""Resampling may ring out a little behind the limit."""

_PIPE_BYTES: Final = 1 << 20


class DecoderLost(Exception):
    """A process that cannot be asked again.

    Attributes:
        reason: why, short enough for a table.
        by_limit: whether a limit ended it, so that another process would fare no better.
    """

    def __init__(self, reason: str, *, by_limit: bool = False) -> None:
        self.reason = reason
        self.by_limit = by_limit
        super().__init__(reason)


class DecoderProcess:
    """`python -m scrubjay.media.decoder`, asked over pipes, one file at a time.

    Attributes:
        asked: files it was asked for.
        usable: False from the moment it is asked until its answer was complete.
    """

    def __init__(self) -> None:
        """Start it; it gets ready while nobody waits."""
        self._process = start_decoder("scrubjay.media.decoder")
        if self._process.stdin is None or self._process.stdout is None:
            raise OSError("a decoder was started without pipes")
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        for pipe in (self._to, self._from):
            os.set_blocking(pipe, False)
            with suppress(OSError):  # the system's allowance for large pipes is used up
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._come = bytearray()
        self.asked = 0
        self.usable = True

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def ask(
        self,
        task: Task,
        data: bytes,
        limits: MediaLimits,
        *,
        memory: int,
        seconds: float,
        patience_s: float,
    ) -> tuple[Said, list[bytes]]:
        """Have one file decoded.

        Args:
            memory: bytes it may map for this.
            seconds: of processor time it may use for this.
            patience_s: seconds by the clock until it is given up.

        Returns:
            How the answer ended, and the payloads: samples, the length, or the reason.

        Raises:
            DecoderLost: it died, was too slow, or did not keep to the format.
        """
        self.asked += 1
        self.usable = False
        until = time.monotonic() + patience_s
        try:
            head = REQUEST.pack(
                ASKS, task, len(data), limits.max_bytes, limits.max_sound_s, memory, seconds
            )
            # A short file comes with its head in one piece: each piece is a change of processes.
            self._write(head + data[:_PIPE_BYTES], until)
            self._write(memoryview(data)[_PIPE_BYTES:], until)
            end, payloads = self._answer(task, limits, until)
        except (BrokenPipeError, EOFError):
            raise self._lost(seconds) from None
        except TimeoutError:
            reason = f"decoding it takes longer than {patience_s:g} s"
            raise DecoderLost(reason, by_limit=True) from None
        self.usable = end is not Said.OUT_OF_MEMORY and not self._come
        return end, payloads

    def end(self) -> None:
        """Kill it, and wait until it is gone."""
        self.usable = False
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _answer(self, task: Task, limits: MediaLimits, until: float) -> tuple[Said, list[bytes]]:
        payloads: list[bytes] = []
        samples = 0
        while True:
            magic, said, length = ANSWER.unpack(self._read(ANSWER.size, until))
            fits = magic == ANSWERS and said in _MOST and length <= _MOST[said]
            if not fits or (said not in _ENDS[task] and task is not Task.DECODE_SOUND):
                raise DecoderLost(NOT_AGREED)
            payload = self._read(length, until)
            payloads.append(payload)
            if said in _ENDS[task]:
                return Said(said), payloads
            samples += length // _SAMPLE_BYTES
            if length % _SAMPLE_BYTES or said != Said.SAMPLES:
                raise DecoderLost(NOT_AGREED)
            if samples > (limits.max_sound_s + _SLACK_S) * SAMPLE_RATE:
                reason = f"longer than the limit of {limits.max_sound_s:,.0f} s"
                raise DecoderLost(reason, by_limit=True)

    def _write(self, data: bytes | memoryview, until: float) -> None:
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._to, left) :]
            except BlockingIOError:
                _wait(self._to, select.POLLOUT, until)

    def _read(self, length: int, until: float) -> bytes:
        while len(self._come) < length:
            try:
                come = os.read(self._from, _PIPE_BYTES)
            except BlockingIOError:
                _wait(self._from, select.POLLIN, until)
                continue
            if not come:
                raise EOFError
            self._come += come
        payload = bytes(self._come[:length])
        del self._come[:length]
        return payload

    def _lost(self, seconds: float) -> DecoderLost:
        try:
            code = self._process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            return DecoderLost("its decoder stopped answering")
        if code == -signal.SIGXCPU:
            return DecoderLost(
                f"decoding it takes more than {seconds:g} s of processor time", by_limit=True
            )
        if code < 0:
            return DecoderLost(f"its decoder crashed ({ending(code)})")
        return DecoderLost(f"its decoder ended early ({ending(code)})")


def _wait(pipe: int, event: int, until: float) -> None:
    left = until - time.monotonic()
    poll = select.poll()
    poll.register(pipe, event)
    if left <= 0 or not poll.poll(1000 * left):
        raise TimeoutError
