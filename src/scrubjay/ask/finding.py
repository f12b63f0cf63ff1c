"""What a collection holds that a question may be about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Final, Protocol

from scrubjay.ask.question import Question, looked_for
from scrubjay.core.errors import BadMedia, NotReady, UnsupportedModality
from scrubjay.core.hearing import Heard
from scrubjay.core.types import Clue, Hit, Item, Kind, Modality, Picture, Sound
from scrubjay.search.decode import read_unchanged, windows
from scrubjay.search.query import MAX_TEXT, Query, Searcher, SearchResult
from scrubjay.store.home import Home
from scrubjay.store.index import Generation

TRUSTED: Final = 0.5
"""Confidence of a listener from which on the words it heard go before the sound itself, and may say
that nothing is close. See `bench/spoken_search.py`."""
MOST_MOMENTS: Final = 50
"""Moments of one video that a search puts in order for a question about it."""


@dataclass(frozen=True, slots=True)
class Near:
    """An item that was found, or a moment of a video, and how near it is to the question.

    Attributes:
        said: what is said in a moment of a video, as far as that is indexed.
        read: what is written in it.
    """

    item: Item
    score: float
    start_s: float | None = None
    end_s: float | None = None
    said: tuple[Heard, ...] = ()
    read: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, nearest first.

    Attributes:
        cut: whether the cutoff left something out: none of that kind is close.
        by: what searched, for people.
    """

    near: tuple[Near, ...]
    cut: bool
    by: str


class Finder(Protocol):
    """A collection as a chain asks it, from any thread."""

    def find(
        self,
        question: Question,
        *,
        k: int,
        where: str | None,
        kinds: frozenset[Kind] | None,
        cutoff: bool = True,
    ) -> Found:
        """What may answer a question.

        Args:
            cutoff: find nothing where nothing is close; else what is nearest, however far.

        Raises:
            NotReady: nothing is searched yet.
            WrongUse, BadFilter: as `Searcher.search`.
        """
        ...

    def picture(self, item: Item) -> Picture:
        """An item's picture.

        Raises:
            BadMedia: it is gone, changed, or cannot be decoded.
        """
        ...

    def sound(self, item: Item) -> Sound:
        """An item's sound; raises as `picture`."""
        ...

    def text(self, item: Item) -> str:
        """A text item's words; raises as `picture`."""
        ...

    def film(self, item: Item) -> Path:
        """A video's file; raises as `picture`."""
        ...

    def moments(self, item: Item, question: Question) -> Sequence[tuple[float, float]]:
        """(start_s, end_s) of a video's moments that are near to a question, nearest first.

        None where nothing is searched yet, or the video is not indexed.
        """
        ...


class Collection:
    """A home's items, found by the pair that `searcher` gives."""

    def __init__(self, home: Home, searcher: Callable[[], Searcher]) -> None:
        """Nothing is opened before the first question.

        Args:
            searcher: called for each question, so that what is served now answers it.
        """
        self._home = home
        self._searcher = searcher

    def find(
        self,
        question: Question,
        *,
        k: int,
        where: str | None,
        kinds: frozenset[Kind] | None,
        cutoff: bool = True,
    ) -> Found:
        """By the words of a question and, where it was spoken, by its sound, too."""
        searcher = self._searcher()
        wanted = Query(k=k, where=where, kinds=kinds, cutoff=cutoff)
        words = _by_words(searcher, question, wanted)
        sound = _by_sound(searcher, question, wanted)
        heard_well = question.confidence is None or question.confidence >= TRUSTED
        by_words = words.hits if words else ()
        by_sound = _as_near(sound, words) if heard_well else sound.hits if sound else ()
        hits = in_turn(*((by_words, by_sound) if heard_well else (by_sound, by_words)))[:k]
        items = {one.id: one for one in self._home.catalog.items(ids=[hit.id for hit in hits])}
        hidden = self._home.forgotten.pending()
        near = tuple(
            _near(searcher.generation, items[hit.id], hit)
            for hit in hits
            if hit.id in items and hit.id not in hidden
        )
        cut = any(result.cut for result in (words, sound) if result is not None)
        return Found(near, cut, searcher.champion.version)

    def picture(self, item: Item) -> Picture:
        """Decoded from the bytes it was added with."""
        from scrubjay.media.image import decode_picture

        return decode_picture(self._bytes(item), limits=self._home.settings.limits)

    def sound(self, item: Item) -> Sound:
        """Decoded from the bytes it was added with, in a process of its own."""
        from scrubjay.media.sandbox import decode_sound

        return decode_sound(self._bytes(item), limits=self._home.settings.limits)

    def text(self, item: Item) -> str:
        """Its file's words, or what was said of it."""
        if item.captions:
            return "\n".join(item.captions)
        try:
            return self._bytes(item).decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadMedia("not UTF-8 text", item.uri) from error

    def film(self, item: Item) -> Path:
        """Where the bytes are that it was added with."""
        return self._home.originals.path(item)

    def moments(self, item: Item, question: Question) -> Sequence[tuple[float, float]]:
        """By the words of a question, in the index that is served."""
        named = item.id.replace("'", "''")
        try:
            searcher = self._searcher()
            wanted = Query(k=MOST_MOMENTS, where=f"id = '{named}'", kinds=frozenset({Kind.VIDEO}))
            found = _by_words(searcher, question, wanted)
        except (NotReady, UnsupportedModality):
            return ()
        hits = found.hits if found else ()
        return [
            (hit.start_s, hit.end_s)
            for hit in hits
            if hit.id == item.id and hit.start_s is not None and hit.end_s is not None
        ]

    def _bytes(self, item: Item) -> bytes:
        return read_unchanged(item, self._home.reader([item.id]))


