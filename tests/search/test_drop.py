"""What a look finds of a source and what taking it does, for a bucket and for a folder alike."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pytest

from scrubjay.core.config import Settings
from scrubjay.core.errors import NotReady, WrongUse
from scrubjay.core.known import FORGOTTEN
from scrubjay.core.types import Item, Kind, Split
from scrubjay.media.layout import Problem
from scrubjay.search.drop import Drop, look, preview, take
from scrubjay.store.home import Home
from tests.bucket import ObjectStore
from tests.search.test_scan import png, wav


@dataclass
class Place:
    """A source that a test fills as its owner would."""

    url: str
    folder: Path | None = None
    s3: ObjectStore | None = None

    def put(self, name: str, data: bytes | str) -> None:
        data = data.encode() if isinstance(data, str) else data
        if self.s3 is not None:
            self.s3.put(f"drops/{name}", data)
            return
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def delete(self, name: str) -> None:
        if self.s3 is not None:
            self.s3.delete(f"drops/{name}")
        else:
            (self.folder / name).unlink()

    def uri(self, name: str) -> str:
        return f"{self.url}/{name}"


@pytest.fixture
def bucket(s3) -> Place:
    return Place(s3.url("drops"), s3=s3)


@pytest.fixture
def folder(tmp_path) -> Place:
    (tmp_path / "drops").mkdir()
    return Place(str((tmp_path / "drops").resolve()), folder=tmp_path / "drops")


@pytest.fixture(params=["bucket", "folder"])
def place(request) -> Place:
    return request.getfixturevalue(request.param)


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(Settings(home=tmp_path / "home", threads=2))


def taken(home: Home, place: Place, month: str = "2026-11", **options: object) -> Drop:
    drop = look(home, place.url, month=month, **options)
    take(home, Drop.from_json(json.loads(json.dumps(drop.to_json()))))
    return drop


def uris(home: Home) -> dict[str, str]:
    """Address -> id."""
    return {uri: item.id for item in home.catalog.items() for uri in item.uris}


def manifest(**captions: str) -> str:
    rows = [{"image": f"{name}.png", "caption": text} for name, text in captions.items()]
    return "".join(json.dumps(row) + "\n" for row in rows)


def counts(drop: Drop) -> tuple[int, int, int, int, int]:
    return len(drop.added), len(drop.changed), len(drop.gone), drop.renamed, drop.unchanged


def test_a_first_look_adds_everything_and_writes_nothing_to_the_catalog(home, place) -> None:
    place.put("a.png", png(0))
    place.put("b/ü 1.wav", wav(440))
    place.put("notes.txt", "nothing")
    drop = look(home, place.url, month="2026-11")
    assert counts(drop) == (2, 0, 0, 0, 0)
    assert (drop.source, drop.layout, drop.ignored) == (place.url, "tree", 1)
    assert drop.looked_at == 2
    assert home.catalog.count() == 0
    assert take(home, drop).added == 2
    assert uris(home).keys() == {place.uri("a.png"), place.uri("b/ü 1.wav")}


def test_items_are_read_back_by_the_homes_reader(home, place) -> None:
    place.put("a.png", png(0))
    taken(home, place)
    assert home.reader()(place.uri("a.png")) == png(0)


def test_a_second_look_finds_nothing_and_opens_nothing(home, place) -> None:
    for seed in range(3):
        place.put(f"{seed}.png", png(seed))
    place.put("manifest.jsonl", manifest(**{str(seed): f"scene {seed}" for seed in range(3)}))
    taken(home, place)
    if place.s3:
        place.s3.proxy.asked.clear()
    again = taken(home, place, "2026-12")
    assert counts(again) == (0, 0, 0, 0, 3)
    assert (again.problems, again.looked_at) == ((), 0)
    if place.s3:
        assert again.fetched_bytes == 0
        assert place.s3.proxy.bodies() == []


def test_only_new_and_changed_objects_travel(home, bucket) -> None:
    for seed in range(4):
        bucket.put(f"{seed}.png", png(seed))
    taken(home, bucket)
    bucket.put("1.png", png(11))
    bucket.put("4.png", png(4))
    bucket.s3.proxy.asked.clear()
    drop = taken(home, bucket, "2026-12")
    names = sorted(path.rpartition("/")[2] for path in bucket.s3.proxy.bodies())
    assert names == ["1.png", "4.png"]
    assert drop.fetched_bytes == len(png(11)) + len(png(4))
    assert drop.looked_at == 2


def test_unchanged_files_of_a_folder_are_not_decoded_again(home, folder, monkeypatch) -> None:
    for seed in range(3):
        folder.put(f"{seed}.png", png(seed))
    taken(home, folder)
    folder.put("3.png", png(3))
    opened = []
    from scrubjay.search import visit

    real = visit.examine

    def examine(data, *limits):
        opened.append(data)
        return real(data, *limits)

    monkeypatch.setattr(visit, "examine", examine)
    taken(home, folder, "2026-12")
    assert opened == [png(3)]


def test_a_file_of_a_folder_is_not_copied_into_the_home(home, folder) -> None:
    folder.put("a.png", png(0))
    taken(home, folder)
    assert home.media.kept() == frozenset()


def test_new_bytes_under_an_old_name_are_another_item(home, place) -> None:
    place.put("a.png", png(0))
    place.put("b.png", png(1))
    taken(home, place)
    before = uris(home)
    place.put("a.png", png(2))
    drop = taken(home, place, "2026-12")
    assert counts(drop) == (1, 0, 1, 0, 1)
    assert drop.gone == (before[place.uri("a.png")],)
    assert uris(home).keys() == before.keys()
    assert home.reader()(place.uri("a.png")) == png(2)


def test_new_bytes_of_an_item_with_an_id_change_it_and_keep_its_month(home, place) -> None:
    rows = json.dumps({"id": "shoe", "image": "a.png", "caption": "a shoe"}) + "\n"
    place.put("manifest.jsonl", rows)
    place.put("a.png", png(0))
    taken(home, place)
    place.put("a.png", png(1))
    drop = taken(home, place, "2026-12")
    assert counts(drop) == (0, 1, 0, 0, 0)
    [item] = home.catalog.items()
    assert (item.id, item.month) == ("shoe", "2026-11")
    assert home.reader()(item.uri) == png(1)
    assert counts(taken(home, place, "2027-01")) == (0, 0, 0, 0, 1)


def test_new_words_for_an_old_picture_change_the_item_and_only_the_manifest_travels(
    home, place
) -> None:
    place.put("a.png", png(0))
    place.put("manifest.jsonl", manifest(a="a shoe"))
    taken(home, place)
    words = manifest(a="a red shoe")
    place.put("manifest.jsonl", words)
    drop = taken(home, place, "2026-12")
    assert counts(drop) == (0, 1, 0, 0, 0)
    assert [item.captions for item in home.catalog.items()] == [("a red shoe",)]
    assert drop.fetched_bytes == len(words)
    assert drop.looked_at == 0


def test_a_renamed_object_is_the_same_item_with_another_address(home, place) -> None:
    place.put("a.png", png(0))
    place.put("b.png", png(1))
    taken(home, place)
    before = uris(home)
    place.delete("a.png")
    place.put("c/a.png", png(0))
    if place.s3:
        place.s3.proxy.asked.clear()
    drop = taken(home, place, "2026-12")
    assert counts(drop) == (0, 0, 0, 1, 1)
    assert drop.looked_at == 0
    assert uris(home) == {
        place.uri("b.png"): before[place.uri("b.png")],
        place.uri("c/a.png"): before[place.uri("a.png")],
    }
    assert home.reader()(place.uri("c/a.png")) == png(0)
    if place.s3:
        assert place.s3.proxy.bodies() == []
    assert counts(taken(home, place, "2027-01")) == (0, 0, 0, 0, 2)


def test_a_copy_gives_an_item_a_second_address_and_its_deletion_takes_it_away(home, place) -> None:
    place.put("a.png", png(0))
    taken(home, place)
    place.put("copy.png", png(0))
    assert counts(taken(home, place, "2026-12")) == (0, 0, 0, 1, 0)
    [item] = home.catalog.items()
    assert item.uris == (place.uri("a.png"), place.uri("copy.png"))
    place.delete("a.png")
    assert counts(taken(home, place, "2027-01")) == (0, 0, 0, 1, 0)
    [item] = home.catalog.items()
    assert item.uris == (place.uri("copy.png"),)


def test_two_objects_that_exchange_their_names_stay_who_they_are(home, place) -> None:
    place.put("a.png", png(0))
    place.put("b.png", png(1))
    place.put("c.png", png(2))
    taken(home, place)
    before = uris(home)
    place.put("a.png", png(1))
    place.put("b.png", png(0))
    assert counts(taken(home, place, "2026-12")) == (0, 0, 0, 2, 1)
    after = uris(home)
    assert after[place.uri("a.png")] == before[place.uri("b.png")]
    assert after[place.uri("b.png")] == before[place.uri("a.png")]


def test_a_deleted_object_leaves_the_catalog_and_its_bytes_the_home(home, place) -> None:
    for seed in range(3):
        place.put(f"{seed}.png", png(seed))
    taken(home, place)
    gone = uris(home)[place.uri("1.png")]
    place.delete("1.png")
    drop = taken(home, place, "2026-12")
    assert drop.gone == (gone,)
    assert counts(drop) == (0, 0, 1, 0, 2)
    assert home.catalog.get(gone) is None
    if place.s3:
        assert len(home.media.kept()) == 2


def test_an_item_that_is_elsewhere_too_only_loses_its_address(home, folder, bucket) -> None:
    folder.put("a.png", png(0))
    folder.put("b.png", png(1))
    bucket.put("a.png", png(0))
    bucket.put("c.png", png(2))
    taken(home, folder)
    taken(home, bucket)
    assert set(next(home.catalog.items(ids=[uris(home)[folder.uri("a.png")]])).uris) == {
        folder.uri("a.png"),
        bucket.uri("a.png"),
    }
    bucket.delete("a.png")
    drop = taken(home, bucket, "2026-12")
    assert counts(drop) == (0, 0, 0, 1, 1)
    assert uris(home).keys() == {folder.uri("a.png"), folder.uri("b.png"), bucket.uri("c.png")}


def test_too_many_gone_at_once_are_refused_until_they_are_allowed(home, place) -> None:
    for seed in range(4):
        place.put(f"{seed}.png", png(seed))
    taken(home, place)
    for seed in range(3):
        place.delete(f"{seed}.png")
    with pytest.raises(NotReady, match=r"3 of 4 known items .* data\.max_gone=1"):
        look(home, place.url, month="2026-12")
    assert home.catalog.count() == 4
    assert counts(taken(home, place, "2026-12", max_gone=1.0)) == (0, 0, 3, 0, 1)


def test_everything_deleted_can_be_allowed_too(home, place) -> None:
    place.put("a.png", png(0))
    taken(home, place)
    place.delete("a.png")
    with pytest.raises(NotReady, match="1 of 1 known items"):
        look(home, place.url, month="2026-12")
    assert counts(taken(home, place, "2026-12", max_gone=1.0)) == (0, 0, 1, 0, 0)
    assert home.catalog.count() == 0


def test_renaming_everything_is_no_loss(home, place) -> None:
    for seed in range(4):
        place.put(f"{seed}.png", png(seed))
    taken(home, place)
    for seed in range(4):
        place.delete(f"{seed}.png")
        place.put(f"2026/{seed}.png", png(seed))
    assert counts(taken(home, place, "2026-12")) == (0, 0, 0, 4, 0)


def test_an_object_a_listing_hides_is_not_gone(home, bucket) -> None:
    for seed in range(3):
        bucket.put(f"{seed}.png", png(seed))
    bucket.put("manifest.jsonl", manifest(**{str(seed): f"scene {seed}" for seed in range(3)}))
    taken(home, bucket)
    bucket.s3.proxy.hide("drops/0.png", "drops/1.png", "drops/manifest.jsonl")
    assert counts(taken(home, bucket, "2026-12")) == (0, 0, 0, 0, 3)


def test_an_object_a_listing_hides_while_it_is_new_joins_a_later_look(home, bucket) -> None:
    bucket.put("0.png", png(0))
    bucket.put("1.png", png(1))
    bucket.s3.proxy.hide("drops/1.png")
    assert counts(taken(home, bucket)) == (1, 0, 0, 0, 0)
    bucket.s3.proxy.mend()
    assert counts(taken(home, bucket, "2026-12")) == (1, 0, 0, 0, 1)


def test_what_arrives_during_a_look_joins_the_next(home, place, monkeypatch) -> None:
    place.put("0.png", png(0))
    listed = []

    def arriving(what: str, done: int, total: int | None) -> None:
        if what == "looking at files" and not listed:
            place.put("1.png", png(1))
            listed.append(done)

    drop = look(home, place.url, month="2026-11", progress=arriving)
    assert listed
    take(home, drop)
    assert uris(home).keys() == {place.uri("0.png")}
    assert counts(taken(home, place, "2026-12")) == (1, 0, 0, 0, 1)


def test_an_object_replaced_after_the_listing_is_what_it_is_when_it_is_read(home, bucket) -> None:
    from scrubjay.search import drop as module

    bucket.put("0.png", png(0))
    bucket.put("1.png", png(1))
    real = module._listing

    def listing(*args):
        found = real(*args)
        bucket.put("1.png", png(7))
        bucket.delete("0.png")
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_listing", listing)
        drop = taken(home, bucket)
    assert counts(drop) == (1, 0, 0, 0, 0)
    assert (drop.problems, drop.new_problems) == ((), ())
    assert home.reader()(bucket.uri("1.png")) == png(7)
    assert counts(taken(home, bucket, "2026-12")) == (0, 0, 0, 0, 1)


def test_a_store_that_stumbles_changes_nothing_about_the_result(home, bucket) -> None:
    for seed in range(6):
        bucket.put(f"{seed}.png", png(seed))
    bucket.s3.proxy.fail("list-type", times=2)
    bucket.s3.proxy.fail("1.png", times=2)
    bucket.s3.proxy.cut("2.png", times=1)
    bucket.s3.proxy.shorten("3.png", times=1)
    drop = taken(home, bucket)
    assert counts(drop) == (6, 0, 0, 0, 0)
    assert drop.problems == ()
    for seed in range(6):
        assert home.reader()(bucket.uri(f"{seed}.png")) == png(seed)


def test_a_store_that_fails_ends_the_look_and_nothing_is_fetched_twice(home, bucket) -> None:
    for seed in range(8):
        bucket.put(f"{seed}.png", png(seed))
    bucket.s3.proxy.fail("7.png", status=403)
    with pytest.raises(NotReady, match=r"7\.png"):
        look(home, bucket.url, month="2026-11")
    assert home.catalog.count() == 0
    bucket.s3.proxy.mend()
    bucket.s3.proxy.asked.clear()
    assert counts(taken(home, bucket)) == (8, 0, 0, 0, 0)
    assert len(bucket.s3.proxy.bodies()) < 8
    assert any(path.endswith("/7.png") for path in bucket.s3.proxy.bodies())


def test_damaged_objects_are_set_aside_once_and_not_fetched_again(home, place) -> None:
    place.put("good.png", png(0))
    place.put("bad.png", png(1)[:200])
    place.put("empty.png", b"")
    drop = taken(home, place)
    assert {one.path for one in drop.new_problems} == {"bad.png", "empty.png"}
    assert drop.problems == drop.new_problems
    assert drop.looked_at == 3
    assert {one.path for one in home.quarantine.all(root=place.url)} == {"bad.png", "empty.png"}
    if place.s3:
        place.s3.proxy.asked.clear()
    again = taken(home, place, "2026-12")
    assert again.problems == drop.problems
    assert (again.new_problems, again.looked_at) == ((), 0)
    if place.s3:
        assert place.s3.proxy.bodies() == []
    place.put("bad.png", png(1))
    mended = taken(home, place, "2027-01")
    assert counts(mended) == (1, 0, 0, 0, 1)
    assert {one.path for one in home.quarantine.all(root=place.url)} == {"empty.png"}


def test_an_item_whose_object_is_damaged_later_keeps_what_it_had(home, bucket) -> None:
    bucket.put("a.png", png(0))
    bucket.put("b.png", png(1))
    taken(home, bucket)
    bucket.put("a.png", b"no picture")
    drop = taken(home, bucket, "2026-12")
    assert counts(drop) == (0, 0, 0, 0, 2)
    assert [one.path for one in drop.new_problems] == ["a.png"]
    assert home.reader()(bucket.uri("a.png")) == png(0)


def test_an_item_that_was_not_let_in_is_not_offered_again_until_it_changes(home, place) -> None:
    place.put("a.png", png(0))
    place.put("b.png", png(1))
    place.put("manifest.jsonl", manifest(a="a shoe", b=""))
    drop = look(home, place.url, month="2026-11")
    [bare] = [item for item in drop.added if item.uri == place.uri("b.png")]
    why = (Problem(bare.uri, "no description"),)
    for _ in range(2):  # the same call again changes nothing
        take(home, drop, without={bare.id}, refused=why)
        assert uris(home).keys() == {place.uri("a.png")}
        assert [(one.path, one.reason) for one in home.quarantine.all(root=place.url)] == [
            ("b.png", "no description")
        ]
    again = taken(home, place, "2026-12")
    assert counts(again) == (0, 0, 0, 0, 1)
    assert again.problems == (Problem("b.png", "no description"),)
    assert again.new_problems == ()
    place.put("manifest.jsonl", manifest(a="a shoe", b="a boot"))
    if place.s3:
        place.s3.proxy.asked.clear()
    mended = taken(home, place, "2027-01")
    assert [item.captions for item in mended.added] == [("a boot",)]
    assert home.reader()(place.uri("b.png")) == png(1)
    if place.s3:
        assert [path.rpartition("/")[2] for path in place.s3.proxy.bodies()] == ["manifest.jsonl"]


def test_what_was_forgotten_is_not_taken_not_kept_and_not_bad(home, bucket) -> None:
    bucket.put("a.png", png(0))
    bucket.put("b.png", png(1))
    taken(home, bucket)
    forgotten = home.catalog.get(uris(home)[bucket.uri("a.png")])
    home.forgotten.add([forgotten.id], [forgotten.sha256], version=None)
    home.catalog.delete([forgotten.id])
    home.media.remove([forgotten.sha256])
    bucket.put("again.png", png(0))
    drop = taken(home, bucket, "2026-12")
    assert counts(drop) == (0, 0, 0, 0, 1)
    assert {one.path for one in drop.problems} == {"a.png", "again.png"}
    assert all(one.reason.startswith(FORGOTTEN) for one in drop.problems)
    assert (drop.new_problems, drop.looked_at) == ((), 0)
    assert not home.media.has(forgotten.sha256)


def test_after_forgetting_neither_words_nor_names_are_in_the_sources_records(home, bucket) -> None:
    bucket.put("summer-with-anna.png", png(0))
    bucket.put("b.png", png(1))
    words = {"summer-with-anna": "anna laughing at the lake", "b": "a boot"}
    bucket.put("manifest.jsonl", manifest(**words))
    taken(home, bucket)
    forgotten = home.catalog.get(uris(home)[bucket.uri("summer-with-anna.png")])
    home.forgotten.add([forgotten.id], [forgotten.sha256], version=None)
    home.catalog.delete([forgotten.id])
    home.media.remove([forgotten.sha256])
    home.sources.drop_words()
    taken(home, bucket, "2026-12")
    kept = [path for path in home.sources.folder.rglob("*") if path.is_file()]
    assert kept
    for path in kept:
        assert b"anna" not in path.read_bytes(), path


def test_a_file_without_a_medias_name_is_looked_into_once(home, bucket) -> None:
    bucket.put("picture", png(0))
    bucket.put("archive.zip", b"PK" + bytes(100_000))
    drop = taken(home, bucket)
    assert [item.uri for item in drop.added] == [bucket.uri("picture")]
    assert drop.ignored == 1
    sent = {one.path: one.body for one in bucket.s3.proxy.asked if one.method == "GET"}
    assert sent[f"/{bucket.s3.bucket}/drops/archive.zip"] < 10_000
    bucket.s3.proxy.asked.clear()
    assert counts(taken(home, bucket, "2026-12")) == (0, 0, 0, 0, 1)
    assert bucket.s3.proxy.bodies() == []


def test_too_large_an_object_does_not_travel_and_is_set_aside(tmp_path, bucket) -> None:
    from scrubjay.core.config import MediaLimits

    home = Home(Settings(home=tmp_path / "home", limits=MediaLimits(max_bytes=20_000)))
    bucket.put("small.png", png(0))
    bucket.put("large.png", png(1) + bytes(30_000))
    drop = taken(home, bucket)
    assert [(one.path, one.reason) for one in drop.new_problems] == [
        ("large.png", f"{len(png(1)) + 30_000} bytes, more than 20000")
    ]
    assert [path.rpartition("/")[2] for path in bucket.s3.proxy.bodies()] == ["small.png"]


def test_what_add_brought_from_a_folder_is_known_to_a_look(home, folder) -> None:
    from scrubjay.search.scan import scan_folder

    folder.put("a.png", png(0))
    scan = scan_folder(folder.folder, month="2026-10", threads=1)
    home.catalog.upsert(scan.items)
    folder.put("b.png", png(1))
    drop = taken(home, folder)
    assert counts(drop) == (1, 0, 0, 0, 1)
    assert drop.looked_at == 1


def test_a_preview_counts_objects_and_asks_for_none(home, place) -> None:
    for seed in range(4):
        place.put(f"{seed}.png", png(seed))
    seen = preview(home, place.url)
    assert (seen.new, seen.changed, seen.gone, seen.unchanged) == (4, 0, 0, 0)
    assert seen.bytes == sum(len(png(seed)) for seed in range(4))
    taken(home, place)
    place.delete("0.png")
    place.put("1.png", png(9) + b"x")
    place.put("4.png", png(4))
    if place.s3:
        place.s3.proxy.asked.clear()
    seen = preview(home, place.url)
    assert (seen.new, seen.changed, seen.gone, seen.unchanged) == (1, 1, 1, 2)
    assert seen.bytes == len(png(9)) + 1 + len(png(4))
    if place.s3:
        assert place.s3.proxy.bodies() == []


def test_a_source_with_nothing_in_it_is_wrong_use(home, place, tmp_path) -> None:
    with pytest.raises(WrongUse, match="holds no picture, recording or video"):
        look(home, place.url, month="2026-11")
    place.put("notes.txt", "nothing")
    with pytest.raises(WrongUse, match="1 other files"):
        look(home, place.url, month="2026-11")
    with pytest.raises(WrongUse, match="no folder"):
        look(home, str(tmp_path / "nowhere"), month="2026-11")
    with pytest.raises(WrongUse, match="not a month"):
        look(home, place.url, month="November")


def test_a_home_is_no_source_and_one_inside_a_source_is_passed_over(home, place) -> None:
    place.put("a.png", png(0))
    place.put("other/catalog.lance/x", b"1")
    place.put("other/media/b.png", png(1))
    assert [item.uri for item in look(home, place.url, month="2026-11").added] == [
        place.uri("a.png")
    ]
    place.put("catalog.lance/x", b"1")
    with pytest.raises(WrongUse, match="is a Scrubjay home"):
        look(home, place.url, month="2026-11")


def test_a_malformed_manifest_names_itself_and_changes_nothing(home, place) -> None:
    place.put("a.png", png(0))
    place.put("descriptions.json", '{"a.png":\n}')
    with pytest.raises(WrongUse, match=r"descriptions\.json"):
        look(home, place.url, month="2026-11")
    assert home.catalog.count() == 0


def test_a_drop_survives_json_whatever_its_items_say() -> None:
    item = Item(
        id="1",
        kind=Kind.IMAGE,
        uris=("s3://b/ü.png", "/c"),
        sha256="a" * 64,
        group="g",
        split=Split.VAL,
        month="2026-11",
        size=3,
        captions=("é",),
        language="fr",
        tags=("x",),
        attributes={
            "price": 3,
            "weight": 1.5,
            "sold": True,
            "on": date(2026, 11, 1),
            "at": datetime(2026, 11, 1, 12, 30),
            "sizes": ("s", "m"),
            "name": "shoe",
        },
        phash=2**63 + 1,
        width=1,
        height=2,
    )
    drop = Drop(
        source="s3://b",
        month="2026-11",
        added=(item,),
        changed=(item,),
        gone=("2",),
        renamed=1,
        unchanged=4,
        problems=(Problem("a", "b"),),
        new_problems=(),
        looked_at=2,
        fetched_bytes=7,
        layout="tree",
        ignored=0,
        moved=(item,),
        unnamed=("s3://b/x",),
        look="t",
    )
    assert Drop.from_json(json.loads(json.dumps(drop.to_json()))) == drop
