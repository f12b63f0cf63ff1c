"""What people say of hits and captions: right, wrong, and how a caption should read.

Every change is one create-only file `<number>-<what>.json`; the newest of what is said of one
thing counts, and everything can be taken back by saying so. What names an item that is forgotten
gives way to an empty event of the same number, so that numbers only ever rise.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from scrubjay.core.errors import Damaged
from scrubjay.store.durable import (
    create_durably,
    fsync_folder,
    locked,
    make_folder,
    sweep_aside,
)
from scrubjay.store.feedback_words import asked_words, caption_words, item_id

HIT, UNDO, CAPTION, RESTORE, OVERTAKEN, GONE = (
    "hit",
    "undo",
    "caption",
    "restore",
    "overtaken",
    "gone",
)
_ASKED: Final = {
    HIT: ("query", "item", "right", "version"),
    UNDO: ("query", "item"),
    CAPTION: ("item", "before", "caption"),
    RESTORE: ("item",),
    OVERTAKEN: ("item",),
    GONE: (),
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a hit fits the words that found it.

    Attributes:
        query: the words asked.
        item: id of the hit.
        version: what served then; "" when nobody says.
        at: when, UTC.
    """

    query: str
    item: str
    right: bool
    version: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    number: int = 0


@dataclass(frozen=True, slots=True)
class CaptionFix:
    """How the caption of an item should read.

    Attributes:
        before: the captions it had then.
        at: when, UTC.
    """

    item: str
    before: tuple[str, ...]
    caption: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    number: int = 0


@dataclass(frozen=True, slots=True)
class WrongHit:
    """A hit that somebody marked as wrong."""

    query: str
    item: str


@dataclass(frozen=True, slots=True)
class RightHit:
    """A hit that somebody marked as right."""

    query: str
    item: str


@dataclass(frozen=True, slots=True)
class Mended:
    """Captions of one item as people left them.

    Attributes:
        before: what it said before anybody fixed it.
        caption: the newest fix; None when the fixes were taken back.
        known: every caption it had meanwhile.
        number: of the newest event.
    """

    before: tuple[str, ...]
    caption: str | None
    known: frozenset[str]
    number: int

    def told(self, captions: Sequence[str]) -> tuple[str, ...] | None:
        """What an item that says this should say; None when it says something newer."""
        if self.known.issuperset(captions):
            return self.before if self.caption is None else (self.caption,)
        return tuple(captions) if self.caption in captions else None


