"""Items and drops made by hand, for tests of a month's rules."""

from __future__ import annotations

from dataclasses import dataclass

from scrubjay.core.types import Item, Kind, Split
from scrubjay.media.layout import Problem

ENGLISH = "An old man with a long gray beard walks through the wide forest with his two dogs."
GERMAN = "Ein alter Mann mit langem grauem Bart geht mit seinen zwei Hunden durch den Wald."


def item(n: int, **said) -> Item:
    given = {
        "id": f"item-{n:05d}",
        "kind": Kind.IMAGE,
        "uris": (f"/pictures/{n:05d}.jpg",),
        "sha256": f"{n:064x}",
        "group": f"group-{n}",
        "split": Split.TRAIN,
        "month": "2026-11",
        "size": 1000,
        "captions": (ENGLISH,),
        "phash": None,
    }
    return Item(**{**given, **said})


@dataclass(frozen=True)
class Drop:
    """What validation reads of one."""

    source: str = "/pictures"
    layout: str = "manifest"
    added: tuple[Item, ...] = ()
    changed: tuple[Item, ...] = ()
    new_problems: tuple[Problem, ...] = ()
    looked_at: int = 0


def drop(good: int = 0, *, unreadable: int = 0, added=(), **given) -> Drop:
    items = (*(item(n) for n in range(good)), *added)
    problems = tuple(Problem(f"bad/{n:05d}.jpg", "truncated picture") for n in range(unreadable))
    return Drop(
        **{
            "added": items,
            "new_problems": problems,
            "looked_at": len(items) + len(problems),
            **given,
        }
    )
