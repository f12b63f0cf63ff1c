"""A text, a picture or a sound in; what is nearest to it out."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia, UnsupportedModality, WrongUse
from scrubjay.core.protocols import Encoder
from scrubjay.core.types import Champion, Evidence, Hit, Kind, Media, Modality
from scrubjay.search.decode import DEFAULT_LIMITS, MODALITY_OF, windows
from scrubjay.search.embed import middle
from scrubjay.store.index import Found, Generation

MAX_TEXT = 2000
"""Characters in a text query; encoders read far fewer, and silence about it would mislead."""

MAX_SOUND_S = 60.0
"""Seconds of a spoken query: it is heard whole before anything is found."""

MAX_K = 1000


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: exactly one of text, picture and sound.

    Attributes:
        text: words.
        picture: bytes of a picture file.
        sound: bytes of a sound file.
        k: hits wanted, 1 to MAX_K.
        kinds: kinds of item to find; None finds all.
        where: a condition on attributes, such as `price < 20 and colour = 'red'`.
        name: what the picture or sound is called, for messages and the answer.
    """

    text: str | None = None
    picture: bytes | None = None
    sound: bytes | None = None
    k: int = 10
    kinds: frozenset[Kind] | None = None
    where: str | None = None
    name: str | None = None

    @property
    def modality(self) -> Modality:
        """The tower that reads the query.

        Raises:
            WrongUse: none of text, picture and sound was given, or several.
        """
        given = [
            modality
            for modality, value in (
                (Modality.TEXT, self.text),
                (Modality.IMAGE, self.picture),
                (Modality.SPEECH, self.sound),
            )
            if value is not None
        ]
        if len(given) != 1:
            raise WrongUse("give one query: a text, a picture or a recording")
        return given[0]

    def to_json(self) -> dict[str, Any]:
        """What was asked; a picture or sound by its name."""
        modality = self.modality
        return {
            modality.value: self.text if modality is Modality.TEXT else self.name,
            "k": self.k,
            "kinds": sorted(kind.value for kind in self.kinds) if self.kinds else None,
            "where": self.where,
        }


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds: reading and encoding the query, searching the index, and everything."""

    encode: float
    search: float
    total: float

    def to_json(self) -> dict[str, float]:
        """The documented JSON object."""
        return {
            "encode": round(self.encode, 3),
            "search": round(self.search, 3),
            "total": round(self.total, 3),
        }


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, best first, with what found them and how long it took."""

    query: Query
    hits: tuple[Hit, ...]
    took_ms: Took
    version: str
    generation: str

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "query": self.query.to_json(),
            "hits": [hit.to_json() for hit in self.hits],
            "took_ms": self.took_ms.to_json(),
            "version": self.version,
            "generation": self.generation,
        }


class Searcher:
    """One champion, opened once and asked many times."""

    def __init__(
        self,
        encoder: Encoder,
        generation: Generation,
        champion: Champion,
        *,
        limits: MediaLimits = DEFAULT_LIMITS,
    ) -> None:
        """Put an encoder before a generation.

        Raises:
            WrongUse: they are of different versions, whose vectors must not be compared.
        """
        if encoder.spec.version != generation.version:
            raise WrongUse(
                f"generation {generation.name!r} is searched with version "
                f"{generation.version!r}, not with {encoder.spec.version!r}; serve a pair that "
                f"belongs together with `scrubjay champion set VERSION`"
            )
        self.encoder = encoder
        self.generation = generation
        self.champion = champion
        self.limits = limits

    def search(self, query: Query) -> SearchResult:
        """Find the items nearest to the query; `score` is the cosine.

        Raises:
            WrongUse: not exactly one query, an empty or too long text, a `k` out of range.
            BadMedia: a picture or sound that cannot be read.
            UnsupportedModality: the encoder has no tower for the query or for any kind asked for.
            BadFilter: a `where` that does not parse or names no column.
        """
        began = time.perf_counter()
        self._check(query)
        vector = self._vector(query)
        encoded = time.perf_counter()
        found = self.generation.search(
            vector, query.k, kinds=query.kinds or None, where=query.where
        )
        searched = time.perf_counter()
        hits = tuple(_hit(one) for one in found)
        ended = time.perf_counter()
        took = Took(
            encode=1000 * (encoded - began),
            search=1000 * (searched - encoded),
            total=1000 * (ended - began),
        )
        return SearchResult(query, hits, took, self.champion.version, self.champion.generation)

    def _check(self, query: Query) -> None:
        if isinstance(query.k, bool) or not 1 <= query.k <= MAX_K:
            raise WrongUse(f"k must be from 1 to {MAX_K}, not {query.k}")
        self._need(query.modality)
        kinds = [MODALITY_OF[kind] for kind in query.kinds or () if kind in MODALITY_OF]
        if kinds and not self.encoder.spec.modalities.intersection(kinds):
            self._need(kinds[0])

    def _need(self, modality: Modality) -> None:
        spec = self.encoder.spec
        if modality not in spec.modalities:
            raise UnsupportedModality(
                spec.version or spec.name, modality.value, [one.value for one in spec.modalities]
            )

    def _vector(self, query: Query) -> NDArray[np.float32]:
        """(dim,) unit vector; of a recording longer than the encoder hears, its windows' mean."""
        return middle(self.encoder.encode(query.modality, self._media(query)))

    def _media(self, query: Query) -> list[Media]:
        spec = self.encoder.spec
        try:
            if query.picture is not None:
                from scrubjay.media.image import decode_picture

                return [decode_picture(query.picture, limits=self.limits, min_side=spec.image_size)]
            if query.sound is not None:
                from scrubjay.media.audio import decode_sound

                seconds = min(MAX_SOUND_S, self.limits.max_sound_s)
                limits = replace(self.limits, max_sound_s=seconds)
                sound = decode_sound(query.sound, limits=limits)
                return [one.media for one in windows(sound, spec.speech_window_s)]
        except BadMedia as error:
            raise BadMedia(f"cannot be searched with: {error.reason}", query.name or "") from error
        return [checked_text(query.text or "")]


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
    try:
        words.encode("utf-8")
    except UnicodeEncodeError as error:
        raise WrongUse("the query is not Unicode text; write it as UTF-8") from error
    return words


def _hit(found: Found) -> Hit:
    return Hit(
        id=found.id,
        kind=found.kind,
        uri=found.uri,
        score=float(found.score),
        caption=found.caption,
        attributes=found.attributes,
        start_s=found.start_s,
        end_s=found.end_s,
        evidence=(
            Evidence(
                kind=found.modality.value,
                text=found.caption if found.modality is Modality.TEXT else None,
                start_s=found.start_s,
                end_s=found.end_s,
            ),
        ),
    )
