from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np

from scrubjay.core.known import About, Known
from scrubjay.core.types import Item, Kind, Split
from scrubjay.media.layout import Entry, Problem
from scrubjay.search.examine import Facts
from scrubjay.search.merge import Found, about, merge
from scrubjay.search.splits import split_of
from scrubjay.store.catalog import Catalog
from tests.store.made import item, sha


def found(path: str, content: str, kind: Kind = Kind.IMAGE, **said: object) -> Found:
    """A file whose sha256 is one letter, 64 times."""
    return Found(Entry(path, **said), Facts(content * 64, kind, 10))


def merged(
    *files: Found, known: Known | None = None, held: object = None
) -> tuple[tuple[Item, ...], tuple[Problem, ...]]:
    return merge(files, uri="/collection/{}".format, month="2026-11", known=known, held=held)


def test_an_id_is_the_manifests_else_the_first_16_digits_of_the_hash() -> None:
    items, problems = merged(found("a", "a", id="shoe-1"), found("b", "b"))
    assert [item.id for item in items] == ["shoe-1", "b" * 16]
    assert problems == ()


def test_the_same_bytes_under_two_names_are_one_item_with_both_uris_and_captions() -> None:
    items, problems = merged(
        found("a.png", "a", captions=("x", "y"), tags=("t",), attributes={"price": 3, "colour": 1}),
        found("b.png", "a", captions=("y", "z"), language="en", attributes={"price": 4}),
    )
    assert problems == ()
    assert len(items) == 1
    assert items[0].uris == ("/collection/a.png", "/collection/b.png")
    assert items[0].captions == ("x", "y", "z")
    assert (items[0].tags, items[0].language) == (("t",), "en")
    assert items[0].attributes == {"colour": 1}


def test_a_duplicate_id_sets_the_second_file_aside() -> None:
    items, problems = merged(found("a", "a", id="1"), found("b", "b", id="1"))
    assert [item.uri for item in items] == ["/collection/a"]
    assert problems == (Problem("b", "duplicate id '1': a has it"),)


def test_the_same_bytes_with_two_ids_set_the_second_file_aside() -> None:
    items, problems = merged(found("a", "a", id="1"), found("b", "a", id="2"), found("c", "a"))
    assert [(item.id, item.uris) for item in items] == [("1", ("/collection/a", "/collection/c"))]
    assert problems == (Problem("b", "the same bytes are item '1'; id '2' was not given"),)


def test_known_bytes_keep_their_id() -> None:
    known = Known(ids_by_sha256={"a" * 64: "old"}, ids=frozenset({"old"}))
    items, _ = merged(found("a", "a"), known=known)
    assert items[0].id == "old"


def test_an_id_that_another_catalogued_file_has_is_a_duplicate_and_a_changed_file_is_not() -> None:
    (old,), _ = merged(found("a", "a", id="1"))
    known = Known(ids_by_sha256={"a" * 64: "1"}, ids=frozenset({"1"}))

    def held(id: str) -> Item | None:
        return old if id == "1" else None

    changed, problems = merged(found("a", "b", id="1"), known=known, held=held)
    assert [(item.id, item.sha256) for item in changed] == [("1", "b" * 64)]
    assert problems == ()
    other, problems = merged(found("z", "b", id="1"), known=known, held=held)
    assert other == ()
    assert problems == (Problem("z", "duplicate id '1': /collection/a has it"),)


def test_the_group_is_the_manifests_else_the_linked_pictures_else_its_own() -> None:
    items, _ = merged(
        found("a.png", "a"),
        found("b.wav", "b", Kind.SPEECH, linked=("a.png",)),
        found("c.wav", "c", Kind.SPEECH, linked=("a.png",), group="g"),
        found("d.wav", "d", Kind.SPEECH, linked=("unusable.png",)),
    )
    assert [item.group for item in items] == ["a" * 64, "a" * 64, "g", "d" * 64]


