"""Frames with a red square in them, and an encoder that sees only how much red there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from scrubjay.core.types import EncoderSpec, Media, Modality
from scrubjay.media.video import Frame

RED, BLUE = (220, 30, 30), (40, 60, 170)
WIDTH, HEIGHT = 160, 90
Place = tuple[int, int, int, int]


class HalfRed:
    """Every picture is an angle: 0 when half of it is red, 90 degrees with none or nothing else.

    So a square scores best when it is twice as large as the red in it.
    """

    def __init__(
        self, modalities: frozenset[Modality] = frozenset((Modality.IMAGE, Modality.TEXT))
    ) -> None:
        self.spec = EncoderSpec("half red", "v1", 2, modalities, "half red", 16)
        self.pictures = 0
        self.calls = 0

    def encode(self, modality: Modality, batch: Sequence[Media]) -> np.ndarray:
        if modality is not Modality.IMAGE:
            return np.tile(np.float32([1, 0]), (len(batch), 1))
        self.pictures += len(batch)
        self.calls += 1
        angles = [abs(2 * red_share(np.asarray(one)) - 1) * np.pi / 2 for one in batch]
        return np.array([[np.cos(a), np.sin(a)] for a in angles], np.float32).reshape(-1, 2)


def red_share(picture: np.ndarray) -> float:
    red = (picture[..., 0] > 150) & (picture[..., 1] < 90) & (picture[..., 2] < 90)
    return float(red.mean())


QUERY = np.float32([[1, 0]])


def frame(at_s: float, place: Place | None = None, ground: tuple[int, int, int] = BLUE) -> Frame:
    picture = np.full((HEIGHT, WIDTH, 3), ground, np.uint8)
    if place is not None:
        x0, y0, x1, y1 = place
        picture[y0:y1, x0:x1] = RED
    return Frame(at_s, picture)


def film(seconds: float, *times: tuple[float, float, Place]) -> Iterator[Frame]:
    """Two frames a second, with red in some places at some times."""
    for number in range(int(2 * seconds)):
        at_s = number / 2
        there = [place for start, end, place in times if start <= at_s < end]
        yield frame(at_s, there[0] if there else None)


def write_video(path: Path, frames: Iterable[Frame], *, fps: int = 2) -> Path:
    """Write frames as a video, as many a second, with little lost."""
    import av

    with av.open(path, "w") as out:
        stream = out.add_stream("mpeg4", rate=fps)
        stream.width, stream.height = WIDTH, HEIGHT
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        for one in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(one.picture, "rgb24")))
        out.mux(stream.encode(None))
    return path
