"""What is looked at: pictures that were handed over, and the nearest items of a collection."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scrubjay.ask.answer import Clue, Shown, Source
from scrubjay.ask.evidence import Looked, one_line
from scrubjay.ask.finding import Finder, Found, Near
from scrubjay.ask.steps import Walk
from scrubjay.core.errors import BadMedia
from scrubjay.core.types import Kind

MAX_PICTURES = 100


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
            looked.append(_opened(finder, near, len(looked) + 1))
        except BadMedia as error:
            walk.note(f"not looked at: {one_line(str(error))}")
    return looked


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
