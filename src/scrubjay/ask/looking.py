"""What is looked at: pictures that were handed over, and the nearest items of a collection."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scrubjay.ask.answer import Clue, Shown, Source
from scrubjay.ask.clip import item_clip
from scrubjay.ask.evidence import Looked, one_line
from scrubjay.ask.finding import Finder, Found, Near
from scrubjay.ask.steps import Walk
from scrubjay.ask.watching_film import Scene, Sign, Watched, looked_at, times_in
from scrubjay.core.errors import BadMedia, MissingExtra
from scrubjay.core.types import Kind
from scrubjay.media.moments import Moment

MAX_PICTURES = 100
MOMENT_FRAMES = 3
"""Frames of a moment of a video, for a model that can be shown any number of pictures."""


def handed_over(shown: Sequence[Shown]) -> list[Looked]:
    """Pictures as sources, numbered from 1.

    Raises:
        BadMedia: one that is no picture, or too many.
    """
    if len(shown) > MAX_PICTURES:
        raise BadMedia(f"{len(shown)} pictures at once; show at most {MAX_PICTURES}")
    for one in shown:
        shape: tuple[int, ...] = np.shape(one.picture)
        fits = len(shape) == 3 and shape[-1] == 3 and 0 not in shape
        if not fits or np.asarray(one.picture).dtype != np.uint8:
            raise BadMedia("not a picture of (height, width, 3) bytes", one.name)
    return [
        Looked(Source(number, one_line(one.name), Kind.IMAGE), one.picture)
        for number, one in enumerate(shown, start=1)
    ]


def nearest(walk: Walk, finder: Finder, found: Found) -> list[Looked]:
    """Items that were found, opened; one that cannot be opened is noted and left out."""
    looked: list[Looked] = []
    for near in found.near:
        try:
            if near.item.kind is Kind.VIDEO:
                looked.append(_moment(walk, finder, near, len(looked) + 1))
            else:
                looked.append(_opened(finder, near, len(looked) + 1))
        except (BadMedia, MissingExtra) as error:
            walk.note(f"not looked at: {one_line(str(error))}")
    return looked


def _moment(walk: Walk, finder: Finder, near: Near, number: int) -> Looked:
    """A moment of a video with some of its frames, and what is known to be said and written."""
    item = near.item
    path = finder.film(item)
    start, end = near.start_s or 0.0, near.end_s or item.duration_s or 0.0
    moment = Moment(start, max(start, end))
    lines = tuple(Sign(text) for text in near.read)
    scene = Scene(moment, (moment.middle_s,), near.said, lines)
    spec = walk.models.vlm().spec
    alone = not spec.instructed or spec.max_pictures is not None
    film = Watched(item_clip(item, path), (scene,))
    frames = tuple(film.frames(times_in(scene, 1 if alone else MOMENT_FRAMES)))
    looked = looked_at(film.clip, scene, number, frames, near.score)
    return looked.having([Clue(number, "caption", one_line(one)) for one in item.captions[:3]])


def _opened(finder: Finder, near: Near, number: int) -> Looked:
    item = near.item
    caption = one_line(item.captions[0]) if item.captions else None
    name = one_line(item.uri.rpartition("/")[2]) or item.id
    source = Source(number, name, item.kind, item.id, caption, near.score)
    picture = finder.picture(item) if item.kind is Kind.IMAGE else None
    clues = [Clue(number, "caption", one_line(one)) for one in item.captions[:3]]
    if item.kind is Kind.TEXT:
        lines = (one_line(line) for line in finder.text(item).splitlines())
        clues = [Clue(number, "text", line) for line in lines if line]
    span = None if near.start_s is None or near.end_s is None else (near.start_s, near.end_s)
    return Looked(source, picture, tuple(clues), item, span)
