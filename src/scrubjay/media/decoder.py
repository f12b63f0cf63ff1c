"""The process that decodes what strangers sent: `python -m scrubjay.media.decoder`.

It reads requests from standard input and answers on standard output, one after the other, until its
input ends. Before it reads the first byte it gives up what decoding does not need: it can write no
file, leave no core dump, hold few files open and gain no privileges.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

import numpy as np
import soundfile
import soxr

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia, MissingExtra
from scrubjay.media.audio import probe_sound, sound_pieces
from scrubjay.media.confinement import give_up_rights, mapped_bytes, set_limits
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

READY: Final = (soundfile.__libsndfile_version__, soxr.__libsoxr_version__)
"""Loading the libraries now is what the first request does not wait for."""


def main() -> None:
    """Answer until standard input ends."""
    asked = os.fdopen(os.dup(0), "rb", MAX_PIECE)
    answers = os.fdopen(os.dup(1), "wb", MAX_PIECE)
    # What a library prints must not become part of an answer.
    os.dup2(2, 1)
    give_up_rights()
    begun_with = mapped_bytes()
    while head := asked.read(REQUEST.size):
        magic, task, length, max_bytes, max_sound_s, memory, seconds = REQUEST.unpack(head)
        if magic != ASKS:
            raise SystemExit("not a request")
        data = asked.read(length)
        if len(data) < length:
            return
        set_limits(begun_with + 2 * len(data) + memory, seconds)
        for said, payload in answer(Task(task), data, int(max_bytes), max_sound_s):
            answers.write(ANSWER.pack(ANSWERS, said, len(payload)))
            answers.write(payload)
        answers.flush()


def answer(
    task: Task, data: bytes, max_bytes: int, max_sound_s: float
) -> Iterator[tuple[Said, bytes]]:
    """Everything there is to say about one file, the last of it an end."""
    limits = MediaLimits(max_bytes=max_bytes, max_sound_s=max_sound_s)
    try:
        if task is Task.PROBE_SOUND:
            yield Said.LENGTH, SECONDS.pack(probe_sound(data, limits))
            return
        for piece in sound_pieces(data, limits):
            samples = np.ascontiguousarray(piece, "<f4").tobytes()
            for at in range(0, len(samples), MAX_PIECE):
                yield Said.SAMPLES, samples[at : at + MAX_PIECE]
        yield Said.DONE, b""
    except BadMedia as error:
        if isinstance(error.__cause__, MemoryError):
            yield Said.OUT_OF_MEMORY, b""
        else:
            yield Said.BAD_MEDIA, error.reason.encode()[:MAX_REASON]
    except MissingExtra as error:
        yield Said.MISSING_EXTRA, str(error).encode()[:MAX_REASON]
    except MemoryError:
        yield Said.OUT_OF_MEMORY, b""


if __name__ == "__main__":
    main()
