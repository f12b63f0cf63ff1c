"""What a model is shown: items as decoded media, and the views held-out figures are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia
from scrubjay.core.types import SAMPLE_RATE, Item, Modality, Picture, Sound
from scrubjay.media.audio import decode_sound
from scrubjay.media.image import decode_picture
from scrubjay.training.pairs import Group

Array = TypeVar("Array", bound=NDArray[Any])


@dataclass(frozen=True, slots=True)
class View:
    """One thing to encode: an item, or a caption.

    Attributes:
        group: number of its content group.
    """

    modality: Modality
    group: int
    item: Item | None = None
    text: str = ""


class Decoded:
    """Decodes items and remembers what fits.

    Each loading process has its own. Once full it stops remembering: an epoch visits everything in
    a new order, so that replacing would only churn.
    """

    def __init__(
        self,
        read: Callable[[str], bytes],
        *,
        limits: MediaLimits,
        min_side: int | None,
        max_bytes: int,
    ) -> None:
        """Say where bytes come from and what may be spent.

        Args:
            read: uri to the file's bytes.
            limits: what one file may cost.
            min_side: pixels that a picture's shorter side must keep; decoders may stop there.
            max_bytes: of decoded media to keep.
        """
        self._read = read
        self._limits = limits
        self._min_side = min_side
        self._room = max_bytes
        self._pictures: dict[str, Picture] = {}
        self._sounds: dict[str, Sound] = {}

    def picture(self, item: Item) -> Picture:
        """(height, width, 3) of an image item; never to be written into.

        Raises:
            BadMedia: it is gone or cannot be decoded; carries the uri.
        """
        return self._remembered(
            item,
            self._pictures,
            lambda data: decode_picture(data, limits=self._limits, min_side=self._min_side),
        )

    def sound(self, item: Item) -> Sound:
        """(samples,) of a speech item; never to be written into.

        Raises:
            BadMedia: it is gone or cannot be decoded; carries the uri.
        """
        return self._remembered(
            item, self._sounds, lambda data: decode_sound(data, limits=self._limits)
        )

    def _remembered(
        self, item: Item, kept: dict[str, Array], decode: Callable[[bytes], Array]
    ) -> Array:
        known = kept.get(item.sha256)
        if known is not None:
            return known
        try:
            media = decode(self._read(item.uri))
        except BadMedia as error:
            raise BadMedia(error.reason, error.path or item.uri) from error
        if media.nbytes <= self._room:
            self._room -= media.nbytes
            kept[item.sha256] = media
        return media


def window(sound: Sound, longest_s: float | None, random: np.random.Generator | None) -> Sound:
    """At most `longest_s` seconds of a sound: anywhere at random, or from the start without."""
    if longest_s is None or len(sound) <= (longest := int(longest_s * SAMPLE_RATE)):
        return sound
    start = int(random.integers(len(sound) - longest + 1)) if random is not None else 0
    return sound[start : start + longest]


def views_of(groups: Iterable[Group], *, limit: int) -> list[View]:
    """Every view of the groups, modality by modality, at most `limit` of each.

    When there are more, groups take turns in an order of their own that is the same for every
    modality, so that what is kept keeps its right answers.
    """
    in_turn = sorted(groups, key=lambda group: sha256(group.id.encode()).digest())
    views: list[View] = []
    for modality in (Modality.IMAGE, Modality.TEXT, Modality.SPEECH):
        found = [
            (turn, place, view)
            for place, group in enumerate(in_turn)
            for turn, view in enumerate(_views(group, modality))
        ]
        found.sort(key=lambda one: one[:2])
        views += [view for _, _, view in found[:limit]]
    return views


def _views(group: Group, modality: Modality) -> list[View]:
    if modality is Modality.TEXT:
        return [View(modality, group.number, text=text) for text in group.captions]
    items = group.pictures if modality is Modality.IMAGE else group.recordings
    return [View(modality, group.number, item) for item in items]
