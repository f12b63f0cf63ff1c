"""Videos decoded in other processes, within limits, frame by frame: nothing holds a whole one.

A decoder is C code fed with a stranger's bytes, so each pass over a video has a process of its own
(`scrubjay.media.video_decoder`), which can write nothing, knows no secrets, and may use little. It
is told which container it reads and is handed an open file, so that a playlist can name no other.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.config import VideoLimits
from scrubjay.core.errors import BadMedia, MissingExtra
from scrubjay.core.types import Picture
from scrubjay.media.confined import NOT_AGREED, AskedOnce, asked
from scrubjay.media.sniff import HEAD_BYTES, PLAYLIST, Format, is_playlist, sniff_format
from scrubjay.media.video_wire import (
    ANSWER,
    ANSWERS,
    MAX_REASON,
    MAX_SAMPLES,
    Request,
    Said,
    Want,
)

__all__ = ["DEFAULT_LIMITS", "Frame", "Video", "VideoInfo", "VideoLimits", "demuxer_of"]

DECODER: Final = "scrubjay.media.video_decoder"

DEMUXERS: Final = {
    Format.MP4: "mov",
    Format.MATROSKA: "matroska",
    Format.AVI: "avi",
    Format.MPEG: "mpeg",
    Format.OGG: "ogg",
}


DEFAULT_LIMITS: Final = VideoLimits()


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a video is.

    Attributes:
        duration_s: where it ends, in seconds.
        width: of an upright frame in pixels; 0: it has sound alone.
        height: of an upright frame in pixels.
        fps: frames a second on average; 0: not known.
        has_picture: whether it has a picture track besides a cover.
        has_sound: whether it has a sound track.
        rotation: degrees its frames are turned to the left to be upright.
        promised_s: where its header says that it ends, in seconds; 0: it does not.
    """

    duration_s: float
    width: int
    height: int
    fps: float
    has_picture: bool
    has_sound: bool
    rotation: int
    promised_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of a video, upright, and when it is shown, in seconds from the beginning."""

    at_s: float
    picture: Picture


class Video:
    """A video file. Each method is a pass of its own; threads may run several at once."""

    def __init__(self, path: Path, *, limits: VideoLimits = DEFAULT_LIMITS) -> None:
        """Look at the first bytes only.

        Raises:
            BadMedia: empty, too large, a playlist, or no video by its content.
        """
        self.path = path
        self.limits = limits
        try:
            size = path.stat().st_size
            with path.open("rb") as file:
                head = file.read(HEAD_BYTES)
        except OSError as error:
            raise BadMedia(f"cannot be read: {error.strerror or error}", str(path)) from error
        if not size:
            raise BadMedia("empty file", str(path))
        if size > limits.max_bytes:
            reason = f"file of {size:,} bytes: over the limit of {limits.max_bytes:,}"
            raise BadMedia(reason, str(path))
        self._demuxer = demuxer_of(head, str(path))

    def info(self) -> VideoInfo:
        """What it is; its first frame is decoded, and its end looked for.

        Raises:
            BadMedia: it cannot be used.
            MissingExtra: PyAV is not installed.
        """
        with closing(self._pass(Want.INFO)) as answers:
            for said, _, payload in answers:
                if said is Said.INFO:
                    return _info(payload, str(self.path))
        raise BadMedia("its decoder said nothing", str(self.path))

    def frames(
        self,
        *,
        every_s: float = 0.0,
        long_side: int = 0,
        start_s: float = 0.0,
        end_s: float | None = None,
    ) -> Iterator[Frame]:
        """Frames in order of time; nothing where it has sound alone.

        Args:
            every_s: seconds from frame to frame; 0: every one there is.
            long_side: longer side in pixels that larger frames are made smaller to; 0: as they are.
            start_s: where to begin.
            end_s: where to end; None: at its end.

        Raises:
            BadMedia: damaged, truncated, too long, or more costly than is allowed.
            MissingExtra: PyAV is not installed.
        """
        wanted = self._pass(
            Want.FRAMES, every_s=every_s, long_side=long_side, start_s=start_s, end_s=end_s
        )
        yield from self._pictures(wanted)

    def frames_at(self, times: Sequence[float], *, long_side: int = 0) -> Iterator[Frame]:
        """The frame that is shown at each of some times, in their order.

        Raises:
            BadMedia: as `frames`.
            MissingExtra: as `frames`.
        """
        wanted = self._pass(Want.FRAMES_AT, times=tuple(times), long_side=long_side)
        yield from self._pictures(wanted)

    def sound(self) -> Iterator[NDArray[np.float32]]:
        """Its sound, piece by piece: (samples,) float32 mono at 16 kHz; nothing where it is mute.

        Raises:
            BadMedia: as `frames`.
            MissingExtra: as `frames`.
        """
        with closing(self._pass(Want.SOUND)) as answers:
            for said, _, payload in answers:
                if said is Said.SAMPLES:
                    yield np.frombuffer(payload, "<f4").astype(np.float32, copy=False)

    def _pictures(self, answers: Generator[_Come, None, None]) -> Iterator[Frame]:
        with closing(answers):
            for said, head, payload in answers:
                if said is Said.FRAME:
                    shape = (head.height, head.width, 3)
                    yield Frame(head.at_s, np.frombuffer(payload, np.uint8).reshape(shape))

    def _pass(
        self,
        want: Want,
        *,
        every_s: float = 0.0,
        long_side: int = 0,
        start_s: float = 0.0,
        end_s: float | None = None,
        times: tuple[float, ...] = (),
    ) -> Generator[_Come, None, None]:
        limits, name = self.limits, str(self.path)
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise BadMedia(f"cannot be read: {error.strerror or error}", name) from error
        request = Request(
            want=want,
            descriptor=descriptor,
            demuxer=self._demuxer,
            every_s=every_s,
            long_side=long_side,
            start_s=start_s,
            end_s=end_s,
            times=times,
            max_s=limits.max_s,
            max_pixels=limits.max_pixels,
            memory=limits.memory,
            seconds=limits.least_s + limits.per_s * limits.max_s,
        )
        try:
            if importlib.util.find_spec("av") is None:
                raise MissingExtra("reading videos", "video")
            with asked(DECODER, request.to_json(), inherited=(descriptor,)) as process:
                decoder = AskedOnce(
                    process, name, "decoding", request.memory, request.seconds, limits.stall_s
                )
                yield from _answers(decoder, limits)
        finally:
            os.close(descriptor)


def demuxer_of(head: bytes, name: str) -> str:
    """FFmpeg's name of the container that begins so.

    Raises:
        BadMedia: a playlist, or no video.
    """
    if is_playlist(head):
        raise BadMedia(PLAYLIST, name)
    found = sniff_format(head)
    if found not in DEMUXERS:
        reason = f"not a video: its content is {found.value}" if found else "not a video"
        raise BadMedia(reason, name)
    return DEMUXERS[found]


@dataclass(frozen=True, slots=True)
class _Head:
    at_s: float
    width: int
    height: int


_Come = tuple[Said, _Head, bytes]


def _answers(decoder: AskedOnce, limits: VideoLimits) -> Iterator[_Come]:
    """Everything a decoder says, checked, without the end.

    Raises:
        BadMedia: what it says of the video, or how it died.
    """
    while True:
        magic, kind, at_s, width, height, length = ANSWER.unpack(decoder.read(ANSWER.size))
        if magic != ANSWERS or not _fits(kind, at_s, width, height, length, limits):
            raise BadMedia(NOT_AGREED, decoder.name)
        payload = decoder.read(length)
        said = Said(kind)
        if said is Said.DONE:
            return
        if said is Said.BAD_MEDIA:
            raise decoder.refused(payload, otherwise="damaged video")
        if said is Said.OUT_OF_MEMORY:
            raise decoder.out_of_memory()
        yield said, _Head(at_s, width, height), payload
        if said is Said.INFO:
            return


def _fits(
    kind: int, at_s: float, width: int, height: int, length: int, limits: VideoLimits
) -> bool:
    """Whether a header is one that an honest decoder could write."""
    if kind == Said.FRAME:
        sane = math.isfinite(at_s) and 0 < width * height <= limits.max_pixels
        return sane and length == 3 * width * height
    if kind == Said.SAMPLES:
        return length <= MAX_SAMPLES and length % 4 == 0
    if kind in {Said.INFO, Said.BAD_MEDIA}:
        return length <= MAX_REASON
    return kind in {Said.DONE, Said.OUT_OF_MEMORY} and length == 0


def _info(payload: bytes, name: str) -> VideoInfo:
    try:
        values = json.loads(payload)
        return VideoInfo(
            duration_s=float(values["duration_s"]),
            width=int(values["width"]),
            height=int(values["height"]),
            fps=float(values["fps"]),
            has_picture=bool(values["has_picture"]),
            has_sound=bool(values["has_sound"]),
            rotation=int(values["rotation"]),
            promised_s=float(values["promised_s"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BadMedia(NOT_AGREED, name) from error
