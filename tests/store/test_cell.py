import pytest

from scrubjay.core.errors import Conflict
from scrubjay.store.cell import TRIES, Cell
from scrubjay.store.folder import FolderBucket


@pytest.fixture
def bucket(tmp_path):
    return FolderBucket(tmp_path)


@pytest.fixture
def cell(bucket):
    return Cell(bucket, "cell.json", "cell")


def test_it_is_empty_then_holds_what_was_decided(cell):
    assert cell.read() is None
    assert cell.change(lambda seen: b"one" if seen is None else None) == b"one"
    assert cell.read() == b"one"
    assert cell.change(lambda seen: b"one" if seen is None else None) is None
    assert cell.read() == b"one"


def test_when_somebody_is_faster_it_is_decided_anew_on_what_they_wrote(cell, bucket):
    seen = []

    def decide(data):
        seen.append(data)
        if len(seen) == 1:
            bucket.swap("cell.json", b"theirs", etag=None)
        return b"ours after " + (data or b"nothing")

    assert cell.change(decide) == b"ours after theirs"
    assert seen == [None, b"theirs"]


def test_when_others_are_always_faster_it_says_so_and_writes_nothing(cell, bucket):
    times = []

    def decide(data):
        found = bucket.read_tagged("cell.json")
        bucket.swap("cell.json", b"%d" % len(times), etag=found and found[1])
        times.append(data)
        return b"ours"

    with pytest.raises(Conflict):
        cell.change(decide)
    assert len(times) == TRIES
    assert cell.read() == b"%d" % (TRIES - 1)
