"""Items and drops made by hand, for tests of a month's rules."""

from __future__ import annotations

from scrubjay.core.types import Item, Kind, Split
from scrubjay.media.layout import Problem
from scrubjay.search.drop_record import Drop

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


def drop(good: int = 0, *, unreadable: int = 0, added=(), **given) -> Drop:
    items = (*(item(n) for n in range(good)), *added)
    problems = tuple(Problem(f"bad/{n:05d}.jpg", "truncated picture") for n in range(unreadable))
    return Drop(
        **{
            "source": "/pictures",
            "month": "2026-11",
            "added": tuple(items),
            "changed": (),
            "gone": (),
            "renamed": 0,
            "unchanged": 0,
            "problems": problems,
            "new_problems": problems,
            "looked_at": len(items) + len(problems),
            "fetched_bytes": 0,
            "layout": "manifest",
            "ignored": 0,
            **given,
        }
    )
