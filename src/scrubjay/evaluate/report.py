"""One HTML file with every figure and the queries behind the best and worst of them.

Self-contained: pictures are small data-URI JPEGs, recordings are data-URI players while they are
small, and nothing is loaded from elsewhere. Readable without sight of colours or pictures.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any

import numpy as np

from scrubjay.core.types import Modality, Picture
from scrubjay.evaluate.examples import Entry, View, best_and_worst
from scrubjay.evaluate.retrieval import Direction

THUMBNAIL_SIDE = 144
"""Pixels of a thumbnail's longer side."""

RECORDING_BYTES = 256 * 1024
RECORDINGS_BYTES = 6 * 1024 * 1024
"""What one recording may weigh to get a player, and all of them together."""

FEW_QUERIES = 30
"""Below this an interval from resampling says little."""

_SOUND_TYPES = (
    (b"RIFF", "audio/wav"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
)


def report_html(
    *,
    version: str,
    split: str,
    n_items: int,
    directions: Sequence[Direction],
    views: Mapping[Modality, View],
    thumbnail: Callable[[str], bytes | None],
    recording: Callable[[str], bytes | None],
    when: datetime,
    examples: int = 6,
    answers: int = 5,
) -> str:
    """Render the report.

    Args:
        version: what was measured.
        split: on which part of the collection.
        n_items: items in that part.
        directions: figures, named `query->gallery`.
        views: the sides the directions were measured between.
        thumbnail: a small JPEG of the picture behind a uri, or None when there is none.
        recording: the bytes of the recording behind a uri, or None when there are none.
        when: shown as given.
        examples: best and worst queries a direction.
        answers: answers shown a query.
    """
    embedded = Embedded(thumbnail, recording)
    sections = []
    for direction in directions:
        query, gallery = (Modality(one) for one in direction.name.split("->"))
        best, worst = best_and_worst(
            direction, views[query], views[gallery], n=examples, answers=answers
        )
        sections.append({"direction": direction, "best": best, "worst": worst})
    page: str = _template().render(
        version=version,
        split=split,
        n_items=n_items,
        sections=sections,
        when=when,
        few=FEW_QUERIES,
        picture=embedded.picture,
        sound=embedded.sound,
        describe=describe,
        file_name=lambda uri: PurePath(uri).name,
    )
    return page


def describe(entry: Entry) -> str:
    """What the entry is, in words: its text, else its file's name."""
    return entry.text or PurePath(entry.uri).name


def _template() -> Any:  # noqa: ANN401 - a jinja2.Template
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("scrubjay.evaluate", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("report.html.j2")


class Embedded:
    """Pictures and recordings as data URIs, each read once, sounds within a budget."""

    def __init__(
        self,
        thumbnail: Callable[[str], bytes | None],
        recording: Callable[[str], bytes | None],
    ) -> None:
        self._thumbnail = thumbnail
        self._recording = recording
        self._pictures: dict[str, str | None] = {}
        self._sounds: dict[str, str | None] = {}
        self._left = RECORDINGS_BYTES

    def picture(self, uri: str) -> str | None:
        """A small JPEG; None where there is none."""
        if uri not in self._pictures:
            data = self._thumbnail(uri)
            self._pictures[uri] = None if data is None else _data_uri("image/jpeg", data)
        return self._pictures[uri]

    def sound(self, uri: str) -> str | None:
        """The recording, while the page has room for it."""
        if uri not in self._sounds:
            self._sounds[uri] = self._player(uri)
        return self._sounds[uri]

    def _player(self, uri: str) -> str | None:
        data = self._recording(uri)
        if data is None or len(data) > min(RECORDING_BYTES, self._left):
            return None
        kind = next((kind for head, kind in _SOUND_TYPES if data.startswith(head)), "audio/mp4")
        self._left -= len(data)
        return _data_uri(kind, data)


def _data_uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def thumbnail_jpeg(picture: Picture, side: int = THUMBNAIL_SIDE) -> bytes:
    """A JPEG of the picture whose longer side is at most `side` pixels; never enlarged."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(picture))
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=78, optimize=True)
    return out.getvalue()
