"""One video looked through for what words, example pictures, a short clip or a sound mean."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import BadMedia, UnknownItem, UnsupportedModality, WrongUse
from scrubjay.core.protocols import Encoder, Progress
from scrubjay.core.types import Kind, Modality
from scrubjay.media.video import Video, VideoInfo
from scrubjay.search.asked_with import query_picture, query_sound
from scrubjay.search.embed import middle
from scrubjay.search.items import find_item
from scrubjay.search.mix import checked_weights, mixed
from scrubjay.search.needle import Looked, look_for
from scrubjay.search.needle_scale import scale_of
from scrubjay.search.needle_tiles import FINE
from scrubjay.search.question import checked_text
from scrubjay.store.home import Home

EVERY_S: Final = 0.5
"""From one frame that is looked at to the next."""

CLIP_EVERY_S: Final = 0.25
LONGEST_CLIP_S: Final = 30.0
"""An example shows one thing, from a few sides; what is longer shows a story."""

SHORT_SIDE: Final = (240, 720)
"""Least and most pixels of the shorter side of a frame that is looked at, if it has so many."""

MAX_SIGHTINGS: Final = 50
"""Twice as many frames and more are held until the end: half a gigabyte of the largest."""

_SHOWN_AS: Final = {
    Kind.IMAGE: "a picture",
    Kind.SPEECH: "a recording",
    Kind.TEXT: "a text",
}


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for in a video: any of its parts, at least one.

    Attributes:
        text: words.
        pictures: names and bytes of picture files that are examples of it.
        clip: a short video that is an example of it.
        sound: bytes of a sound file that says it.
        sound_name: what that is called.
        weights: part (`text`, `image`, `speech`) -> how much it counts, 1 where nothing is said.
            Pictures and the clip are one part, `image`.
        k: sightings wanted at most, 1 to MAX_SIGHTINGS.
    """

    text: str | None = None
    pictures: tuple[tuple[str, bytes], ...] = ()
    clip: Path | None = None
    sound: bytes | None = None
    sound_name: str | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    k: int = 5

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """The towers that read it.

        Raises:
            WrongUse: it is nothing.
        """
        given = (
            (Modality.TEXT, self.text is not None),
            (Modality.IMAGE, bool(self.pictures) or self.clip is not None),
            (Modality.SPEECH, self.sound is not None),
        )
        if not any(there for _, there in given):
            raise WrongUse("nothing is looked for; give a text, a picture, a clip or a recording")
        return tuple(modality for modality, there in given if there)

    def to_json(self) -> dict[str, Any]:
        """What was asked, files by their names."""
        told: dict[str, Any] = {}
        if self.text is not None:
            told["text"] = self.text
        if self.pictures:
            told["images"] = [name for name, _ in self.pictures]
        if self.clip is not None:
            told["clip"] = str(self.clip)
        if self.sound is not None:
            told["speech"] = self.sound_name
        if self.weights:
            told["weights"] = dict(self.weights)
        return {**told, "k": self.k}


@dataclass(frozen=True, slots=True)
class SoughtVideo:
    """The video that is looked through.

    Attributes:
        name: as it was asked for.
        id: of the item; None: it is a file.
    """

    name: str
    path: Path
    id: str | None = None


@dataclass(frozen=True, slots=True)
class LookedIn:
    """What was found in a video, by which version, in how many milliseconds."""

    video: SoughtVideo
    info: VideoInfo
    sought: Sought
    looked: Looked
    version: str
    encode_ms: float
    look_ms: float

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        nearest = self.looked.nearest
        return {
            "video": self.video.name,
            "id": self.video.id,
            "duration_s": self.info.duration_s,
            "query": self.sought.to_json(),
            "sightings": [one.to_json() for one in self.looked.sightings],
            "nearest": None if nearest is None else nearest.to_json(),
            "frames": self.looked.frames,
            "took_ms": {
                "encode": round(self.encode_ms, 3),
                "look": round(self.look_ms, 3),
                "total": round(self.encode_ms + self.look_ms, 3),
            },
            "version": self.version,
        }


def find_video(home: Home, given: str) -> SoughtVideo:
    """The video that a path or an item's id names.

    Raises:
        WrongUse: it is a folder, an item of another kind, or neither a file nor an item.
        UnknownItem: there is no such item.
        BadMedia: the item's file is gone or has changed.
    """
    path = Path(given)
    if path.is_dir():
        raise WrongUse(f"{given} is a folder; name one video in it, or add it and search all of it")
    if path.exists():
        return SoughtVideo(given, path)
    try:
        item = find_item(home, given)
    except UnknownItem as error:
        if path.suffix or len(path.parts) > 1:
            raise WrongUse(f"{given}: no such file, and no item has this id") from error
        raise
    if item.kind is not Kind.VIDEO:
        raise WrongUse(f"item {given!r} is {_SHOWN_AS[item.kind]}, no video: {item.uri}")
    return SoughtVideo(given, home.originals.path(item), item.id)


