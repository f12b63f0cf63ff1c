"""A film as a file: frames and sound are encoded as they are made, and nothing holds it whole."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import MissingExtra
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import SAMPLE_RATE, Picture, Sound
from scrubjay.media.world.film import Film, frames
from scrubjay.media.world.film_sound import Said, soundtrack
from scrubjay.media.world.speak import Speaker

PICTURE, SOUND = "libx264", "aac"
HOW: Final = {"preset": "veryfast", "crf": "23"}
THREADS: Final = 2
"""That encode while the next frame is drawn."""
KEY_S: Final = 4
"""Seconds from one frame that stands by itself to the next, at most."""
BLOCK: Final = 1024
"""Samples encoded at once."""


def write_film(
    film: Film, to: Path, *, sound: bool = True, progress: Progress = silent
) -> tuple[Said, ...]:
    """Write a film as MP4, H.264 with AAC.

    Args:
        film: what is shown and said.
        to: the file; what is there is replaced.
        sound: whether there is a sound track.
        progress: told how many seconds are written.

    Returns:
        What is said in it, and when.

    Raises:
        MissingExtra: PyAV is not installed.
        NotReady: espeak-ng is not installed, and there is to be sound.
    """
    try:
        import av
    except ImportError as error:
        raise MissingExtra("writing videos", "video") from error
    speaker = Speaker() if sound else None
    said: list[Said] = []
    with av.open(str(to), "w", format="mp4") as out:
        picture = _Picture(av, out, film)
        tone = _Tone(av, out) if speaker is not None else None
        heard = soundtrack(film, speaker) if speaker is not None else iter(())
        shown = frames(film)
        for shot in film.shots:
            # As in `frames`: a frame belongs to the shot it begins before the end of.
            while picture.written / film.fps < shot.end_s - 1e-9:
                picture.write(next(shown))
            if tone is not None:
                piece, one = next(heard)
                tone.write(piece)
                said += [] if one is None else [one]
            progress("film", round(shot.end_s), round(film.duration_s))
        picture.end()
        if tone is not None:
            tone.end()
    return tuple(said)


class _Picture:
    """The picture track of a file being written."""

    def __init__(self, av: Any, out: Any, film: Film) -> None:  # noqa: ANN401 - PyAV is untyped
        self._av, self._out, self._fps = av, out, film.fps
        self._stream = out.add_stream(PICTURE, rate=film.fps, options=dict(HOW))
        self._stream.width, self._stream.height = film.width, film.height
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.gop_size = KEY_S * film.fps
        self._stream.codec_context.thread_count = THREADS
        self.written = 0

    def write(self, picture: Picture) -> None:
        frame = self._av.VideoFrame.from_ndarray(picture, "rgb24")
        frame.pts, frame.time_base = self.written, Fraction(1, self._fps)
        self._out.mux(self._stream.encode(frame))
        self.written += 1

    def end(self) -> None:
        self._out.mux(self._stream.encode(None))


class _Tone:
    """The sound track of a file being written."""

    def __init__(self, av: Any, out: Any) -> None:  # noqa: ANN401 - PyAV is untyped
        self._av, self._out = av, out
        self._stream = out.add_stream(SOUND, rate=SAMPLE_RATE, layout="mono")
        self._left: NDArray[np.float32] = np.zeros(0, np.float32)
        self._written = 0

    def write(self, sound: Sound) -> None:
        have = np.concatenate([self._left, sound])
        whole = len(have) // BLOCK * BLOCK
        for at in range(0, whole, BLOCK):
            self._encode(have[at : at + BLOCK])
        self._left = have[whole:]

    def end(self) -> None:
        if len(self._left):
            self._encode(self._left)
        self._out.mux(self._stream.encode(None))

    def _encode(self, block: Sound) -> None:
        frame = self._av.AudioFrame.from_ndarray(
            np.ascontiguousarray(block[None, :]), format="fltp", layout="mono"
        )
        frame.sample_rate, frame.pts = SAMPLE_RATE, self._written
        frame.time_base = Fraction(1, SAMPLE_RATE)
        self._out.mux(self._stream.encode(frame))
        self._written += len(block)
