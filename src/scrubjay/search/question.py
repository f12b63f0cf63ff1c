"""What is looked for: words, a picture, a sound, the like of an item, or a mix of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Kind, Modality
from scrubjay.search.mix import LIKE, checked_weights

MAX_TEXT = 2000
"""Characters in a text query; encoders read far fewer, and silence about it would mislead."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: any of text, picture, sound and `like`, at least one.

    Attributes:
        text: words.
        picture: bytes of a picture file.
        sound: bytes of a sound file.
        like: id of an item; found is what resembles it, not the item itself.
        weights: part (`text`, `image`, `speech`, `like`) -> how much it counts, 1 where nothing is
            said; below zero asks for what is unlike it.
        k: hits wanted, 1 to MAX_K.
        after: `SearchResult.next` of the page before, for the same query.
        cutoff: whether hits that are not close enough are left out.
        kinds: kinds of item to find; None finds all.
        where: a condition on fields and attributes, such as `month = '2026-11' and price < 20`.
        picture_name: what the picture is called, for messages and the answer.
        sound_name: what the sound is called.
    """

    text: str | None = None
    picture: bytes | None = None
    sound: bytes | None = None
    like: str | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    k: int = 10
    after: str | None = None
    cutoff: bool = False
    kinds: frozenset[Kind] | None = None
    where: str | None = None
    picture_name: str | None = None
    sound_name: str | None = None

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """The towers that read the query; none when it is only an item's like."""
        given = (
            (Modality.TEXT, self.text),
            (Modality.IMAGE, self.picture),
            (Modality.SPEECH, self.sound),
        )
        return tuple(modality for modality, value in given if value is not None)

    @property
    def alone(self) -> Modality | None:
        """The tower that reads all of it; None of a mix, an item's like, and what is unlike."""
        if len(self.modalities) != 1 or self.like is not None:
            return None
        (modality,) = self.modalities
        return modality if self.weights.get(modality.value, 1.0) >= 0 else None

    @property
    def parts(self) -> tuple[str, ...]:
        """What the query is made of, of `mix.PARTS`.

        Raises:
            WrongUse: of nothing.
        """
        like = () if self.like is None else (LIKE,)
        parts = (*(modality.value for modality in self.modalities), *like)
        if not parts:
            raise WrongUse("the query is empty; give a text, a picture, a recording or an item")
        return parts

    def to_json(self) -> dict[str, Any]:
        """What was asked; a picture or sound by its name."""
        told: dict[str, Any] = {}
        for part in self.parts:
            told[part] = {
                "text": self.text,
                "image": self.picture_name,
                "speech": self.sound_name,
                LIKE: self.like,
            }[part]
        if self.weights:
            told["weights"] = dict(self.weights)
        return {
            **told,
            "k": self.k,
            "kinds": sorted(kind.value for kind in self.kinds) if self.kinds else None,
            "where": self.where,
        }

    def digest(self) -> str:
        """Names what is looked for, on whatever page."""
        hashes = [data and hashlib.sha256(data).hexdigest() for data in (self.picture, self.sound)]
        weights = sorted(checked_weights(self.parts, self.weights).items())
        kinds = sorted(self.kinds or ())
        told = [self.text, *hashes, self.like, weights, kinds, self.where, self.cutoff]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def checked_text(text: str) -> str:
    """The text without the space around it.

    Raises:
        WrongUse: nothing but space, longer than MAX_TEXT, or not Unicode text.
    """
    words = text.strip()
    if not words:
        raise WrongUse("the query is empty; say what to look for")
    if len(words) > MAX_TEXT:
        raise WrongUse(
            f"the query has {len(words)} characters; ask with at most {MAX_TEXT}, best one sentence"
        )
    if not is_unicode(words):
        raise WrongUse("the query is not Unicode text; write it as UTF-8")
    return words


def is_unicode(text: str) -> bool:
    """Whether a text can be written as UTF-8, which JSON does not promise."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
