"""One item or hit as a page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from scrubjay.core.types import Hit, Item, Kind
from scrubjay.search.items import KnownItem
from scrubjay.web.pages import words
from scrubjay.web.pages.moments import (
    SMALL,
    Told,
    found_by,
    moment_href,
    picture_at,
    picture_of_hit,
    when,
)

TITLE = 200
"""Characters of a caption that stand for an item."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What a card, a row or a page of an item is made of.

    Attributes:
        title: its first caption, else its file's name.
        href: its own page.
        media: its bytes; `thumb` a small picture of it, where it is a picture or a video.
        alike: where what resembles it is searched.
        ask: where it is asked about, where it is a picture.
        fragment: the part of a recording or video that was found, as a media fragment
            (W3C Media Fragments URI 1.0).
        moment: when that part is.
        score: cosine between the query and it.
        picture: of a video, the frame that stands for it.
        found_by: of a moment of a video, what speaks for it.
    """

    id: str
    kind: str
    title: str
    href: str
    media: str
    thumb: str | None
    alike: str
    ask: str | None
    month: str | None = None
    score: float | None = None
    fragment: str = ""
    moment: str | None = None
    size: int | None = None
    duration: str | None = None
    picture: str | None = None
    found_by: tuple[Told, ...] = ()


def of_hit(hit: Hit) -> Thing:
    """A hit; a moment of a longer recording or video plays from there."""
    if hit.kind is Kind.VIDEO:
        return _of_moment(hit)
    return Thing(
        **addresses(hit.id, hit.kind),
        title=title_of(hit.caption, hit.uri),
        score=hit.score,
        fragment=fragment(hit.start_s, hit.end_s),
        moment=f"from {words.clock(hit.start_s)}" if hit.start_s else None,
    )


def _of_moment(hit: Hit) -> Thing:
    """A moment of a video: its title says when, its address plays it."""
    where, title = addresses(hit.id, hit.kind), title_of(hit.caption, hit.uri)
    thumb, at_s = where["thumb"], picture_of_hit(hit)
    if hit.start_s is None or at_s is None:
        picture = f"{thumb}?size={SMALL}"
        return Thing(**where, title=title, score=hit.score, picture=picture)
    return Thing(
        **{**where, "href": moment_href(where["href"], hit.start_s, hit.end_s)},
        title=f"{title}, {when(hit.start_s, hit.end_s)}",
        moment=when(hit.start_s, hit.end_s),
        score=hit.score,
        fragment=fragment(hit.start_s, hit.end_s),
        picture=picture_at(thumb, at_s),
        found_by=found_by(hit.evidence),
    )


def of_item(item: Item) -> Thing:
    """An item of the catalogue."""
    where = addresses(item.id, item.kind)
    return Thing(
        **where,
        picture=f"{where['thumb']}?size={SMALL}" if item.kind is Kind.VIDEO else None,
        title=title_of(next(iter(item.captions), None), item.uri),
        month=item.month,
        size=item.size,
        duration=None if item.duration_s is None else words.clock(item.duration_s),
    )


def title_of(caption: str | None, uri: str) -> str:
    """What people call it."""
    if caption and caption.strip():
        text = " ".join(caption.split())
        return text if len(text) <= TITLE else f"{text[: TITLE - 3]}..."
    path = urlsplit(uri).path if "://" in uri else uri
    return PurePosixPath(unquote(path)).name or uri


def href_of(item_id: str) -> str:
    """An item's page."""
    return f"/items/{quote(item_id, safe='')}"


def addresses(item_id: str, kind: Kind) -> dict[str, Any]:
    """Where an item's page, bytes, small picture, likes and questions are."""
    api = f"/v1/items/{quote(item_id, safe='')}"
    return {
        "id": item_id,
        "kind": kind.value,
        "href": href_of(item_id),
        "media": f"{api}/media",
        "thumb": f"{api}/thumb" if kind in {Kind.IMAGE, Kind.VIDEO} else None,
        "alike": "/?" + urlencode({"like": item_id}),
        "ask": "/ask?" + urlencode({"item": item_id}) if kind is Kind.IMAGE else None,
    }


def fragment(start_s: float | None, end_s: float | None) -> str:
    """The part of a recording or video between two seconds, as an address says it."""
    if not start_s:
        return ""
    until = f",{end_s:.10g}" if end_s is not None and end_s > start_s else ""
    return f"#t={start_s:.10g}{until}"


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known about one item.

    Attributes:
        known: name and value, in the order they are read.
        attributes: the owner's own columns.
    """

    captions: tuple[str, ...]
    language: str | None
    tags: tuple[str, ...]
    known: tuple[tuple[str, str], ...]
    attributes: tuple[tuple[str, str], ...]
    uris: tuple[str, ...]


def facts_of(told: KnownItem) -> Facts:
    """Everything catalogue and index know."""
    item = told.item
    parts = {"train": "learning", "val": "choosing settings", "test": "judging; never learned from"}
    known: dict[str, str | None] = {
        "Kind": words.kind_name(item.kind.value),
        "Added": words.month_name(item.month),
        "Language": item.language,
        "Size": words.size(item.size),
        "Pixels": f"{item.width} x {item.height}" if item.width and item.height else None,
        "Length": None if item.duration_s is None else words.clock(item.duration_s),
        "Used for": None if item.kind is Kind.VIDEO else parts[item.split.value],
        "Held back": "not learned from until it is accepted" if told.held else None,
        "Found by": _found_by(told),
        "Id": item.id,
        "SHA-256": item.sha256,
        "Content group": item.group,
    }
    return Facts(
        captions=item.captions,
        language=item.language,
        tags=item.tags,
        known=tuple((name, value) for name, value in known.items() if value),
        attributes=tuple(
            (name, words.plainly(value)) for name, value in sorted(item.attributes.items())
        ),
        uris=item.uris,
    )


def _found_by(told: KnownItem) -> str:
    versions = sorted({one.version for one in told.spans})
    if not versions:
        return "no search yet: it is not indexed"
    rows = len(told.spans)
    parts = f", in {rows} parts" if rows > 1 else ""
    return f"vectors of {' and '.join(versions)}{parts}"
