"""Hits judged and captions fixed by people, and what to ask them next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from scrubjay.core.types import Item, Split
from scrubjay.search.items import find_item
from scrubjay.store.feedback import CaptionFix, Judgement
from scrubjay.store.feedback_words import MAX_QUERY, asked_words
from scrubjay.store.home import Home

MAX_LISTED: Final = 500
DIAGNOSED: Final = ("test", "val", "train")
"""Parts of a collection whose diagnoses are looked into."""
LOOKED_AT: Final = 400
"""Items whose captions are drawn from, the newest of the home."""


@dataclass(frozen=True, slots=True)
class Said:
    """What counts now of one item.

    Attributes:
        query: the words of the judgement; None where only its caption is meant.
        right: whether it is right for the query; None: nobody says.
        caption: as fixed; None: nobody fixed it.
        captions: as the catalog says now; the fixed one takes their place with the next training.
        changed: whether this call changed anything.
    """

    item: str
    query: str | None
    right: bool | None
    caption: str | None
    captions: tuple[str, ...]
    changed: bool = False

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "item": self.item,
            "query": self.query,
            "right": self.right,
            "caption": self.caption,
            "captions": list(self.captions),
            "changed": self.changed,
        }


@dataclass(frozen=True, slots=True)
class Listed:
    """Everything that counts, the newest first.

    Attributes:
        left_out: of each, how many older ones are not listed.
    """

    judgements: tuple[Judgement, ...]
    fixes: tuple[CaptionFix, ...]
    left_out: int = 0

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "judgements": [
                {
                    "query": one.query,
                    "item": one.item,
                    "right": one.right,
                    "version": one.version,
                    "at": one.at.isoformat(),
                }
                for one in self.judgements
            ],
            "captions": [
                {
                    "item": one.item,
                    "before": list(one.before),
                    "caption": one.caption,
                    "at": one.at.isoformat(),
                }
                for one in self.fixes
            ],
            "left_out": self.left_out,
        }


@dataclass(frozen=True, slots=True)
class Question:
    """Words to look at the hits of.

    Attributes:
        held_out: whether they are the caption of an item that nothing learned from.
        confused: whether the newest diagnosis of what serves saw them mistaken for others.
    """

    query: str
    held_out: bool
    confused: bool = False


def judge(home: Home, query: str, item_id: str, *, right: bool | None) -> Said:
    """Mark a hit of a query as right or wrong, or take the mark back.

    Args:
        right: None takes it back.

    Raises:
        UnknownItem: it is not here.
        WrongUse: words that are empty, too long or hold control characters.
    """
    words = asked_words(query)
    item = find_item(home, item_id)
    if right is None:
        changed = home.feedback.unsay(words, item_id)
    else:
        champion = home.registry.champion()
        version = champion.version if champion else ""
        changed = home.feedback.say(Judgement(words, item_id, right, version))
    return _said(home, item, words, changed)


def fix_caption(home: Home, item_id: str, caption: str | None) -> Said:
    """Say how an item's caption should read, or take that back.

    The catalog, and what searches show, say so from the next training on.

    Args:
        caption: None takes the fixes back.

    Raises:
        UnknownItem: it is not here.
        WrongUse: a caption that is empty, too long or holds control characters.
    """
    item = find_item(home, item_id)
    changed = (
        home.feedback.unfix(item_id)
        if caption is None
        else home.feedback.fix(CaptionFix(item_id, item.captions, caption))
    )
    return _said(home, item, None, changed)


def list_feedback(home: Home, *, query: str | None = None, limit: int = MAX_LISTED) -> Listed:
    """What people said and did not take back, the newest first.

    Args:
        query: only judgements of these words.
    """
    judgements = home.feedback.judgements()[::-1]
    fixes = [] if query is not None else home.feedback.fixes()[::-1]
    if query is not None:
        words = asked_words(query)
        judgements = [one for one in judgements if one.query == words]
    left_out = max(0, len(judgements) - limit) + max(0, len(fixes) - limit)
    return Listed(tuple(judgements[:limit]), tuple(fixes[:limit]), left_out)


def questions(home: Home, *, limit: int, seed: str = "") -> list[Question]:
    """Captions whose hits are worth a look and that nobody judged yet.

    First come those that the newest diagnosis of what serves found confused, the most confused
    before; then those of items that nothing learned from, then all, in an order drawn by a seed.
    """
    judged = {one.query for one in home.feedback.judgements()}
    found = {
        words: Question(words, held_out=part != "train", confused=True)
        for words, part in _confused(home)
        if words not in judged
    }
    for where in ("split = 'test'", "split = 'val'", "split = 'train'"):
        if len(found) >= limit:
            break
        drawn = [
            words
            for item in home.catalog.page(LOOKED_AT, where=where)[0]
            for words in (" ".join(caption.split()) for caption in item.captions)
            if words and len(words) <= MAX_QUERY and words not in judged
        ]
        for words in sorted(drawn, key=lambda text: sha256(f"{seed}\0{text}".encode()).digest()):
            found.setdefault(words, Question(words, held_out=Split.TRAIN.value not in where))
    return list(found.values())[:limit]


def _confused(home: Home) -> Iterator[tuple[str, str]]:
    """Captions that a diagnosis of what serves found confused, and the part it looked at."""
    champion = home.registry.champion()
    if champion is None:
        return
    for part in DIAGNOSED:
        path = home.runs / f"diagnose-{champion.version}-{part}.json"
        try:
            pairs = json.loads(path.read_bytes())["sections"]["confusions"]["pairs"]
            told = [pair[side]["text"] for pair in pairs for side in ("first", "second")]
        except (OSError, ValueError, KeyError, TypeError):
            continue  # There is none, or confusions could not be measured.
        for text in told:
            if isinstance(text, str) and 0 < len(text) <= MAX_QUERY and text.strip():
                yield " ".join(text.split()), part


def _said(home: Home, item: Item, query: str | None, changed: bool) -> Said:
    return Said(
        item=item.id,
        query=query,
        right=None if query is None else home.feedback.of_query(query).get(item.id),
        caption=home.feedback.captions().get(item.id),
        captions=item.captions,
        changed=changed,
    )
