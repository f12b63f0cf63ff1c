"""What a visitor asks for: the search form as it was sent, and the query it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from scrubjay.core.errors import BadMedia
from scrubjay.core.types import Kind
from scrubjay.media.sniff import HEAD_BYTES, sniff
from scrubjay.search.narrow import narrowed
from scrubjay.search.question import Query
from scrubjay.web.pages.things import Thing

PAGE = 24
"""Hits on a page: full rows of two, three and four."""
SPOKEN = "recording.wav"
"""What the page's microphone calls what it heard."""
EVEN = 50
"""Where words and example count the same."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a hit or item must be; empty is anything."""

    kinds: tuple[str, ...] = ()
    month: str = ""
    language: str = ""
    tag: str = ""
    where: str = ""

    @property
    def chosen(self) -> bool:
        """Whether there is any."""
        return bool(self.kinds or self.month or self.language or self.tag or self.where)

    def condition(self, *, with_kinds: bool = False) -> str | None:
        """In the language of `--where`; a query takes the kinds by themselves."""
        return narrowed(
            self.where,
            kinds=self.kinds if with_kinds else (),
            months=_given(self.month),
            languages=_given(self.language),
            tags=_given(self.tag),
        )

    def kinds_wanted(self) -> frozenset[Kind] | None:
        """The kinds; None is all of them."""
        return frozenset(map(Kind, self.kinds)) or None

    def pairs(self) -> list[tuple[str, str]]:
        """As an address says them."""
        named = (
            ("month", self.month),
            ("language", self.language),
            ("tag", self.tag),
            ("where", self.where),
        )
        return [("kind", one) for one in self.kinds] + [pair for pair in named if pair[1]]


@dataclass(frozen=True, slots=True)
class Example:
    """A picture or recording that is searched with."""

    name: str
    data: bytes
    kind: Kind

    @property
    def called(self) -> str:
        """What the page calls it."""
        if self.name == SPOKEN:
            return "what you said"
        return f"your {'recording' if self.kind is Kind.SPEECH else 'picture'} {self.name}"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question.

    Attributes:
        text: words.
        like_id: the item whose like is looked for.
        like: that item, once it was looked up.
        example: a picture or recording.
        words: how much the words count beside the rest, in percent.
        everything: whether what is not close enough is shown too.
        after: where the page before ended.
    """

    text: str = ""
    like_id: str = ""
    like: Thing | None = None
    example: Example | None = None
    words: int = EVEN
    everything: bool = False
    after: str | None = None
    filters: Filters = field(default_factory=Filters)

    @property
    def idle(self) -> bool:
        """Whether nothing is asked for."""
        return not (self.text or self.like_id or self.example)

    @property
    def mixed(self) -> bool:
        """Whether words stand beside something else."""
        return bool(self.text and (self.like_id or self.example))

    @property
    def subject(self) -> str:
        """What is looked for, in words."""
        parts = []
        if self.like_id:
            parts.append(self.like.title if self.like else "that item")
        if self.example:
            parts.append(self.example.called)
        if self.text:
            parts.append(f"\u201c{self.text}\u201d")
        return " and ".join(parts)

    @property
    def title(self) -> str:
        """What the page is called."""
        return self.text or (f"Like {self.like.title}" if self.like else "")

    @property
    def here(self) -> str:
        """The address of this question."""
        return self._at(self)

    @property
    def anyway(self) -> str:
        """The same with everything, however far."""
        return self._at(replace(self, everything=True))

    @property
    def without_filters(self) -> str:
        """The same among all there is."""
        return self._at(replace(self, filters=Filters()))

    @property
    def without_like(self) -> str:
        """The same without the item it starts from."""
        return self._at(replace(self, like_id=""))

    def here_after(self, cursor: str) -> str:
        """The next page of this question."""
        return self._at(replace(self, after=cursor))

    @staticmethod
    def _at(asked: Asked) -> str:
        pairs = [("q", asked.text)] if asked.text else []
        pairs += [("like", asked.like_id)] if asked.like_id else []
        pairs += [("words", str(asked.words))] if asked.mixed and asked.words != EVEN else []
        pairs += asked.filters.pairs()
        pairs += [("all", "1")] if asked.everything else []
        pairs += [("after", asked.after)] if asked.after else []
        return "/?" + urlencode(pairs) if pairs else "/"

    def query(self) -> Query:
        """What a searcher takes."""
        return Query(
            text=self.text or None,
            like=self.like_id or None,
            weights=self._weights(),
            k=PAGE,
            after=self.after,
            cutoff=not self.everything,
            kinds=self.filters.kinds_wanted(),
            where=self.filters.condition(),
            **self._media(),
        )

    def _weights(self) -> dict[str, float]:
        if not self.mixed or self.words == EVEN:
            return {}
        others = ["like"] if self.like_id else []
        if self.example:
            others.append("speech" if self.example.kind is Kind.SPEECH else "image")
        return {"text": self.words / 100, **dict.fromkeys(others, 1 - self.words / 100)}

    def _media(self) -> dict[str, Any]:
        if self.example is None:
            return {}
        part = "sound" if self.example.kind is Kind.SPEECH else "picture"
        return {part: self.example.data, f"{part}_name": self.example.name}


def read_filters(sent: Mapping[str, str], kinds: Sequence[str]) -> Filters:
    """Filters as a form or an address says them; unknown kinds are passed over."""
    known = {one.value for one in Kind}
    return Filters(
        kinds=tuple(dict.fromkeys(one for one in kinds if one in known)),
        **{name: sent.get(name, "").strip() for name in ("month", "language", "tag", "where")},
    )


def read_asked(sent: Mapping[str, str], kinds: Sequence[str]) -> Asked:
    """A question as a form or an address says it."""
    return Asked(
        text=sent.get("q", "").strip(),
        like_id=sent.get("like", ""),
        words=_share(sent.get("words", "")),
        everything=sent.get("all") == "1",
        after=sent.get("after") or None,
        filters=read_filters(sent, kinds),
    )


def read_example(name: str, data: bytes) -> Example:
    """A file to search with, known by its bytes.

    Raises:
        BadMedia: it is neither a picture nor a recording.
    """
    kind = sniff(data[:HEAD_BYTES])
    if kind not in {Kind.IMAGE, Kind.SPEECH}:
        raise BadMedia("is neither a picture nor a recording that can be searched with", name)
    return Example(name, data, Kind(kind))


def _share(text: str) -> int:
    return min(100, int(text)) if text.isascii() and text.isdigit() and len(text) < 9 else EVEN


def _given(value: str) -> tuple[str, ...]:
    return (value,) if value else ()
