"""A text, a picture, a sound or a mix of them in; what is nearest to it out."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import UnsupportedModality, WrongUse
from scrubjay.core.protocols import Encoder
from scrubjay.core.types import Champion, Evidence, Hit, Kind, Media, Modality
from scrubjay.search.asked_with import query_picture, query_sound
from scrubjay.search.cutoff import Judged
from scrubjay.search.decode import DEFAULT_LIMITS, MODALITY_OF
from scrubjay.search.embed import middle
from scrubjay.search.fusing import Scale, best_of_all, evidence_of, scale_of, supported
from scrubjay.search.mix import LIKE, checked_weights, mixed
from scrubjay.search.paging import DIGITS, Cursor, Page, read_page
from scrubjay.search.question import MAX_TEXT, Query, checked_text, is_unicode
from scrubjay.store.index import Found, Generation

__all__ = ["MAX_TEXT", "Query", "SearchResult", "Searcher", "Took", "checked_text"]

MAX_K = 1000

REMEMBERED = 256
"""Queries whose vector is kept for their next page."""


class Cutoff(Protocol):
    """What is close enough to be shown."""

    def judge(
        self,
        asked: Modality,
        vector: NDArray[np.float32],
        *,
        kinds: frozenset[Kind] | None = None,
        where: str | None = None,
    ) -> Judged:
        """Of which kinds nothing is close enough to a query, and of which that cannot be told."""
        ...


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
    """Hits, best first, with what found them and how long it took.

    Attributes:
        next: what `Query.after` takes for the page after this one; None: there is none.
        cut: whether the cutoff left out some kind of item, or all: nothing of it is close enough.
        uncut: kinds asked for that are here and that the cutoff let through whole, near or far:
            answers to such a question cannot be told from the rest. Empty when no cutoff was
            wanted.
    """

    query: Query
    hits: tuple[Hit, ...]
    took_ms: Took
    version: str
    generation: str
    next: str | None = None
    cut: bool = False
    uncut: tuple[Kind, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "query": self.query.to_json(),
            "hits": [hit.to_json() for hit in self.hits],
            "next": self.next,
            "cut": self.cut,
            "uncut": [kind.value for kind in self.uncut],
            "took_ms": self.took_ms.to_json(),
            "version": self.version,
            "generation": self.generation,
        }


class Searcher:
    """One champion, opened once and asked many times, from any thread.

    A search is `media` (decode), the encoder, `vector` and `find`; `search` is all of them. Who
    encodes several queries at once calls the three himself.
    """

    def __init__(
        self,
        encoder: Encoder,
        generation: Generation,
        champion: Champion,
        *,
        limits: MediaLimits = DEFAULT_LIMITS,
        cutoff: Cutoff | None = None,
    ) -> None:
        """Put an encoder before a generation.

        Args:
            cutoff: asked when a query wants it; without one every hit is close enough.

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
        self.cutoff = cutoff
        self._recent: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._recalling = Lock()

    def search(self, query: Query) -> SearchResult:
        """Find the items nearest to the query; `score` is the cosine.

        Raises:
            WrongUse: an empty query, an empty or too long text, a `k` or a weight out of range, a
                cursor of another query.
            UnknownItem: `like` names nothing that is indexed.
            BadMedia: a picture or sound that cannot be read.
            UnsupportedModality: the encoder has no tower for the query or for any kind asked for.
            BadFilter: a `where` that does not parse or names no column.
        """
        began = time.perf_counter()
        vector = self.remembered(query)
        if vector is None:
            media = self.media(query)
            vector = self.vector(
                query, {one: self.encoder.encode(one, batch) for one, batch in media.items()}
            )
        return self.find(query, vector, encode_ms=1000 * (time.perf_counter() - began))

    def check(self, query: Query) -> None:
        """Refuse what cannot be searched, before anything is decoded.

        Raises:
            WrongUse, UnsupportedModality: as `search`.
        """
        if isinstance(query.k, bool) or not 1 <= query.k <= MAX_K:
            raise WrongUse(f"k must be from 1 to {MAX_K}, not {query.k}")
        checked_weights(query.parts, query.weights)
        for modality in query.modalities:
            self._need(modality)
        kinds = [MODALITY_OF[kind] for kind in query.kinds or () if kind in MODALITY_OF]
        if (
            Kind.VIDEO not in (query.kinds or ())
            and kinds
            and not self.encoder.spec.modalities.intersection(kinds)
        ):
            self._need(kinds[0])
        if query.text is not None:
            checked_text(query.text)
        if query.like is not None and not is_unicode(query.like):
            raise WrongUse("the item's id is not Unicode text; write it as UTF-8")
        if query.after is not None:
            Cursor.read(query.after, self._bound(query))

    def media(self, query: Query) -> dict[Modality, list[Media]]:
        """What each tower must encode; several windows of a recording longer than it hears.

        Raises:
            WrongUse, UnsupportedModality, BadMedia: as `search`.
        """
        self.check(query)
        spec = self.encoder.spec
        media: dict[Modality, list[Media]] = {}
        if query.text is not None:
            media[Modality.TEXT] = [checked_text(query.text)]
        if query.picture is not None:
            shown = query_picture(query.picture, query.picture_name, spec, self.limits)
            media[Modality.IMAGE] = [shown]
        if query.sound is not None:
            media[Modality.SPEECH] = query_sound(query.sound, query.sound_name, spec, self.limits)
        return media

    def vector(
        self, query: Query, parts: Mapping[Modality, NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """(dim,) unit vector of the whole query.

        Args:
            parts: what the encoder made of `media(query)`: modality -> (n, dim).

        Raises:
            UnknownItem: `like` names nothing that is indexed.
            WrongUse: the parts cancel each other out.
        """
        vectors = {modality.value: middle(parts[modality]) for modality in query.modalities}
        if query.like is not None:
            vectors[LIKE] = middle(self.generation.vectors(query.like))
        return mixed(vectors, checked_weights(query.parts, query.weights))

    def remembered(self, query: Query) -> NDArray[np.float32] | None:
        """The vector of a query that goes on to its next page, when it is still known.

        Pages fit together without it, too, as far as the encoder answers alike each time.
        """
        if query.after is None:
            return None
        self.check(query)
        with self._recalling:
            return self._recent.get(self._bound(query))

    def find(
        self, query: Query, vector: NDArray[np.float32], encode_ms: float = 0.0
    ) -> SearchResult:
        """The page of hits a query asks for.

        Args:
            vector: (dim,), of the query.
            encode_ms: how long it took to make, for the answer.

        Raises:
            WrongUse, UnsupportedModality, BadFilter: as `search`.
        """
        began = time.perf_counter()
        self.check(query)
        bound = self._bound(query)
        after = None if query.after is None else Cursor.read(query.after, bound)
        judged = self._judged(query, vector)
        far = judged.far
        kinds = (query.kinds or frozenset(Kind)) - far if far else query.kinds or None
        scale = self._scale(vector, kinds, after)

        def ask(n: int) -> list[Hit]:
            if scale is None:
                found = self.generation.search(vector, n, kinds=kinds, where=query.where)
                return [_hit(one, one.score) for one in found]
            by_clue = self.generation.search_clues(vector, n, kinds=kinds, where=query.where)
            return [_hit(one, score, scale) for one, score in best_of_all(by_clue, scale, n)]

        spare = 1 if scale is None else self._moments_of(query.like)
        page = read_page(ask, query.k, after=after, without=query.like, without_hits=spare)
        if page.next is not None:
            self._remember(bound, vector)
        if scale is not None:
            page = self._supported(page, vector, scale)
        search_ms = 1000 * (time.perf_counter() - began)
        return SearchResult(
            query,
            page.hits,
            Took(encode=encode_ms, search=search_ms, total=encode_ms + search_ms),
            self.champion.version,
            self.champion.generation,
            next=None if page.next is None else page.next.written(bound),
            cut=bool(far),
            uncut=tuple(kind for kind in Kind if kind in judged.uncut),
        )

    def _judged(self, query: Query, vector: NDArray[np.float32]) -> Judged:
        """What the cutoff says; a mix, and the like of an item, are never cut."""
        if not query.cutoff:
            return Judged()
        if self.cutoff is None or query.alone is None:
            there = frozenset(self.generation.kinds())
            return Judged(uncut=there & query.kinds if query.kinds else there)
        kinds = query.kinds or None
        return self.cutoff.judge(query.alone, vector, kinds=kinds, where=query.where)

    def _scale(
        self, vector: NDArray[np.float32], kinds: frozenset[Kind] | None, after: Cursor | None
    ) -> Scale | None:
        """What moments are worth beside each other; None where there can be none.

        All pages share the first one's, or the hits between them would move.
        """
        if (kinds is not None and Kind.VIDEO not in kinds) or not self.generation.clues():
            return None
        told = None if after is None else Scale.read(after.told)
        return told or scale_of(vector, self.generation.background())

    def _moments_of(self, like: str | None) -> int:
        return 1 if like is None else max(1, len(self.generation.moments(like)))

    def _supported(self, page: Page, vector: NDArray[np.float32], scale: Scale) -> Page:
        """The page with all that speaks for each of its moments."""
        moments = [_moment(hit) for hit in page.hits]
        clues = self.generation.clues_of(vector, [one for one in moments if one is not None])
        hits = tuple(
            hit if moment is None else supported(hit, clues[moment], scale)
            for hit, moment in zip(page.hits, moments, strict=True)
        )
        end = None if page.next is None else replace(page.next, told=scale.told())
        return Page(hits, end)

    def _bound(self, query: Query) -> str:
        """What a cursor continues: the query, in this generation."""
        return f"{query.digest()} {self.champion.generation}"

    def _remember(self, bound: str, vector: NDArray[np.float32]) -> None:
        with self._recalling:
            self._recent[bound] = vector
            self._recent.move_to_end(bound)
            if len(self._recent) > REMEMBERED:
                self._recent.popitem(last=False)

    def _need(self, modality: Modality) -> None:
        spec = self.encoder.spec
        if modality not in spec.modalities:
            raise UnsupportedModality(
                spec.version or spec.name, modality.value, [one.value for one in spec.modalities]
            )


def _moment(hit: Hit) -> tuple[str, float] | None:
    """Which moment it is; None of an item that is no video."""
    if hit.kind is not Kind.VIDEO or hit.start_s is None:
        return None
    return hit.id, hit.start_s


def _hit(found: Found, score: float, scale: Scale | None = None) -> Hit:
    moment = found.moment or (found.start_s, found.end_s)
    if found.clue is not None and scale is not None:
        evidence = evidence_of(found, scale)
    else:
        evidence = Evidence(
            kind=found.modality.value,
            text=found.caption if found.modality is Modality.TEXT else None,
            start_s=found.start_s,
            end_s=found.end_s,
        )
    return Hit(
        id=found.id,
        kind=found.kind,
        uri=found.uri,
        score=round(float(score), DIGITS),
        caption=found.caption,
        attributes=found.attributes,
        start_s=moment[0],
        end_s=moment[1],
        evidence=(evidence,),
    )
