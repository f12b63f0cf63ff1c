"""The passes over one video: its shots, its sound, the text in its pictures."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final, Protocol

from scrubjay.core.errors import BadMedia
from scrubjay.core.failpoint import failpoint
from scrubjay.core.hearing import Heard, Transcript
from scrubjay.core.protocols import Progress, Seconds, SpeechToText, TextReader
from scrubjay.core.reading import Reading
from scrubjay.core.times import clock
from scrubjay.core.types import SAMPLE_RATE, Sound
from scrubjay.media.shots import ShotSettings, find_shots
from scrubjay.media.video import Frame, Video, VideoInfo
from scrubjay.models.voice_activity import Span, together
from scrubjay.search.film_kept import Notes, fingerprint_of, milliseconds
from scrubjay.search.film_sound import Block, activity_here, speech_blocks

EVERY_S: Final = 0.1
"""Seconds from frame to frame where shots are looked for."""
LEAST_SIDE: Final = 96
"""Pixels of the shorter side of those frames, at least."""
READ_SIDE: Final = 1280
"""Pixels of the longer side of frames whose text is read, at most."""
HEARD_S: Final = 30.0
"""Seconds of speech that are listened to at once, at most."""
PAUSE_S: Final = 2.0
"""Speech after a longer pause is listened to by itself."""


@dataclass(frozen=True, slots=True)
class FilmShot:
    """A shot, and when the frames that stand for it are shown; seconds from the beginning."""

    start_s: float
    end_s: float
    keys: tuple[float, ...]


class Onlooker(Protocol):
    """Sees and hears what goes by, so that no further pass is needed for it."""

    @property
    def side(self) -> int | None:
        """Pixels of the shorter side of the pictures it wants; None: it wants none."""
        ...

    @property
    def listens(self) -> bool:
        """Whether it wants to hear speech."""
        ...

    def seen(self, frame: Frame) -> None:
        """A key frame, in order of time."""
        ...

    def heard(self, block: Block) -> None:
        """A stretch of sound and the speech in it."""
        ...


class Passes:
    """One video, gone through as often as it must be.

    Attributes:
        broken: why a part of it could not be used, and which.
        lacking: what is not installed and was needed.
    """

    def __init__(
        self, video: Video, info: VideoInfo, notes: Notes, name: str, progress: Progress
    ) -> None:
        """Nothing is decoded yet."""
        self._video = video
        self._info = info
        self._notes = notes
        self._name = name
        self._progress = progress
        self.broken: str | None = None
        self.lacking: tuple[str, ...] = ()

    def shots(self, onlooker: Onlooker | None) -> tuple[FilmShot, ...]:
        """Its shots; the onlooker is shown their key frames."""
        if not self._info.has_picture:
            return ()
        side = None if onlooker is None else onlooker.side
        long_side = self._long_side(max(side or 0, LEAST_SIDE))
        fingerprint = fingerprint_of("shots 2", ShotSettings(), EVERY_S, long_side)
        known = self._notes.find("shots", fingerprint, _shots_told)
        if known is not None:
            shots, broken = known
            self._note(broken)
            if onlooker is not None and side is not None:
                times = [at for shot in shots for at in shot.keys]
                for frame in self._frames_at(times, long_side, "looking"):
                    onlooker.seen(frame)
            return shots
        found: list[FilmShot] = []
        frames = self._video.frames(every_s=EVERY_S, long_side=long_side)
        for shot in find_shots(self._whole(frames, "looking")):
            found.append(FilmShot(shot.start_s, shot.end_s, tuple(k.at_s for k in shot.keys)))
            if onlooker is not None and side is not None:
                for frame in shot.keys:
                    onlooker.seen(frame)
        failpoint("film.before_shots")
        self._notes.keep("shots", fingerprint, _tell_shots(found, self.broken))
        failpoint("film.after_shots")
        return tuple(found)

    def sound(
        self, listener: SpeechToText | None, onlooker: Onlooker | None
    ) -> tuple[tuple[Span, ...], Transcript | None]:
        """Where somebody speaks and what they say; the onlooker hears it, too."""
        if not self._info.has_sound:
            return (), None if listener is None else self._transcript(listener, [])
        activity, ear, missing = activity_here()
        self.lacking = (*self.lacking, *([missing] if missing else []))
        by_ear = fingerprint_of("speech 1", ear)
        by_listener = (
            ""
            if listener is None
            else fingerprint_of(by_ear, listener.spec.fingerprint, HEARD_S, PAUSE_S)
        )
        known = self._notes.find("speech", by_ear, _speech_told)
        said = (
            None
            if listener is None
            else self._notes.find("transcript", by_listener, Transcript.from_json)
        )
        listens = onlooker is not None and onlooker.listens
        if known is not None and not listens and (listener is None or said is not None):
            self._note(known[1])
            return known[0], said
        spans: list[Span] = []
        heard: list[Transcript] = []
        with closing(self._sounds()) as pieces:
            for block in speech_blocks(pieces, activity):
                spans.extend(block.spans)
                if onlooker is not None and listens:
                    onlooker.heard(block)
                if listener is not None and said is None:
                    heard.extend(self._listened(block, listener, by_listener))
        if known is None:
            self._notes.keep("speech", by_ear, _tell_speech(spans, self.broken))
        if listener is not None and said is None:
            said = self._transcript(listener, heard)
            self._notes.keep("transcript", by_listener, said.to_json())
        return tuple(spans), said

    def readings(
        self, shots: Sequence[FilmShot], reader: TextReader | None
    ) -> tuple[tuple[float, Reading], ...]:
        """What is written in the key frames, by their times."""
        if reader is None:
            return ()
        fingerprint = reader.spec.fingerprint
        times = [at for shot in shots for at in shot.keys]
        known = {
            at: self._notes.find(_reading_at(at), fingerprint, Reading.from_json) for at in times
        }
        missing = [at for at in times if known[at] is None]
        for frame in self._frames_at(missing, READ_SIDE, "reading"):
            reading = reader.read(frame.picture)
            self._notes.keep(_reading_at(frame.at_s), fingerprint, reading.to_json())
            known[frame.at_s] = Reading.from_json(reading.to_json())
        return tuple((at, found) for at in times if (found := known[at]) is not None)

    def _listened(
        self, block: Block, listener: SpeechToText, fingerprint: str
    ) -> Iterator[Transcript]:
        """What is said in a block, stretch by stretch, each with the video's times."""
        for span in together(block.spans, longest_s=HEARD_S, pause_s=PAUSE_S):
            what = f"transcript_{milliseconds(span.start_s)}_{milliseconds(span.end_s)}"
            known = self._notes.find(what, fingerprint, Transcript.from_json)
            if known is None:
                heard = listener.transcribe(block.cut(span.start_s, span.end_s))
                told = _later(heard, span.start_s).to_json()
                self._notes.keep(what, fingerprint, told)
                known = Transcript.from_json(told)
            yield known

    def _transcript(self, listener: SpeechToText, heard: Sequence[Transcript]) -> Transcript:
        languages = {one.language for one in heard if one.segments}
        return Transcript(
            tuple(segment for one in heard for segment in one.segments),
            languages.pop() if len(languages) == 1 else None,
            self._info.duration_s,
            heard[0].listener if heard else listener.spec.name,
        )

    def _sounds(self) -> Generator[Sound, None, None]:
        """The sound, up to where it can be used."""
        heard = 0
        try:
            for piece in self._video.sound():
                heard += len(piece)
                yield piece
                self._tell("listening", heard / SAMPLE_RATE)
        except BadMedia as error:
            if not heard and not self._info.has_picture:
                raise
            self._note(f"{error.reason}; heard up to {clock(heard / SAMPLE_RATE)}")

    def _whole(self, frames: Iterator[Frame], doing: str) -> Iterator[Frame]:
        """Frames, up to where they can be used."""
        last: float | None = None
        try:
            for frame in frames:
                last = frame.at_s
                self._tell(doing, last)
                yield frame
        except BadMedia as error:
            if last is None:
                raise
            self._note(f"{error.reason}; used up to {clock(last)}")

    def _frames_at(self, times: Sequence[float], long_side: int, doing: str) -> Iterator[Frame]:
        if times:
            yield from self._whole(self._video.frames_at(times, long_side=long_side), doing)

    def _tell(self, doing: str, at_s: float) -> None:
        total = round(self._info.duration_s)
        what = Seconds(f"{self._name}: {doing}")
        self._progress(what, min(round(at_s), total) if total else round(at_s), total or None)

    def _note(self, broken: str | None) -> None:
        self.broken = self.broken or broken

    def _long_side(self, side: int) -> int:
        """The longer side of a frame whose shorter side is `side`."""
        short, long = sorted((self._info.width, self._info.height))
        return math.ceil(side * long / max(1, short))


def _reading_at(at_s: float) -> str:
    return f"reading_{milliseconds(at_s)}"


def _later(heard: Transcript, by_s: float) -> Transcript:
    segments = [
        Heard(one.text, one.start_s + by_s, one.end_s + by_s, one.confidence)
        for one in heard.segments
    ]
    return Transcript(tuple(segments), heard.language, heard.duration_s, heard.listener)


def _tell_shots(shots: Sequence[FilmShot], broken: str | None) -> dict[str, Any]:
    return {"shots": [[one.start_s, one.end_s, *one.keys] for one in shots], "broken": broken}


def _shots_told(told: Mapping[str, Any]) -> tuple[tuple[FilmShot, ...], str | None]:
    shots = [[float(one) for one in row] for row in told["shots"]]
    return tuple(FilmShot(row[0], row[1], tuple(row[2:])) for row in shots), told["broken"]


def _tell_speech(spans: Sequence[Span], broken: str | None) -> dict[str, Any]:
    return {"speech": [list(one) for one in spans], "broken": broken}


def _speech_told(told: Mapping[str, Any]) -> tuple[tuple[Span, ...], str | None]:
    return tuple(Span(float(a), float(b)) for a, b in told["speech"]), told["broken"]
