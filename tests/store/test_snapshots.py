from datetime import UTC, datetime, timedelta

import pytest

from scrubjay.core.errors import Damaged, UnknownName
from scrubjay.store.snapshots import Listing, SnapshotFolder
from tests.store.killing import killed, run
from tests.store.made import names_in

LISTING = Listing("2026-11", ("a", "b"), ("1", "2"))


@pytest.fixture
def folder(tmp_path):
    return SnapshotFolder(tmp_path / "snapshots")


def test_the_same_listing_twice_writes_once(folder):
    first = folder.take(LISTING)
    path = folder.folder / f"{first.name}.parquet"
    written = path.stat().st_mtime_ns, path.stat().st_ino
    assert folder.take(LISTING) == first
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == written
    assert folder.read(first.name) == first


def test_names_follow_the_content_not_the_order_of_digits(folder):
    other = Listing("2026-11", ("a", "b1"), ("2", ""))
    glued = Listing("2026-11", ("a", "b"), ("1", "2 "))
    names = {folder.take(one).name for one in (LISTING, other, glued)}
    assert len(names) == 3


def test_two_contents_with_the_same_first_digits_get_names_of_their_own(folder, monkeypatch):
    first = folder.take(LISTING)
    twin = Listing("2026-11", ("c",), ("3",))
    short = first.name.removeprefix("2026-11-")
    made_up = short + "f" * 57
    monkeypatch.setattr(
        "scrubjay.store.snapshots._digest",
        lambda ids, _: made_up if ids == ("c",) else LISTING_DIGEST,
    )
    second = folder.take(twin)
    assert second.name == f"2026-11-{made_up[:8]}"
    assert folder.read(second.name).ids == ("c",)
    assert folder.read(first.name).ids == ("a", "b")
    assert folder.take(twin).name == second.name


LISTING_DIGEST = LISTING.digest


def test_a_clock_that_is_set_back_does_not_reorder_snapshots(folder, monkeypatch):
    times = [datetime(2026, 11, 2, tzinfo=UTC)]
    monkeypatch.setattr(
        "scrubjay.store.snapshots.datetime",
        type("Clock", (datetime,), {"now": classmethod(lambda _, __: times[0])}),
    )
    first = folder.take(LISTING)
    times[0] -= timedelta(days=1)
    second = folder.take(Listing("2026-11", ("c",), ("3",)))
    assert second.created >= first.created


def test_a_flipped_byte_is_found(folder):
    taken = folder.take(LISTING)
    path = folder.folder / f"{taken.name}.parquet"
    good = path.read_bytes()
    wrong = 0
    for place in range(0, len(good), 7):
        path.write_bytes(good[:place] + bytes([good[place] ^ 255]) + good[place + 1 :])
        try:
            same = folder.read(taken.name) == taken
        except Damaged as damaged:
            wrong += taken.name in str(damaged)
        else:
            assert same
    assert wrong > 10


def test_an_unknown_snapshot_offers_the_nearest(folder):
    name = folder.take(LISTING).name
    with pytest.raises(UnknownName, match=name):
        folder.read(name[:-1])
    with pytest.raises(UnknownName):
        folder.read("../catalog")


@pytest.mark.parametrize("side", ["before", "after"])
def test_killed_while_taking_one_it_is_whole_or_absent_and_taken_again(tmp_path, folder, side):
    assert killed("snapshot", tmp_path, f"snapshot.{side}_create")
    assert len(folder.names()) == (side == "after")
    assert run("snapshot", tmp_path) == 0
    (name,) = folder.names()
    assert folder.read(name).ids == ("a", "b")
    assert names_in(folder.folder) == [f"{name}.parquet"]


@pytest.mark.parametrize("side", ["before", "after"])
def test_killed_while_one_becomes_newest_again_it_stays_readable(tmp_path, folder, side):
    back = folder.take(LISTING).name
    other = folder.take(Listing("2026-11", ("c",), ("3",))).name
    assert killed("snapshot", tmp_path, f"snapshot.{side}_replace")
    assert folder.names() == ((back, other) if side == "before" else (other, back))
    assert folder.read(back).ids == ("a", "b")
