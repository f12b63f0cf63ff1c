"""Uploads: what is acknowledged is kept, indexed and read like any other; the rest is named."""

from __future__ import annotations

import dataclasses
import hashlib
import threading

import pytest

from scrubjay.core.errors import BadMedia, Conflict, Damaged, UnknownItem
from scrubjay.core.protocols import silent
from scrubjay.core.types import Kind, Modality, Split
from scrubjay.retrain.forgetting.forget import forget, purge
from scrubjay.retrain.serving import publish, upgrade
from scrubjay.retrain.source import snapshot_source
from scrubjay.search.drop import Drop
from scrubjay.search.drop import take as take_drop
from scrubjay.search.ingest import ingest
from scrubjay.search.items import find_item
from scrubjay.search.uploaded import MAX_CAPTION, Upload
from scrubjay.search.uploads import FORGOTTEN_MEANWHILE, NOTHING_SERVES, finish_uploads
from scrubjay.store.uploads import upload_uri, uploaded_sha256
from tests.search.uploading import (
    MONTH,
    PAIR,
    Registered,
    add_version,
    killed,
    make_home,
    open_at,
    png,
    take,
    target_of,
    wav,
)


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


def generation_of(home):
    return home.generations.open(home.registry.champion().generation)


def check_whole(home, upload):
    """The item is catalogued, its bytes are kept and readable, and a search finds it."""
    sha256 = hashlib.sha256(upload.data).hexdigest()
    item = home.catalog.get(home.catalog.known().ids_by_sha256[sha256])
    assert home.media.read(sha256) == upload.data
    assert home.reader([item.id])(item.uri) == upload.data
    assert generation_of(home).embedded()[item.id] == sha256
    vector = generation_of(home).vectors(item.id)[0]
    assert generation_of(home).search(vector, 1)[0].id == item.id
    return item


def check_absent(home, upload):
    sha256 = hashlib.sha256(upload.data).hexdigest()
    assert sha256 not in home.catalog.known().ids_by_sha256
    assert not home.media.has(sha256)
    assert sha256[:16] not in generation_of(home).embedded()


def test_what_is_taken_is_kept_catalogued_and_found(home):
    done = take(home, *PAIR)
    assert [(one.name, one.state, one.why_not_indexed) for one in done.taken] == [
        ("a.png", "added", None),
        ("b.wav", "added", None),
    ]
    assert done.refused == ()
    assert done.version == home.registry.champion().version
    picture, sound = (check_whole(home, one) for one in PAIR)
    assert picture.uri == upload_uri(picture.sha256, "a.png")
    assert uploaded_sha256(picture.uri) == picture.sha256
    assert (picture.captions, picture.attributes) == (("a first one",), {"price": 3})
    assert (picture.width, picture.height, picture.month) == (40, 30, MONTH)
    assert (sound.kind, sound.tags, sound.language) == (Kind.SPEECH, ("tone",), "en")
    assert sound.duration_s == pytest.approx(0.5)
    assert home.uploads.left() == []
    assert not list((home.path / "uploads").iterdir())


def test_what_cannot_be_used_is_refused_by_name_and_the_rest_is_kept(home):
    cut = png(5)[:200]
    bad = [
        Upload("cut.png", cut),
        Upload("empty.png", b""),
        Upload("notes.txt", b"just words"),
        Upload("novel.png", png(6), captions=("x" * (MAX_CAPTION + 1),)),
        Upload("soon.png", png(7), month="soon"),
        Upload("a/b.png", png(8)),
        Upload("clash.png", png(9), attributes={"price": "cheap"}),
        Upload("nul.png", png(10), captions=("a\x00b",)),
        Upload("silent.wav", wav(0)),
    ]
    done = take(home, PAIR[0], *bad, PAIR[1])
    assert [one.name for one in done.taken] == ["a.png", "b.wav"]
    reasons = {one.path: one.reason for one in done.refused}
    assert sorted(reasons) == sorted(one.name for one in bad)
    assert "truncated" in reasons["cut.png"]
    assert reasons["empty.png"] == "empty file"
    assert "neither a picture nor a recording" in reasons["notes.txt"]
    assert f"more than {MAX_CAPTION}" in reasons["novel.png"]
    assert "write it like 2026-11" in reasons["soon.png"]
    assert "no slash" in reasons["a/b.png"]
    assert "'price' holds int64" in reasons["clash.png"]
    assert "NUL" in reasons["nul.png"]
    for one in PAIR:
        check_whole(home, one)
    assert home.catalog.count() == 2
    assert len(home.media.kept()) == 2, "bytes of what is refused are not kept"


