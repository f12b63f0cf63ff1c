"""A video watched for a question.

short   watch (shots, speech, signs) > answer from frames of every shot
long    watch > look (each shot described once) > find (those it is about) > answer from these

What is found out about an item's video is kept and found again; of one that was handed over it is
known while the process runs. A model that takes conversations is shown several frames of each shot
in order, with their times; one that looks at single pictures is asked frame by frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from scrubjay.ask.answer import Answer
from scrubjay.ask.answering import Answering, Drawn
from scrubjay.ask.clip import Clip
from scrubjay.ask.evidence import Looked
from scrubjay.ask.finding import Finder
from scrubjay.ask.frame_by_frame import caption_of_frame
from scrubjay.ask.gleaned import Captioned
from scrubjay.ask.moving import about_movement
from scrubjay.ask.question import Question
from scrubjay.ask.steps import Walk
from scrubjay.ask.telling import is_told
from scrubjay.ask.watching_choice import Chosen, Moments, choose
from scrubjay.ask.watching_film import Scene, Watched, looked_at, times_in, watched
from scrubjay.core.config import VideoLimits
from scrubjay.core.looking import ModelSpec, Reply, Sampling
from scrubjay.core.protocols import Encoder, Progress
from scrubjay.models.family import Room

FEW: Final = 8
"""Shots of which a model that takes conversations is shown all at once."""
FRAMES: Final = 16
"""Frames it is shown at once, at most."""
EACH: Final = 4
"""Frames of one shot, at most, unless movement is asked about."""
MOVING: Final = 8
"""Frames of one shot where movement is asked about."""
FOLLOWED: Final = 12
"""Frames in which a model that only looks is to follow things, at most."""
FOLLOW_S: Final = 0.25
"""Seconds between them, at least."""

NOTHING_TO_WATCH: Final = "nothing but black is shown in it, and nobody speaks"


@dataclass(frozen=True, slots=True)
class Watching:
    """One video, and what may help to find the right shots of it.

    Attributes:
        encoder: the text tower that compares; None: words alone do.
        finder: a collection whose index may know the video.
        limits: what the video may cost.
    """

    answering: Answering
    clip: Clip
    limits: VideoLimits
    encoder: Callable[[], Encoder | None] | None
    finder: Finder | None
    progress: Progress

    def answer(self, question: Question, sampling: Sampling, k: int) -> Answer:
        """Answer a question about the video; raises as `Asking.watch`."""
        walk = self.answering.walk
        film = watched(walk, self.clip, limits=self.limits, progress=self.progress)
        if not film.scenes:
            return self.answering.untold(question, NOTHING_TO_WATCH)
        spec = self.answering.spec
        if len(film.scenes) <= (FEW if spec.instructed else k):
            return self._over(question, film, film.scenes, Drawn.WATCHED)
        film = described_scenes(walk, film, sampling, self.progress)
        chosen = self._chosen(question, film, k)
        if len(chosen.scenes) < len(film.scenes):
            walk.note(f"{len(chosen.scenes)} of its {len(film.scenes)} shots were looked at")
        ordered = not chosen.by or spec.instructed
        scenes = _in_time(chosen.scenes) if ordered else chosen.scenes
        return self._over(question, film, scenes, Drawn.WATCHED if ordered else Drawn.CHOSEN)

    def _chosen(self, question: Question, film: Watched, k: int) -> Chosen:
        by: list[str] = []
        with self.answering.walk.step("find", lambda: " and ".join(by)):
            chosen = choose(
                film.scenes, question, k, encoder=self.encoder, found=self._found(question)
            )
            by += chosen.by or ("time",)
        return chosen

    def _found(self, question: Question) -> Callable[[], Moments] | None:
        finder, item = self.finder, self.clip.item
        if finder is None or item is None:
            return None
        return lambda: finder.moments(item, question)

    def _over(
        self, question: Question, film: Watched, scenes: Sequence[Scene], drawn: Drawn
    ) -> Answer:
        """Answer from some scenes, in their order."""
        times = _times(question, scenes, self.answering.spec)
        looked = opened(film, scenes, times)
        return self.answering.answer(question, looked, drawn)


def described_scenes(walk: Walk, film: Watched, sampling: Sampling, progress: Progress) -> Watched:
    """Every scene with what its middle frame shows, described where it was not before."""
    vlm = walk.models.vlm()
    said = Captioned(vlm.spec, sampling)
    clip = film.clip
    wanted = {times_in(one, 1)[0]: one for one in film.scenes if one.keys}
    captions: dict[float, Reply] = {}
    missing = []
    for at in sorted(wanted):
        known = walk.gleaned.frame_caption(clip.sha256, clip.item, at, said)
        if known is None:
            missing.append(at)
        else:
            captions[at] = known
    if missing:
        with walk.step("look", lambda: vlm.spec.family):
            frames = film.frames(missing)
            for number, (at, frame) in enumerate(zip(missing, frames, strict=False)):
                progress("describing shots", number, len(missing))
                with walk.models.turn(Room.VLM):
                    reply = caption_of_frame(vlm, frame.picture, sampling)
                walk.gleaned.keep_frame_caption(clip.sha256, clip.item, at, said, reply)
                captions[at] = reply
            progress("describing shots", len(missing), len(missing))
    told = {
        scene.moment: captions[at]
        for at, scene in wanted.items()
        if at in captions and is_told(captions[at])
    }
    scenes = tuple(replace(one, caption=told.get(one.moment)) for one in film.scenes)
    return replace(film, scenes=scenes)


def opened(
    film: Watched, scenes: Sequence[Scene], times: Sequence[Sequence[float]]
) -> list[Looked]:
    """Scenes as sources, numbered from 1, with their frames; one pass over the video."""
    order = sorted({at for some in times for at in some})
    frames = dict(zip(order, film.frames(order), strict=False)) if order else {}
    return [
        looked_at(film.clip, scene, number, [frames[at] for at in some if at in frames])
        for number, (scene, some) in enumerate(zip(scenes, times, strict=True), start=1)
    ]


def _times(question: Question, scenes: Sequence[Scene], spec: ModelSpec) -> list[tuple[float, ...]]:
    """When to look at each scene, as far as the model can be shown."""
    moving = about_movement(question.text) is not None
    if not spec.instructed:
        if moving:
            return [times_in(one, _followed(one)) for one in scenes]
        return [one.keys for one in scenes]
    room = FRAMES if spec.max_pictures is None else min(FRAMES, spec.max_pictures)
    share = room // len(scenes)
    if share == 0:  # they are asked about one by one
        share = room
    return [times_in(one, max(1, min(share, MOVING if moving else EACH))) for one in scenes]


def _followed(scene: Scene) -> int:
    seconds = scene.moment.end_s - scene.moment.start_s
    return max(1, min(FOLLOWED, round(seconds / FOLLOW_S)))


def _in_time(scenes: Sequence[Scene]) -> tuple[Scene, ...]:
    return tuple(sorted(scenes, key=lambda one: one.moment.start_s))