def test_linked_files_share_a_split_even_in_two_groups() -> None:
    train = next(name for name in map(str, range(99)) if split_of(name) is Split.TRAIN)
    test = next(name for name in map(str, range(99)) if split_of(name) is Split.TEST)
    items, _ = merged(
        found("a.png", "a", group=train),
        found("b.png", "b", group=test),
        found("c.wav", "c", Kind.SPEECH, linked=("a.png", "b.png")),
    )
    assert len({item.split for item in items}) == 1


def test_a_manifest_split_and_month_win() -> None:
    items, _ = merged(
        found("a", "a", split=Split.VAL, month="2025-01"),
        found("b", "a", split=Split.TEST),
        found("c", "c"),
    )
    assert [(item.split, item.month) for item in items] == [
        (Split.TEST, "2025-01"),
        (split_of("c" * 64), "2026-11"),
    ]


def test_a_near_duplicate_of_a_known_picture_joins_its_split() -> None:
    train = next(one for one in "0123456789abcdef" if split_of(one * 64) is Split.TRAIN)
    one = found("a", train)
    near = Found(one.entry, replace(one.facts, phash=0b111, width=64, height=64))
    known = Known(
        phashes=np.array([0], np.uint64), phash_groups=("g",), splits_by_group={"g": Split.TEST}
    )
    assert merged(near, known=known)[0][0].split is Split.TEST
    assert merged(near)[0][0].split is Split.TRAIN


def looking_like(chance: random.Random, scenes: list[int]) -> int | None:
    """None, or the hash of one of a few scenes with some bits changed."""
    if chance.random() < 0.2:
        return None
    phash = chance.choice(scenes)
    for bit in chance.sample(range(64), chance.randrange(8)):
        phash ^= 1 << bit
    return phash


def test_what_decides_about_some_files_is_enough_to_decide(tmp_path: Path) -> None:
    """Ids, groups, splits and problems are those that the whole catalog would give."""
    chance = random.Random(0)
    scenes = [chance.getrandbits(64) for _ in range(40)]
    catalog = Catalog(tmp_path / "catalog.lance")
    there = [
        item(
            n,
            id=sha(n)[:16] if n % 3 else f"given-{n}",
            group=sha(n) if n % 2 else f"group-{n % 20}",
            split=chance.choice(list(Split)),
            phash=looking_like(chance, scenes),
        )
        for n in range(120)
    ]
    catalog.upsert(there)
    whole, phashes = catalog.known(), catalog.phashes()
    read, tied, known_before, troubled = 0, 0, 0, 0
    for turn in range(40):
        files = []
        for at in range(chance.randrange(1, 5)):
            n = chance.choice([chance.randrange(120), 1000 + turn * 10 + at])
            said: dict[str, object] = {}
            if chance.random() < 0.3:
                said["group"] = f"group-{chance.randrange(25)}"
            if chance.random() < 0.3:
                said["id"] = f"given-{chance.randrange(120)}"
            facts = Facts(sha(n), Kind.IMAGE, 10, phash=looking_like(chance, scenes))
            files.append(Found(Entry(f"{at}.png", **said), facts))
        part = catalog.known(about(files, phashes))
        decided = merged(*files, known=part, held=catalog.get)
        assert decided == merged(*files, known=whole, held=catalog.get)
        read = max(read, len(part.ids))
        tied += bool(part.phashes.size)
        known_before += any(one.facts.sha256 in part.ids_by_sha256 for one in files)
        troubled += bool(decided[1])
    assert read < 60, "most of the catalog was not read"
    assert min(tied, known_before, troubled) > 5


def test_nothing_decides_about_no_files(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.lance")
    assert catalog.phashes().tolist() == []
    assert catalog.known(about([found("a", "a")], catalog.phashes())).ids == Known().ids
    catalog.upsert([item(1, phash=2**63 + 1), item(2, phash=7), item(3), item(4, phash=7)])
    assert catalog.phashes().tolist() == [7, 2**63 + 1]
    assert catalog.known(About()).ids == frozenset()
    assert about([], catalog.phashes()) == About()
    alike = catalog.known(About(phashes=frozenset({2**63 + 1})))
    assert alike.splits_by_group == {"group-1": Split.TRAIN}
