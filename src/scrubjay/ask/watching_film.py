"""A video as its moments: what is seen, said and read in each, gleaned once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from scrubjay.ask.answer import Clue, Shown, Source
from scrubjay.ask.clip import Clip, during
from scrubjay.ask.evidence import Looked, one_line
from scrubjay.ask.models import Models
from scrubjay.ask.steps import Walk
from scrubjay.core.config import VideoLimits
from scrubjay.core.errors import BadMedia, MissingExtra, ModelNotFound
from scrubjay.core.hearing import Heard, Transcript
from scrubjay.core.looking import ModelSpec, Reply
from scrubjay.core.protocols import Progress, SpeechToText, TextReader
from scrubjay.core.reading import Reading, TextLine
from scrubjay.core.types import Kind, Picture, Sound
from scrubjay.media.moments import Moment, moment_of
from scrubjay.media.video import Frame, Video
from scrubjay.models.family import Room
from scrubjay.search.film import GleanedFilm, glean

LONG_SIDE: Final = 768
"""Pixels of the longer side of frames that a model is shown, at most."""
EXAMPLE_FRAMES: Final = 4
"""Frames an example that is a video is shown by."""
MARGIN_S: Final = 0.8
"""Seconds at either end of a moment that are not shown, at most: it may still be half another."""
MARGIN: Final = 0.25
"""Share of a moment that is left out at either end, at most."""
SURE: Final = 0.95
"""Confidence from which a single letter is believed to be one: a reader takes shapes for some."""


@dataclass(frozen=True, slots=True)
class Sign:
    """Text that is shown; `confidence` and `box` as of a `TextLine`, None where not known."""

    text: str
    confidence: float | None = None
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """A moment of a video, and what is known of it.

    Attributes:
        keys: when the frames that stand for it are shown; empty: nothing is shown in it.
        said: what is said in it, with the times of the video.
        read: what is written in it.
        caption: what a model says it shows; None: it was not asked, or cannot tell.
    """

    moment: Moment
    keys: tuple[float, ...]
    said: tuple[Heard, ...] = ()
    read: tuple[Sign, ...] = ()
    caption: Reply | None = None

    @property
    def words(self) -> str:
        """What is said in it."""
        return " ".join(one.text for one in self.said)

    @property
    def signs(self) -> str:
        """What is written in it."""
        return " ".join(one.text for one in self.read)


@dataclass(frozen=True, slots=True)
class Watched:
    """A video with all that was found out about it."""

    clip: Clip
    scenes: tuple[Scene, ...]
    limits: VideoLimits = field(default_factory=VideoLimits)

    def frames(self, times: Sequence[float], *, long_side: int = LONG_SIDE) -> Iterator[Frame]:
        """Frames at some times, in order of time; raises as `Video.frames_at`."""
        yield from Video(self.clip.path, limits=self.limits).frames_at(times, long_side=long_side)


def shown_clip(clip: Clip, most: int, *, limits: VideoLimits) -> Shown:
    """A video as some of its frames, evenly, in order.

    Raises:
        BadMedia: it is no video, or shows nothing.
    """
    video = Video(clip.path, limits=limits)
    info = video.info()
    if not info.has_picture:
        raise BadMedia("it has sound alone: nothing is shown in it", clip.name)
    length = info.duration_s or sum(1 for _ in video.frames(every_s=1.0, long_side=16))
    times = [length * (n + 0.5) / most for n in range(most)]
    frames = tuple(video.frames_at(times, long_side=LONG_SIDE))
    if not frames:
        raise BadMedia("no frame of it can be shown", clip.name)
    return Shown(clip.name, frames[len(frames) // 2].picture, frames=frames)


def watched(walk: Walk, clip: Clip, *, limits: VideoLimits, progress: Progress) -> Watched:
    """Find out what is not known of a video yet.

    Raises:
        BadMedia: it is none, or no part of it can be used.
        MissingExtra: what reads videos is not installed.
    """
    models = _ForFilm(walk)
    with walk.step("watch", lambda: " and ".join(models.names)):
        film = glean(
            clip.path,
            clip.sha256,
            models=models,
            kept=walk.gleaned.kept_of(clip.item),
            limits=limits,
            name=clip.name,
            progress=progress,
        )
    for told in film.lacking:
        walk.note(one_line(told))
    if film.broken:
        walk.note(f"{one_line(clip.name)}: {one_line(film.broken)}")
    return Watched(clip, scenes_of(film), limits)


def scenes_of(film: GleanedFilm) -> tuple[Scene, ...]:
    """The moments of a film with what is shown, said and written in each, in order of time."""
    moments = film.moments
    keys: dict[Moment, list[float]] = {one: [] for one in moments}
    said: dict[Moment, list[Heard]] = {one: [] for one in moments}
    read: dict[Moment, dict[str, Sign]] = {one: {} for one in moments}
    shown = [shot for shot in film.shots if film.info.has_picture]
    for one in moments:
        if any(one.shared_s(shot.start_s, shot.end_s) > 0 for shot in shown):
            within = [at for shot in shown for at in shot.keys if one.start_s <= at < one.end_s]
            keys[one] = within or [one.middle_s]
    for heard in film.transcript.segments if film.transcript else ():
        if (moment := moment_of(moments, heard.start_s, heard.end_s)) is not None:
            said[moment].append(heard)
    for at, reading in film.readings:
        if (moment := moment_of(moments, at, at)) is not None:
            for line in filter(_is_text, reading.lines):
                same = " ".join(line.text.casefold().split())
                read[moment].setdefault(same, Sign(line.text, line.confidence, line.box))
    return tuple(
        Scene(one, tuple(keys[one]), tuple(said[one]), tuple(read[one].values())) for one in moments
    )


def looked_at(
    clip: Clip, scene: Scene, number: int, frames: Sequence[Frame], score: float | None = None
) -> Looked:
    """A scene as a source, cited as `film.mp4 1:02-1:10`."""
    start, end = scene.moment.start_s, scene.moment.end_s
    item = clip.item
    source = Source(
        number,
        f"{one_line(clip.name)} {during(start, end)}",
        Kind.VIDEO,
        None if item is None else item.id,
        one_line(item.captions[0]) if item is not None and item.captions else None,
        score,
        start,
        end,
    )
    return Looked(source, None, _clues(number, scene), item, (start, end), tuple(frames))


def times_in(scene: Scene, most: int) -> tuple[float, ...]:
    """When to look at a scene: evenly, not where it may still be half another."""
    if not scene.keys or most < 1:
        return ()
    start, end = scene.moment.start_s, scene.moment.end_s
    if most == 1:
        return (min(scene.keys, key=lambda at: abs(at - scene.moment.middle_s)),)
    margin = min(MARGIN_S, MARGIN * (end - start))
    first, last = start + margin, end - margin
    return tuple(first + (last - first) * n / (most - 1) for n in range(most))


def _is_text(line: TextLine) -> bool:
    letters = sum(one.isalnum() for one in line.text)
    return letters > 1 or (letters == 1 and (line.confidence is None or line.confidence >= SURE))


def _clues(number: int, scene: Scene) -> tuple[Clue, ...]:
    start, end = scene.moment.start_s, scene.moment.end_s
    clues: list[Clue] = []
    if scene.caption is not None and (text := one_line(scene.caption.text)):
        sure = scene.caption.confidence
        clues.append(Clue(number, "seen", text, sure, start_s=start, end_s=end))
    clues += [
        Clue(number, "text", text, line.confidence, line.box, start, end)
        for line in scene.read
        if (text := one_line(line.text))
    ]
    clues += [
        Clue(number, "speech", text, one.confidence, start_s=one.start_s, end_s=one.end_s)
        for one in scene.said
        if (text := one_line(one.text))
    ]
    return tuple(clues)


class _ForFilm:
    """A walk's listener and reader, each in its turn; one that is missing is done without."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._lacking: dict[Room, str] = {}
        self.names: list[str] = []

    def listener(self) -> SpeechToText | None:
        try:
            model = self._walk.models.asr()
        except (MissingExtra, ModelNotFound) as error:
            self._lacking[Room.ASR] = f"what is said in it was not heard: {error}"
            return None
        self.names.append(model.spec.family)
        return _Listener(self._walk.models, model)

    def reader(self) -> TextReader | None:
        try:
            model = self._walk.models.ocr()
        except (MissingExtra, ModelNotFound) as error:
            self._lacking[Room.OCR] = f"text in it was not read: {error}"
            return None
        self.names.append(model.spec.family)
        return _Reader(self._walk.models, model)

    def lacking(self) -> tuple[str, ...]:
        return tuple(self._lacking.values())


@dataclass(frozen=True, slots=True)
class _Listener:
    models: Models
    model: SpeechToText

    @property
    def spec(self) -> ModelSpec:
        return self.model.spec

    def transcribe(
        self, sound: Sound, *, language: str | None = None, words: Sequence[str] | None = None
    ) -> Transcript:
        with self.models.turn(Room.ASR):
            return self.model.transcribe(sound, language=language, words=words)


@dataclass(frozen=True, slots=True)
class _Reader:
    models: Models
    model: TextReader

    @property
    def spec(self) -> ModelSpec:
        return self.model.spec

    def read(self, picture: Picture) -> Reading:
        with self.models.turn(Room.OCR):
            return self.model.read(picture)
