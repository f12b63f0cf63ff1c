"""A spoken query from the microphone: until the speaker falls silent, or time is up."""

from __future__ import annotations

import itertools
import queue
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated

import numpy as np
import typer

from scrubjay.core.errors import BadMedia, MissingExtra, NotReady
from scrubjay.core.types import SAMPLE_RATE, Sound

MicrophoneOption = Annotated[
    bool, typer.Option("--microphone", help="Speak the question; a pause ends it.")
]
SecondsOption = Annotated[
    float, typer.Option(min=0.5, max=60, help="Longest recording from the microphone.")
]

BLOCK_S = 0.05
SILENCE_S = 1.0
"""Silence after speech that ends a query."""

LOUDER = 3.0
"""How much louder than the room speech is, as a ratio of root mean squares (about 10 dB)."""

FLOOR = 0.002
"""Root mean square below which nothing counts as speech (about -54 dBFS)."""

WAIT_S = 5.0
"""A device that gives nothing this long is not recording."""


def record(seconds: float, *, ready: Callable[[], None]) -> Sound:
    """Record one query from the default microphone.

    Args:
        seconds: longest recording.
        ready: called once the microphone records.

    Raises:
        MissingExtra: sounddevice is not installed.
        NotReady: no PortAudio library, no microphone, or it gives nothing.
        BadMedia: nobody spoke.
    """
    blocks = microphone_blocks()
    first = next(blocks)
    ready()
    return until_silence(itertools.chain([first], blocks), seconds=seconds)


def until_silence(blocks: Iterable[Sound], *, seconds: float) -> Sound:
    """Blocks of BLOCK_S joined until speech was followed by SILENCE_S of quiet, or time is up.

    Speech is what is LOUDER than the quietest tenth heard so far, looked at anew with each block:
    who speaks at once is told from the room by the first pause.

    Raises:
        BadMedia: nothing was heard.
    """
    heard: list[Sound] = []
    loudness: list[float] = []
    for block in blocks:
        heard.append(block)
        loudness.append(float(np.sqrt(np.mean(np.square(block, dtype=np.float64)))))
        threshold = max(FLOOR, LOUDER * float(np.quantile(loudness, 0.1)))
        speech = np.flatnonzero(np.asarray(loudness) > threshold)
        quiet_s = (len(heard) - 1 - speech[-1]) * BLOCK_S if len(speech) else 0.0
        if quiet_s >= SILENCE_S or len(heard) * BLOCK_S >= seconds:
            break
    if not heard or max(loudness) < FLOOR:
        raise BadMedia(
            "nothing was heard; check that the right microphone is chosen and not muted, then speak"
        )
    return np.concatenate(heard)[: round(seconds * SAMPLE_RATE)]


def microphone_blocks() -> Iterator[Sound]:
    """Endless blocks of BLOCK_S seconds from the default microphone; errors as in `record`."""
    try:
        import sounddevice
    except ModuleNotFoundError as error:
        raise MissingExtra("recording a query", "speech") from error
    except OSError as error:
        raise NotReady(
            f"the PortAudio library cannot be loaded ({error}); install it "
            f"(Debian: apt install libportaudio2) or use --speech FILE"
        ) from error
    taken: queue.SimpleQueue[Sound] = queue.SimpleQueue()
    try:
        with sounddevice.InputStream(
            samplerate=SAMPLE_RATE,
            channels=1,
            dtype="float32",
            blocksize=round(BLOCK_S * SAMPLE_RATE),
            callback=lambda data, *_: taken.put(data[:, 0].copy()),
        ):
            while True:
                yield taken.get(timeout=WAIT_S)
    except sounddevice.PortAudioError as error:
        raise NotReady(
            f"no microphone can be recorded from ({error}); connect one or use --speech FILE"
        ) from error
    except queue.Empty as error:
        raise NotReady(
            f"the microphone gave nothing for {WAIT_S:.0f} seconds; check it or use --speech FILE"
        ) from error