def look_in(
    home: Home, video: SoughtVideo, sought: Sought, encoder: Encoder, *, progress: Progress
) -> LookedIn:
    """Look through a video, two frames a second.

    Raises:
        WrongUse: nothing is looked for, a text too long, a clip too long, or a `k` out of range.
        BadMedia: the video, or an example, cannot be used.
        UnsupportedModality: the encoder has no tower for pictures, or for what is asked with.
        MissingExtra: what decodes videos is not installed.
    """
    began = time.perf_counter()
    if not 1 <= sought.k <= MAX_SIGHTINGS:
        raise WrongUse(f"k must be from 1 to {MAX_SIGHTINGS}, not {sought.k}")
    for modality in (Modality.IMAGE, *sought.modalities):
        if modality not in encoder.spec.modalities:
            known = [one.value for one in encoder.spec.modalities]
            raise UnsupportedModality(
                encoder.spec.version or encoder.spec.name, modality.value, known
            )
    opened, info = _opened(home, video.path)
    vector = _vector(home, sought, encoder)
    scale = scale_of(vector[None], encoder, sought.modalities)
    encoded = time.perf_counter()
    looked = look_for(
        vector[None],
        opened.frames(every_s=EVERY_S, long_side=long_side(info, encoder.spec.image_size)),
        encoder,
        scale=scale,
        k=sought.k,
        total=int(info.duration_s / EVERY_S) + 1 if info.duration_s else None,
        progress=progress,
    )
    return LookedIn(
        video,
        info,
        sought,
        looked,
        encoder.spec.version,
        encode_ms=1000 * (encoded - began),
        look_ms=1000 * (time.perf_counter() - encoded),
    )


def long_side(info: VideoInfo, image_size: int | None) -> int:
    """Longer side of frames whose finest squares have as many pixels as the encoder sees.

    Within SHORT_SIDE; 0 where frames have no size.
    """
    short, long = sorted((info.width, info.height))
    if not short:
        return 0
    wanted = min(max(SHORT_SIDE[0], round((image_size or 0) / FINE)), SHORT_SIDE[1])
    return round(min(wanted, short) * long / short)


def _opened(home: Home, path: Path) -> tuple[Video, VideoInfo]:
    video = Video(path, limits=home.settings.video)
    info = video.info()
    if not info.has_picture:
        raise BadMedia("it has sound alone; nothing is to be seen in it", str(path))
    return video, info


def _vector(home: Home, sought: Sought, encoder: Encoder) -> NDArray[np.float32]:
    """(dim,) unit vector of what is looked for."""
    weights = checked_weights([one.value for one in sought.modalities], sought.weights)
    parts: dict[str, NDArray[np.float32]] = {}
    if sought.text is not None:
        words = checked_text(sought.text)
        parts[Modality.TEXT.value] = encoder.encode(Modality.TEXT, [words])[0]
    if sought.pictures or sought.clip is not None:
        parts[Modality.IMAGE.value] = middle(_examples(home, sought, encoder))
    if sought.sound is not None:
        limits = home.settings.limits
        heard = query_sound(sought.sound, sought.sound_name, encoder.spec, limits)
        parts[Modality.SPEECH.value] = middle(encoder.encode(Modality.SPEECH, heard))
    return mixed(parts, weights)


def _examples(home: Home, sought: Sought, encoder: Encoder) -> NDArray[np.float32]:
    """(n, dim) what each example looks like; a clip is one of them."""
    pictures = [
        query_picture(data, name, encoder.spec, home.settings.limits)
        for name, data in sought.pictures
    ]
    vectors = list(encoder.encode(Modality.IMAGE, pictures))
    if sought.clip is not None:
        vectors.append(middle(_clip(home, sought.clip, encoder)))
    return np.stack(vectors)


def _clip(home: Home, path: Path, encoder: Encoder) -> NDArray[np.float32]:
    """(n, dim) the frames of a clip, four a second.

    Raises:
        WrongUse: it is too long.
        BadMedia: it shows nothing, or cannot be used.
    """
    too_long = f"{path} is longer than {LONGEST_CLIP_S:g} s; cut out what shows the thing itself"
    video, info = _opened(home, path)
    if info.duration_s > LONGEST_CLIP_S:
        raise WrongUse(too_long)
    side = long_side(info, encoder.spec.image_size)
    frames = video.frames(every_s=CLIP_EVERY_S, long_side=side, end_s=LONGEST_CLIP_S)
    shown = [one.picture for one in takewhile(lambda one: one.at_s <= LONGEST_CLIP_S, frames)]
    if not shown:
        raise BadMedia("there is no frame in it", str(path))
    return encoder.encode(Modality.IMAGE, shown)
