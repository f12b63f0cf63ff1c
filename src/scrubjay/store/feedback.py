"""What people say of hits and captions: right, wrong, and how a caption should read.

Every change is one create-only file `<number>-<what>.json`; the newest of what is said of one
thing counts, and everything can be taken back by saying so. What names an item that is forgotten
gives way to an empty event of the same number, so that numbers only ever rise.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from scrubjay.core.errors import Damaged, WrongUse
from scrubjay.store.durable import (
    create_durably,
    fsync_folder,
    locked,
    make_folder,
    sweep_aside,
)

MAX_QUERY: Final = 500
"""Characters of a query that somebody judged hits of."""
MAX_CAPTION: Final = 2_000
"""Characters of a fixed caption."""
MAX_ID: Final = 512
"""Characters of an item's id."""
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
_BREAKS: Final = frozenset("\t\n\r\u2028\u2029")
_TURNED: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


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
        wanted: what it should say; what it said before everything that was taken back.
        known: every tuple of captions the item had meanwhile, as sets: whoever comes with one of
            these says nothing new.
        fixed: whether a fix is in effect; False when it was taken back.
        number: of the newest event.
    """

    wanted: tuple[str, ...]
    known: frozenset[frozenset[str]]
    fixed: bool
    number: int

    def told(self, captions: Sequence[str]) -> tuple[str, ...] | None:
        """What an item that says this should say; None when it says something newer."""
        if frozenset(captions) in self.known:
            return self.wanted
        if self.fixed and set(self.wanted) <= set(captions):
            return tuple(captions)  # Other words of the same bytes under another name.
        return None


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
        query, item = asked_words(judgement.query), _id(judgement.item)
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
        query, item = asked_words(query), _id(item)
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
        item, caption = _id(fix.item), caption_words(fix.caption)
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

    def judgements(self) -> list[Judgement]:
        """What counts of every hit, the oldest first."""
        counting: dict[tuple[str, str], Judgement] = {}
        for number, what, event in self._events():
            if what not in (HIT, UNDO):
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
        first: dict[str, tuple[str, ...]] = {}
        found: dict[str, Mended] = {}
        for number, what, event in self._events():
            if what not in (CAPTION, RESTORE, OVERTAKEN):
                continue
            item = event["item"]
            if what == OVERTAKEN:
                first.pop(item, None)
                found.pop(item, None)
            elif what == CAPTION:
                before = tuple(event["before"])
                known = found[item].known if item in found else frozenset()
                first.setdefault(item, before)
                found[item] = Mended(
                    (event["caption"],),
                    known | {frozenset(before), frozenset((event["caption"],))},
                    True,
                    number,
                )
            elif item in found:
                found[item] = replace(found[item], wanted=first[item], fixed=False, number=number)
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
        wanted = set(items)
        doomed = [
            (number, what)
            for number, what, event in self._events()
            if event.get("item") in wanted or any(_shows(event, text) for text in texts)
        ]
        if not doomed:
            return 0
        with self._writing():
            for number, what in doomed:
                empty = json.dumps({"what": GONE, "at": datetime.now(UTC).isoformat()})
                create_durably(self._path(number, GONE), empty.encode(), point="feedback.purge")
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


def asked_words(query: str) -> str:
    """A query as it is kept.

    Raises:
        WrongUse: it is empty, too long, or holds control characters.
    """
    return _words(query, "the query", MAX_QUERY)


def caption_words(caption: str) -> str:
    """A caption as it is kept.

    Raises:
        WrongUse: it is empty, too long, or holds control characters.
    """
    return _words(caption, "the caption", MAX_CAPTION)


def _words(given: str, what: str, most: int) -> str:
    for one in given:
        kind = unicodedata.category(one)
        if (kind in ("Cc", "Cs") and one not in _BREAKS) or one in _TURNED:
            raise WrongUse(f"{what} holds the control character U+{ord(one):04X}; write it without")
    words = " ".join(given.split())
    if not words:
        raise WrongUse(f"{what} is empty; write some words")
    if len(words) > most:
        raise WrongUse(f"{what} has {len(words)} characters; write at most {most}")
    return words


def _id(item: str) -> str:
    if not item or len(item) > MAX_ID or any(unicodedata.category(one) == "Cc" for one in item):
        raise WrongUse(
            f"{item[:40]!r} is no id of an item; give one of 1 to {MAX_ID} characters, as "
            f"`scrubjay search --json` shows it"
        )
    return item


def _shows(event: Mapping[str, Any], text: str) -> bool:
    told = [event.get("query", ""), event.get("caption", ""), *event.get("before", ())]
    return any(text in one for one in told)


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