def test_all_refused_changes_nothing(home):
    done = take(home, Upload("a.png", b"no"), Upload("b.png", b""))
    assert (done.taken, len(done.refused)) == ((), 2)
    assert home.catalog.count() == 0
    assert not home.media.folder.exists()


def test_the_same_bytes_again_add_what_is_newly_said_and_take_nothing_away(home):
    first = Upload("a.png", png(1), captions=("one",), tags=("x",), attributes={"price": 3})
    take(home, first)
    again = take(home, dataclasses.replace(first, captions=(), tags=(), attributes={}))
    assert [one.state for one in again.taken] == ["unchanged"]
    more = take(home, Upload("other.png", png(1), captions=("two",), language="de"))
    assert [one.state for one in more.taken] == ["updated"]
    (item,) = home.catalog.items()
    assert item.captions == ("one", "two")
    assert (item.tags, item.language, item.attributes) == (("x",), "de", {"price": 3})
    assert [uri.rpartition("/")[2] for uri in item.uris] == ["a.png", "other.png"]
    assert generation_of(home).count() == 1


def test_one_file_twice_in_one_upload_is_one_item_with_all_that_is_said(home):
    done = take(
        home,
        Upload("a.png", png(1), captions=("one",)),
        Upload("a.png", png(1), captions=("two",)),
        Upload("c.png", png(1)),
    )
    assert len({one.item.id for one in done.taken}) == 1
    (item,) = home.catalog.items()
    assert item.captions == ("one", "two")


def test_bytes_that_a_folder_brought_gain_a_name_and_keep_group_and_split(home, tmp_path):
    path = tmp_path / "red.png"
    path.write_bytes(png(1))
    take(home, PAIR[0])
    (made,) = home.catalog.items()
    theirs = dataclasses.replace(
        made, id="red", uris=(str(path),), group="g", split=Split.VAL, month="2025-01"
    )
    home.catalog.delete([made.id])
    home.catalog.upsert([theirs])
    done = take(home, PAIR[0])
    (item,) = home.catalog.items()
    assert (item.id, item.group, item.split, item.month) == ("red", "g", Split.VAL, "2025-01")
    assert item.uris == (str(path), made.uri)
    path.unlink()
    assert home.originals.path(item).read_bytes() == PAIR[0].data
    assert done.taken[0].item == item


def test_what_was_forgotten_is_not_taken_again_until_it_is_allowed(home):
    take(home, PAIR[0])
    (item,) = home.catalog.items()
    forget(home, [item.id])
    check_absent(home, PAIR[0])
    again = take(home, *PAIR)
    assert [one.name for one in again.taken] == ["b.wav"]
    assert "forgotten on request" in again.refused[0].reason
    assert not home.media.has(item.sha256)
    home.forgotten.allow([item.id])
    assert take(home, PAIR[0]).refused == ()


def test_an_item_forgotten_while_it_is_taken_in_is_not_acknowledged(home):
    sha256 = hashlib.sha256(PAIR[0].data).hexdigest()

    def open_target(champion):
        purge(home, [sha256[:16]])
        return target_of(home)(champion)

    done = take(home, *PAIR, open_target=open_target)
    assert [one.name for one in done.taken] == ["b.wav"]
    assert [(one.path, one.reason) for one in done.refused] == [("a.png", FORGOTTEN_MEANWHILE)]
    check_absent(home, PAIR[0])


