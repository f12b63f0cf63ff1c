"""Small films drawn for tests: known colours at known times, and a tone where there is sound."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

RED, GREEN, BLUE, WHITE, BLACK = (
    (200, 30, 30),
    (30, 180, 40),
    (30, 40, 200),
    (235, 235, 235),
    (0, 0, 0),
)
RATE = 16_000


def write_film(
    to: Path | io.BytesIO,
    shots: Sequence[tuple[tuple[int, int, int], float]],
    *,
    fps: int = 10,
    size: tuple[int, int] = (160, 96),
    container: str = "mp4",
    codec: str = "mpeg4",
    sound: bool = False,
    picture: bool = True,
    times: Sequence[int] | None = None,
    samples: np.ndarray | None = None,
    sound_from_s: float = 0.0,
) -> None:
    """Write plain-coloured shots.

    Args:
        shots: (colour, seconds) one after the other.
        size: width and height in pixels.
        sound: a 440 Hz tone as long as the film.
        times: presentation times of the frames in thousandths; None: even.
        samples: (n,) at 48 kHz, to be heard instead of the tone.
        sound_from_s: when the sound begins.
    """
    import av

    with av.open(to, "w", format=container) as out:
        stream = None
        if picture:
            stream = out.add_stream(codec, rate=fps)
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            if container != "mpeg":
                stream.codec_context.time_base = Fraction(1, 1000)
                stream.time_base = Fraction(1, 1000)
        tone = out.add_stream("aac", rate=48_000) if sound or samples is not None else None
        number = 0
        for colour, seconds in shots:
            for _ in range(round(seconds * fps)):
                if stream is not None:
                    pixels = np.full((size[1], size[0], 3), colour, np.uint8)
                    frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
                    if container == "mpeg":
                        frame.pts, frame.time_base = number, Fraction(1, fps)
                    else:
                        frame.pts = times[number] if times else number * 1000 // fps
                        frame.time_base = Fraction(1, 1000)
                    out.mux(stream.encode(frame))
                number += 1
        if stream is not None:
            out.mux(stream.encode(None))
        if tone is not None:
            length = sum(seconds for _, seconds in shots)
            if samples is None:
                samples = np.sin(2 * np.pi * 440 * np.arange(round(48_000 * length)) / 48_000)
                samples *= 0.3
            block = samples.astype(np.float32)[None, :]
            late = round(48_000 * sound_from_s)
            for at in range(0, block.shape[1], 1024):
                part = np.ascontiguousarray(block[:, at : at + 1024])
                piece = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
                piece.sample_rate, piece.pts = 48_000, late + at
                piece.time_base = Fraction(1, 48_000)
                out.mux(tone.encode(piece))
            out.mux(tone.encode(None))
