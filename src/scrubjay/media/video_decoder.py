"""The process that decodes a stranger's video: `python -m scrubjay.media.video_decoder`.

It reads one request from standard input, decodes from a descriptor it was given, and answers on
standard output. Before it looks at the first byte it gives up what decoding does not need. FFmpeg
gets a file to read and no name, is told the container, and so can open nothing else.
"""

from __future__ import annotations

import errno
import json
import math
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from scrubjay.core.types import SAMPLE_RATE
from scrubjay.media.confinement import give_up_rights, mapped_bytes, set_limits
from scrubjay.media.video_wire import (
    ANSWER,
    ANSWERS,
    MAX_REASON,
    MAX_REQUEST,
    MAX_SAMPLES,
    Request,
    Said,
    Want,
)

MISSING_S: Final = 1.5
"""A video may end so much before its header says."""

MISSING_SHARE: Final = 0.02
"""Or so much of its length, whichever is more."""

DAMAGED_FRAMES: Final = 0.05
"""Share of packets that may fail to decode before a video counts as damaged."""

NEAR_S: Final = 4.0
"""A frame so soon after the one before is decoded on the way instead of being looked for."""

TOGETHER_S: Final = 0.05
"""Picture and sound that begin so near each other begin together."""

BUFFER: Final = 1 << 20


class Refused(Exception):
    """A video that cannot be used; the message says why."""


def main() -> None:
    """Answer one request."""
    line = sys.stdin.buffer.readline(MAX_REQUEST)
    out = os.fdopen(os.dup(1), "wb", BUFFER)
    os.dup2(2, 1)  # what a library prints must not become part of an answer
    request = Request.from_json(json.loads(line))
    give_up_rights()
    set_limits(mapped_bytes() + request.memory, request.seconds)
    av.logging.set_level(None)
    try:
        for said, at, width, height, payload in answers(request):
            out.write(ANSWER.pack(ANSWERS, said, at, width, height, len(payload)))
            out.write(payload)
    except Refused as error:
        _end(out, Said.BAD_MEDIA, str(error).encode()[:MAX_REASON])
    except MemoryError:
        _end(out, Said.OUT_OF_MEMORY, b"")
    except (av.FFmpegError, ValueError, OverflowError, ZeroDivisionError) as error:
        if getattr(error, "errno", None) == errno.ENOMEM:
            _end(out, Said.OUT_OF_MEMORY, b"")
        else:
            why = " ".join(str(getattr(error, "strerror", None) or error).split())[:120]
            _end(out, Said.BAD_MEDIA, f"damaged video: {why}".encode()[:MAX_REASON])
    out.flush()


Answer = tuple[Said, float, int, int, bytes]


def answers(request: Request) -> Iterator[Answer]:
    """Everything there is to say, the last of it an end.

    Raises:
        Refused: the video cannot be used.
        av.FFmpegError: FFmpeg cannot go on.
    """
    with (
        os.fdopen(request.descriptor, "rb", BUFFER) as file,
        av.open(
            file,
            format=request.demuxer,
            buffer_size=BUFFER,
            metadata_errors="replace",
            options={"protocol_whitelist": "", "enable_drefs": "0"},
        ) as container,
    ):
        video = Video(container, request)
        if request.want is Want.INFO:
            yield Said.INFO, 0.0, 0, 0, json.dumps(video.info()).encode()
            return
        if request.want is Want.SOUND:
            yield from video.sound()
        elif request.want is Want.FRAMES_AT:
            yield from video.frames_at(request.times)
        else:
            yield from video.frames()
        yield Said.DONE, 0.0, 0, 0, b""