def test_trained_and_evaluated_on_like_any_other(home):
    take(home, *PAIR)
    source = snapshot_source(home)
    assert {item.sha256 for item in source.items} == {
        hashlib.sha256(one.data).hexdigest() for one in PAIR
    }
    read = home.reader()
    assert sorted(read(item.uri) for item in source.items) == sorted(one.data for one in PAIR)
    held = source.items[0].id
    home.held.hold(run="r", month=MONTH, reason="why", ids=[held])
    assert held not in {item.id for item in snapshot_source(home).items}


def test_without_a_champion_the_first_one_indexes_it(tmp_path):
    home = open_at(tmp_path)
    done = take(home, *PAIR)
    assert [one.why_not_indexed for one in done.taken] == [NOTHING_SERVES] * 2
    assert done.version is None
    assert home.catalog.count() == 2


def test_a_version_published_meanwhile_has_it_too(home):
    new = add_version(home, 1)

    def open_target(champion):
        target = target_of(home)(champion)
        if champion != new:
            publish(home, new)
        return target

    done = take(home, *PAIR, open_target=open_target)
    assert done.version == new.version
    for one in PAIR:
        check_whole(home, one)


def test_a_generation_removed_meanwhile_is_no_loss(home):
    old, new = home.registry.champion(), add_version(home, 1)

    def open_target(champion):
        target = target_of(home)(champion)
        if champion != new:
            publish(home, new)
            home.generations.remove(old.generation)
        return target

    done = take(home, *PAIR, open_target=open_target)
    assert (done.version, [one.why_not_indexed for one in done.taken]) == (new.version, [None] * 2)
    for one in PAIR:
        check_whole(home, one)


def test_an_upload_that_fails_is_finished_by_the_next(home):
    def open_target(champion):
        raise Damaged("the disk is broken")

    with pytest.raises(Damaged):
        take(home, *PAIR, open_target=open_target)
    assert home.catalog.count() == 2
    assert generation_of(home).count() == 0
    take(home, Upload("c.png", png(3)))
    for one in PAIR:
        check_whole(home, one)
    assert not list((home.path / "uploads").iterdir())


POINTS = [
    ("upload.before_create", 1),
    ("upload.after_create", 1),
    ("media.before_create", 1),
    ("media.after_create", 1),
    ("media.before_create", 2),
    ("media.after_create", 2),
    ("catalog.before_commit", 3),
    ("catalog.after_commit", 3),
    ("ingest.before_add", 1),
    ("generation.before_commit", 1),
    ("generation.after_commit", 1),
    ("ingest.after_add", 1),
    ("upload.before_finish", 1),
    ("upload.after_finish", 1),
]
CATALOGUED = POINTS.index(("catalog.after_commit", 3))


@pytest.mark.slow
@pytest.mark.parametrize("at", range(len(POINTS)), ids=lambda at: "{}-{}".format(*POINTS[at]))
def test_killed_anywhere_an_upload_is_whole_or_absent(home, tmp_path, at):
    assert killed(tmp_path, *POINTS[at])
    after = open_at(tmp_path)
    finish_uploads(after, target_of(after))
    for one in PAIR:
        (check_whole if at >= CATALOGUED else check_absent)(after, one)
    assert not list(after.media.folder.glob(".*.part")) or at < CATALOGUED
    take(after, *PAIR)
    for one in PAIR:
        check_whole(after, one)


def test_an_upload_under_way_is_not_swept_by_another(home):
    began, go_on = threading.Event(), threading.Event()

    def open_target(champion):
        began.set()
        assert go_on.wait(30)
        return target_of(home)(champion)

    slow = threading.Thread(target=take, args=(home, PAIR[0]), kwargs={"open_target": open_target})
    slow.start()
    assert began.wait(30)
    take(home, PAIR[1])
    check_whole(home, PAIR[1])
    assert home.media.has(hashlib.sha256(PAIR[0].data).hexdigest())
    go_on.set()
    slow.join()
    check_whole(home, PAIR[0])