def in_turn(first: Sequence[Hit], second: Sequence[Hit]) -> tuple[Hit, ...]:
    """The best of two rankings in turn, with their better score.

    Each item once; of a video, each moment.
    """
    best: dict[tuple[str, float | None], Hit] = {}
    for pair in zip_longest(first, second):
        for hit in pair:
            if hit is None:
                continue
            which = (hit.id, hit.start_s if hit.kind is Kind.VIDEO else None)
            if which not in best or hit.score > best[which].score:
                best[which] = hit
    return tuple(best.values())


def _near(generation: Generation, item: Item, hit: Hit) -> Near:
    """A hit with its item; a moment of a video with all that is said and written in it."""
    if item.kind is not Kind.VIDEO or hit.start_s is None:
        return Near(item, hit.score, hit.start_s, hit.end_s)
    spans = [
        span
        for moment in generation.moments(item.id)
        if moment.start_s == hit.start_s
        for span in moment.spans
        if span.text and span.start_s is not None and span.end_s is not None
    ]
    said = tuple(
        Heard(span.text or "", span.start_s or 0.0, span.end_s or 0.0)
        for span in spans
        if span.clue is Clue.SAID
    )
    read = tuple(dict.fromkeys(span.text or "" for span in spans if span.clue is Clue.READ))
    return Near(item, hit.score, hit.start_s, hit.end_s, said, read)


def _by_words(searcher: Searcher, question: Question, wanted: Query) -> SearchResult | None:
    """What is near to a question's words; None where there are none."""
    if not question.text:
        return None
    return searcher.search(replace(wanted, text=looked_for(question.text)[:MAX_TEXT]))


def _by_sound(searcher: Searcher, question: Question, wanted: Query) -> SearchResult | None:
    """What is near to a question's sound; None where it was typed or nobody here hears."""
    spec = searcher.encoder.spec
    if question.sound is None or Modality.SPEECH not in spec.modalities:
        return None
    from scrubjay.media.audio import encode_wav
    from scrubjay.media.speech_part import spoken_part

    query = replace(wanted, sound=encode_wav(question.sound))
    heard = windows(spoken_part(question.sound), spec.speech_window_s)
    encoded = searcher.encoder.encode(Modality.SPEECH, [one.media for one in heard])
    return searcher.find(query, searcher.vector(query, {Modality.SPEECH: encoded}))


def _as_near(sound: SearchResult | None, words: SearchResult | None) -> list[Hit]:
    """What the sound found, without the kinds of which its words say that nothing is close."""
    if sound is None:
        return []
    if words is None or not words.cut:
        return list(sound.hits)
    close = {hit.kind for hit in words.hits}
    return [hit for hit in sound.hits if hit.kind in close]