class Video:
    """An opened container, checked."""

    def __init__(self, container: Any, request: Request) -> None:  # noqa: ANN401 - PyAV is untyped
        self.container = container
        self.request = request
        self.picture: Any = next(
            (one for one in container.streams.video if not _is_cover(one)), None
        )
        self.heard: Any = next(iter(container.streams.audio), None)
        if self.picture is None and self.heard is None:
            raise Refused("it has neither a picture nor a sound track")
        self.promised = self._promised()
        if self.promised > request.max_s:
            raise Refused(f"longer than the limit of {request.max_s:,.0f} s")
        if self.picture is not None:
            width, height = self.picture.codec_context.width, self.picture.codec_context.height
            if width * height > request.max_pixels:
                raise Refused(f"frames of {width} x {height} pixels are over the limit")
            self.picture.thread_type = "AUTO"
            self.picture.codec_context.thread_count = 2

    def _promised(self) -> float:
        """The length in seconds that its header gives; 0: none."""
        lengths = [
            float(one.duration * one.time_base)
            for one in (self.picture, self.heard)
            if one is not None and one.duration and one.time_base
        ]
        if self.container.duration:
            lengths.append(self.container.duration / 1_000_000)
        return max((one for one in lengths if math.isfinite(one)), default=0.0)

    def info(self) -> dict[str, Any]:
        """What its header and its first frame say."""
        found: dict[str, Any] = {
            "duration_s": self.promised,
            "promised_s": self.promised,
            "width": 0,
            "height": 0,
            "fps": 0.0,
            "has_picture": self.picture is not None,
            "has_sound": self.heard is not None,
            "rotation": 0,
        }
        if self.picture is not None:
            frame = next(self._decoded(self.picture), None)
            if frame is None:
                raise Refused("damaged video: no frame of it can be decoded")
            turn = _quarter_turns(frame)
            width, height = (frame.height, frame.width) if turn % 2 else (frame.width, frame.height)
            rate = self.picture.average_rate
            found |= {"width": width, "height": height, "rotation": 90 * turn}
            found["fps"] = float(rate) if rate else 0.0
        found["duration_s"] = self._ends()
        if found["duration_s"] > self.request.max_s:
            raise Refused(f"longer than the limit of {self.request.max_s:,.0f} s")
        return found

    def _ends(self) -> float:
        """Where it really ends, by the times of its packets; a header may say anything."""
        stream = self.picture or self.heard
        enough = self.promised - max(MISSING_S, MISSING_SHARE * self.promised)
        if self.promised:
            self._seek(enough)
            if self._last_packet(stream) >= enough:
                return self.promised
        self.container.seek(0)
        return self._last_packet(stream)

    def _last_packet(self, stream: Any) -> float:  # noqa: ANN401 - PyAV is untyped here
        origin, last = _origin(stream), 0.0
        try:
            for packet in self.container.demux(stream):
                if packet.pts is not None and packet.size:
                    length = packet.duration or 0
                    last = max(last, float((packet.pts + length) * packet.time_base) - origin)
        except av.FFmpegError:
            return last  # cut off: what came until here is there
        return last

    def frames(self) -> Iterator[Answer]:
        """The first frame at or after every tick."""
        if self.picture is None:
            return
        request = self.request
        origin = _origin(self.picture)
        if request.start_s > 0:
            self._seek(request.start_s + origin)
        tick, last = request.start_s, 0.0
        for frame in self._decoded(self.picture):
            at = _time(frame, last) - origin
            last = max(last, at)
            if at > request.max_s:
                raise Refused(f"longer than the limit of {request.max_s:,.0f} s")
            if request.end_s is not None and at >= request.end_s:
                return
            if at + 1e-6 < tick:
                continue
            yield self._drawn(frame, at)
            if request.every_s > 0:
                tick = max(tick + request.every_s, (at // request.every_s) * request.every_s)
                while tick <= at:
                    tick += request.every_s
        self._check_whole(last, request.start_s)

    def frames_at(self, times: Sequence[float]) -> Iterator[Answer]:
        """For each time the last frame that begins at or before it."""
        if self.picture is None:
            return
        origin = _origin(self.picture)
        shown: Iterator[Any] = iter(())
        best: tuple[Any, float] | None = None
        after: tuple[Any, float] | None = None
        for time in times:
            if best is None or not best[1] <= time <= best[1] + NEAR_S:
                self._seek(time + origin)
                shown, best, after = self._decoded(self.picture), None, None
            while best is None or best[1] <= time:
                frame = after or next(((one, _time(one, 0.0) - origin) for one in shown), None)
                after = None
                if frame is None:
                    break
                if frame[1] > time + 1e-6 and best is not None:
                    after = frame
                    break
                best = frame
            if best is None:
                raise Refused(f"no frame of it can be decoded at {time:.1f} s")
            said, _, width, height, payload = self._drawn(best[0], 0.0)
            yield said, time, width, height, payload

    def sound(self) -> Iterator[Answer]:
        """Its first sound track, mono at 16 kHz; nothing where there is none."""
        if self.heard is None:
            return
        convert: Any = None
        resample: Any = None
        rate, heard = 0, 0.0
        late = self._late()
        if late > 0:
            yield from _samples(np.zeros(round(late * SAMPLE_RATE), np.float32))
        early = round(max(0.0, -late) * SAMPLE_RATE)
        for frame in self._decoded(self.heard):
            if convert is None:
                rate = int(frame.sample_rate)
                if not 1_000 <= rate <= 768_000:
                    raise Refused(f"a sampling rate of {rate} Hz")
                convert = av.AudioResampler(format="fltp", layout="mono", rate=rate)
                resample = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ")
            for part in convert.resample(frame):
                block = part.to_ndarray()[0].astype(np.float32, copy=False)
                heard += len(block) / rate
                if heard > self.request.max_s:
                    raise Refused(f"longer than the limit of {self.request.max_s:,.0f} s")
                made = resample.resample_chunk(block)
                yield from _samples(made[early:])
                early = max(0, early - len(made))
        if resample is not None:
            made = resample.resample_chunk(np.zeros(0, np.float32), last=True)
            yield from _samples(made[early:])

    def _late(self) -> float:
        """Seconds the sound begins after the picture; within a frame or so they are together."""
        if self.picture is None:
            return 0.0
        late = _origin(self.heard) - _origin(self.picture)
        return late if TOGETHER_S < abs(late) <= self.request.max_s else 0.0

    def _seek(self, time: float) -> None:
        stream = self.picture or self.heard
        try:
            self.container.seek(round(max(time, 0.0) / stream.time_base), stream=stream)
        except av.FFmpegError:
            self.container.seek(0)

    def _decoded(self, stream: Any) -> Iterator[Any]:  # noqa: ANN401 - PyAV is untyped here
        """Frames of a stream; a few that cannot be decoded are left out.

        Raises:
            Refused: too many cannot be decoded.
        """
        failed = 0
        for packets, packet in enumerate(self.container.demux(stream), start=1):
            try:
                yield from packet.decode()
            except av.InvalidDataError:
                failed += 1
                if failed > 25 and failed > DAMAGED_FRAMES * packets:
                    raise Refused(
                        f"damaged video: {failed} of its first {packets} packets cannot be decoded"
                    ) from None

    def _drawn(self, frame: Any, at: float) -> Answer:  # noqa: ANN401 - PyAV is untyped here
        width, height = frame.width, frame.height
        if width * height > self.request.max_pixels:
            raise Refused(f"frames of {width} x {height} pixels are over the limit")
        longer = max(width, height)
        side = self.request.long_side
        if side and side < longer:
            width = max(2, round(width * side / longer))
            height = max(2, round(height * side / longer))
        pixels = frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
        turned = np.ascontiguousarray(np.rot90(pixels, _quarter_turns(frame)))
        return Said.FRAME, at, turned.shape[1], turned.shape[0], turned.tobytes()

    def _check_whole(self, last: float, start: float) -> None:
        """Refuse a video that ends long before its header says."""
        request = self.request
        if request.end_s is not None or start > 0 or not self.promised:
            return
        if self.promised - last > max(MISSING_S, MISSING_SHARE * self.promised, request.every_s):
            stream = self.picture
            own = float(stream.duration * stream.time_base) if stream.duration else self.promised
            if own - last > max(MISSING_S, MISSING_SHARE * own, request.every_s):
                raise Refused(f"truncated video: {last:.1f} of {own:.1f} s can be decoded")


def _is_cover(stream: Any) -> bool:  # noqa: ANN401 - PyAV is untyped here
    """Whether it is a still picture that comes with music."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _origin(stream: Any) -> float:  # noqa: ANN401 - PyAV is untyped here
    return float(stream.start_time * stream.time_base) if stream.start_time else 0.0


def _time(frame: Any, otherwise: float) -> float:  # noqa: ANN401 - PyAV is untyped here
    return float(frame.time) if frame.time is not None else otherwise


def _quarter_turns(frame: Any) -> int:  # noqa: ANN401 - PyAV is untyped here
    """Quarter turns to the left that set a frame upright."""
    degrees: float = frame.rotation
    return round(degrees / 90) % 4


def _samples(block: NDArray[np.float32]) -> Iterator[Answer]:
    if not np.isfinite(block).all():
        raise Refused("samples that are not finite numbers")
    data = np.ascontiguousarray(block, "<f4").tobytes()
    for at in range(0, len(data), MAX_SAMPLES):
        yield Said.SAMPLES, 0.0, 0, 0, data[at : at + MAX_SAMPLES]


def _end(out: BinaryIO, said: Said, payload: bytes) -> None:
    out.write(ANSWER.pack(ANSWERS, said, 0.0, 0, 0, len(payload)))
    out.write(payload)


if __name__ == "__main__":
    main()