class Feedback:
    """A folder of events."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is created before the first event."""
        self._folder = folder
        self._read: dict[str, dict[str, Any]] = {}

    def say(self, judgement: Judgement) -> bool:
        """Keep a judgement; it counts instead of an earlier one of the same hit.

        Returns:
            Whether it is new; what is said already is not written again.

        Raises:
            WrongUse: words or ids that are empty, too long or hold control characters.
        """
        query, item = asked_words(judgement.query), item_id(judgement.item)
        for one in self.judgements():
            if (one.query, one.item, one.right) == (query, item, judgement.right):
                return False
        about = {
            "query": query,
            "item": item,
            "right": bool(judgement.right),
            "version": judgement.version,
        }
        self._say(HIT, about, at=judgement.at)
        return True

    def unsay(self, query: str, item: str) -> bool:
        """Take a judgement back; whether there was one.

        Raises:
            WrongUse: words or an id that cannot be.
        """
        query, item = asked_words(query), item_id(item)
        if not any((one.query, one.item) == (query, item) for one in self.judgements()):
            return False
        self._say(UNDO, {"query": query, "item": item})
        return True

    def fix(self, fix: CaptionFix) -> bool:
        """Keep how a caption should read; it counts instead of an earlier fix.

        Returns:
            Whether it is new; what is said already is not written again.

        Raises:
            WrongUse: a caption or an id that is empty, too long or holds control characters.
        """
        item, caption = item_id(fix.item), caption_words(fix.caption)
        if self.captions().get(item) == caption:
            return False
        about = {"item": item, "before": list(fix.before), "caption": caption}
        self._say(CAPTION, about, at=fix.at)
        return True

    def unfix(self, item: str) -> bool:
        """Take the fixes of a caption back: the item says again what it said before them."""
        if item not in self.captions():
            return False
        self._say(RESTORE, {"item": item})
        return True

    def overtaken(self, items: Collection[str]) -> None:
        """Captions changed at their source after they were fixed: the fixes count no more."""
        for item in sorted(self.mended().keys() & set(items)):
            self._say(OVERTAKEN, {"item": item})

    def judgements(self, *, until: int | None = None) -> list[Judgement]:
        """What counts of every hit, the oldest first.

        Args:
            until: number of the newest event that is heard; None hears all.
        """
        counting: dict[tuple[str, str], Judgement] = {}
        for number, what, event in self._events():
            if what not in (HIT, UNDO) or (until is not None and number > until):
                continue
            key = event["query"], event["item"]
            counting.pop(key, None)
            if what == HIT:
                counting[key] = Judgement(
                    *key, event["right"], event["version"], _when(event), number
                )
        return list(counting.values())

    def of_query(self, query: str) -> dict[str, bool]:
        """Item id -> whether it is right, of the hits judged of these words."""
        words = " ".join(query.split())
        return {one.item: one.right for one in self.judgements() if one.query == words}

    def right(self) -> list[RightHit]:
        """Hits marked as right, the oldest first."""
        return [RightHit(one.query, one.item) for one in self.judgements() if one.right]

    def wrong(self) -> list[WrongHit]:
        """Hits marked as wrong, the oldest first."""
        return [WrongHit(one.query, one.item) for one in self.judgements() if not one.right]

    def fixes(self) -> list[CaptionFix]:
        """The fixes in effect, one an item, the oldest first."""
        counting: dict[str, CaptionFix] = {}
        for number, what, event in self._events():
            if what in (CAPTION, RESTORE, OVERTAKEN):
                counting.pop(event["item"], None)
            if what == CAPTION:
                before = tuple(event["before"])
                counting[event["item"]] = CaptionFix(
                    event["item"], before, event["caption"], _when(event), number
                )
        return list(counting.values())

    def captions(self) -> dict[str, str]:
        """Item id -> its fixed caption."""
        return {one.item: one.caption for one in self.fixes()}

    def mended(self) -> dict[str, Mended]:
        """Item id -> what its captions should be, of those whose captions were ever fixed.

        A fix that was taken back is here, too: the old captions are to be had again.
        """
        found: dict[str, Mended] = {}
        for number, what, event in self._events():
            item = event.get("item", "")
            if what == OVERTAKEN:
                found.pop(item, None)
            elif what == RESTORE and item in found:
                found[item] = replace(found[item], caption=None, number=number)
            elif what == CAPTION:
                found[item] = _fixed(found.get(item), event, number)
        return found

    def newest(self) -> int:
        """Number of the newest event; 0 before the first."""
        return max((number for number, _, _ in self._names()), default=0)

    def texts_of(self, items: Collection[str]) -> frozenset[str]:
        """Everything people wrote of these items, also what counts no more."""
        wanted, texts = set(items), set[str]()
        for _, what, event in self._events():
            if event.get("item") not in wanted:
                continue
            if what == CAPTION:
                texts |= {*event["before"], event["caption"]}
            elif what == HIT and event["right"]:
                texts.add(event["query"])
        return frozenset(texts)

    def purge(self, items: Collection[str], texts: Collection[str] = ()) -> int:
        """Remove from the disk what names these items or asks in their words.

        Killed anywhere, the same call again finishes.

        Args:
            items: ids.
            texts: captions and names that give them away.

        Returns:
            How many events there were.
        """
        if not self._folder.is_dir():
            return 0
        wanted = set(items)
        with self._writing():  # which takes away what killed writers left, too
            doomed = [
                (number, what)
                for number, what, event in self._events()
                if event.get("item") in wanted
                or any(text in event.get("query", "") for text in texts)
            ]
            for number, what in doomed:
                empty = json.dumps({"what": GONE, "at": datetime.now(UTC).isoformat()})
                create_durably(self._path(number, GONE), empty.encode(), point="feedback")
                path = self._path(number, what)
                path.unlink(missing_ok=True)
                self._read.pop(path.name, None)
            fsync_folder(self._folder)
        return len(doomed)

    def _say(self, what: str, about: Mapping[str, Any], *, at: datetime | None = None) -> None:
        with self._writing():
            event = {"what": what, "at": (at or datetime.now(UTC)).isoformat(), **about}
            data = json.dumps(event, indent=1, ensure_ascii=False).encode()
            create_durably(self._path(self.newest() + 1, what), data, point="feedback")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with locked(self._folder.with_name(f".{self._folder.name}.lock"), "keeping feedback"):
            make_folder(self._folder)
            sweep_aside(self._folder)
            yield

    def _path(self, number: int, what: str) -> Path:
        return self._folder / f"{number:06d}-{what}.json"

    def _names(self) -> list[tuple[int, str, Path]]:
        """Number, what and file of every event; a removed one is only said to be gone."""
        found: dict[int, tuple[int, str, Path]] = {}
        for path in self._folder.glob("[0-9]*-*.json"):
            number, _, what = path.stem.partition("-")
            if what in _ASKED and number.isdecimal():
                found.setdefault(int(number), (int(number), what, path))
                if what != GONE:  # A killed removal left both, and goes on.
                    found[int(number)] = (int(number), what, path)
        return [found[number] for number in sorted(found)]

    def _events(self) -> Iterator[tuple[int, str, dict[str, Any]]]:
        for number, what, path in self._names():
            event = self._read.get(path.name)
            if event is None:
                event = self._read[path.name] = _event(path, what)
            yield number, what, event


def _fixed(earlier: Mended | None, event: Mapping[str, Any], number: int) -> Mended:
    """A fix after another; it begins anew where the captions changed in between."""
    before, caption = tuple(event["before"]), event["caption"]
    if earlier is None or earlier.told(before) is None:
        earlier = Mended(before, None, frozenset(), number)
    known = earlier.known | {*before, caption}
    return Mended(earlier.before, caption, known, number)


def _when(event: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(event["at"])


def _event(path: Path, what: str) -> dict[str, Any]:
    try:
        event: dict[str, Any] = json.loads(path.read_bytes())
        _ = _when(event), [event[name] for name in _ASKED[what]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(
            f"{path} cannot be read ({error}); restore it from a backup, or delete it: then what "
            f"it said of a hit or a caption is not known any more"
        ) from error
    return event
