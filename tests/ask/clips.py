"""Small videos of known pictures, without loss: the fakes read and hear exactly what is in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from scrubjay.core.types import SAMPLE_RATE

Shown = np.ndarray | Callable[[float], np.ndarray]
"""A picture, or what makes one of the seconds since the shot began."""


def write_clip(
    path: Path,
    shots: Sequence[tuple[Shown, float]],
    *,
    sound: np.ndarray | None = None,
    fps: int = 10,
) -> Path:
    """Write pictures, each for some seconds, one after the other, and a sound beside them."""
    import av

    first = shots[0][0] if shots else None
    with av.open(str(path), "w", format="matroska") as out:
        stream = None
        if first is not None:
            height, width = _picture(first, 0.0).shape[:2]
            stream = out.add_stream("ffv1", rate=fps)
            stream.width, stream.height, stream.pix_fmt = width, height, "bgr0"
        tone = out.add_stream("pcm_s16le", rate=SAMPLE_RATE) if sound is not None else None
        if tone is not None:
            tone.layout = "mono"
        number = 0
        for shown, seconds in shots:
            for at in range(round(seconds * fps)):
                frame = av.VideoFrame.from_ndarray(_picture(shown, at / fps), "rgb24")
                frame.pts, frame.time_base = number, Fraction(1, fps)
                out.mux(stream.encode(frame))
                number += 1
        if stream is not None:
            out.mux(stream.encode(None))
        if tone is not None:
            samples = (np.clip(sound, -1, 1) * 32767).astype(np.int16)[None, :]
            for begin in range(0, samples.shape[1], 1024):
                part = np.ascontiguousarray(samples[:, begin : begin + 1024])
                piece = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
                piece.sample_rate, piece.pts = SAMPLE_RATE, begin
                piece.time_base = Fraction(1, SAMPLE_RATE)
                out.mux(tone.encode(piece))
            out.mux(tone.encode(None))
    return path


def said_at(times: dict[float, np.ndarray], seconds: float) -> np.ndarray:
    """A sound in which others begin at known times, silent between."""
    sound = np.zeros(round(seconds * SAMPLE_RATE), np.float32)
    for start, one in times.items():
        at = round(start * SAMPLE_RATE)
        sound[at : at + len(one)] = one[: len(sound) - at]
    return sound


def _picture(shown: Shown, at: float) -> np.ndarray:
    return np.ascontiguousarray(shown(at) if callable(shown) else shown)