def test_uploads_side_by_side_are_all_there(home):
    uploads = [Upload(f"{n}.png", png(n), captions=(f"number {n}",)) for n in range(6)]
    threads = [threading.Thread(target=take, args=(home, one)) for one in uploads]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    for one in uploads:
        check_whole(home, one)
    assert home.catalog.count() == generation_of(home).count() == 6


def test_nobody_removes_items_while_uploads_are_taken_in(home, monkeypatch):
    monkeypatch.setattr("scrubjay.store.durable.LOCK_WAIT_S", 0.1)
    take(home, PAIR[0])
    (item,) = home.catalog.items()
    monkeypatch.setattr("scrubjay.store.uploads.locked", short_wait)
    with home.uploads.taking(), pytest.raises(Conflict, match="removing items"):
        purge(home, [item.id])
    assert home.catalog.get(item.id) is not None


def short_wait(path, doing):
    from scrubjay.store.durable import locked

    return locked(path, doing, wait_s=0.1)


def drop_without(home, item, source):
    return Drop(
        source=source,
        month=MONTH,
        added=(),
        changed=(),
        gone=(item.id,),
        renamed=0,
        unchanged=0,
        problems=(),
        new_problems=(),
        looked_at=0,
        fetched_bytes=0,
        layout="tree",
        ignored=0,
        unnamed=(item.uris[0],),
    )


def test_what_left_its_source_and_was_uploaded_meanwhile_stays(home, tmp_path):
    """A month found it gone; before it acted on that, somebody uploaded the same picture."""
    folder = tmp_path / "media"
    folder.mkdir()
    take(home, PAIR[0], PAIR[1])
    uploaded, other = sorted(home.catalog.items(), key=lambda one: one.uri.endswith("wav"))
    home.catalog.delete([uploaded.id, other.id])
    for item in (uploaded, other):
        home.catalog.upsert([dataclasses.replace(item, uris=(str(folder / item.id),))])
    gone = [home.catalog.get(item.id) for item in (uploaded, other)]
    take(home, PAIR[0])
    for item in gone:
        drop = drop_without(home, item, str(folder))
        purge(home, drop.gone, gone_from=drop.source)
        take_drop(home, drop)
    check_whole(home, PAIR[0])
    assert home.catalog.get(other.id) is None


def test_uploads_between_embedding_and_publishing_are_indexed_after(home, monkeypatch):
    """As `champion set` and the month's last step do it."""
    take(home, PAIR[0])
    new = add_version(home, 1)
    for one in home.catalog.items():
        target = target_of(home)(new)
        ingest([one], target.generation, target.encoder, read=home.reader())
    take(home, PAIR[1])  # into what still serves
    publish(home, new)
    monkeypatch.setattr(
        "scrubjay.retrain.serving.load_version",
        lambda folder, *, version="", threads=0: Registered(version),
    )
    upgrade(home, new.version, limit=0, progress=silent)
    for one in PAIR:
        check_whole(home, one)


def test_a_look_at_one_item_hides_what_is_to_be_forgotten(home):
    take(home, *PAIR)
    first, second = home.catalog.items()
    home.forgotten.add([first.id], [first.sha256], version=None)
    with pytest.raises(UnknownItem, match=first.id):
        find_item(home, first.id)
    assert find_item(home, second.id) == second
    for wrong in ("nobody", "\udcff", ""):
        with pytest.raises(UnknownItem):
            find_item(home, wrong)


def test_what_others_see_is_the_modality_of_the_upload(home):
    take(home, *PAIR)
    spans = {
        item.kind: [one.modality for one in generation_of(home).spans(item.id)]
        for item in home.catalog.items()
    }
    assert spans == {Kind.IMAGE: [Modality.IMAGE], Kind.SPEECH: [Modality.SPEECH]}


def test_bytes_that_are_gone_are_said_to_be(home):
    take(home, PAIR[0])
    (item,) = home.catalog.items()
    home.media.remove([item.sha256])
    with pytest.raises(BadMedia, match="not among the media"):
        home.originals.path(item)
