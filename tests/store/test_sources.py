import json

import pytest

from scrubjay.core.errors import Damaged
from scrubjay.store.objects import ObjectInfo
from scrubjay.store.sources import Refusal, Seen, SourceListing, Sources, object_key

FACTS = {"sha256": "a" * 64, "kind": "image", "size": 3}
SEEN = Seen(3, '"etag"', FACTS)


@pytest.fixture
def sources(tmp_path):
    return Sources(tmp_path / "sources")


def listing(token="one", **objects):
    return SourceListing(token, {object_key(name): seen for name, seen in objects.items()})


def test_nothing_was_seen_of_a_new_source_and_nothing_is_written_by_asking(sources):
    seen = sources.of("s3://bucket/drops")
    assert seen.taken() == seen.pending() == SourceListing()
    assert seen.fetched() == {}
    assert sources.all() == []
    assert not sources.folder.exists()


def test_a_look_is_pending_until_it_is_taken(sources):
    seen = sources.of("s3://bucket/drops")
    found = listing(a=SEEN, b=Seen(1, None, None, "no picture"))
    seen.look_ended(found)
    assert (seen.taken(), seen.pending()) == (SourceListing(), found)
    assert seen.take("one", {})
    assert (seen.taken(), seen.pending()) == (found, SourceListing())
    assert seen.take("one", {})  # again changes nothing
    assert seen.taken() == found


def test_a_look_that_another_followed_is_not_noted_as_taken(sources):
    seen = sources.of("s3://bucket/drops")
    seen.look_ended(listing("one", a=SEEN))
    seen.look_ended(listing("two", b=SEEN))
    assert not seen.take("one", {})
    assert seen.taken() == SourceListing()
    assert seen.take("two", {})


def test_refusals_are_kept_with_what_the_look_kept_of_earlier_ones(sources):
    seen = sources.of("s3://bucket/drops")
    old, new = Refusal("d1", "no description"), Refusal("d2", "another language")
    seen.look_ended(SourceListing("one", {}, (), {"1": old}))
    seen.take("one", {"2": new})
    assert seen.taken().refused == {"1": old, "2": new}


def test_what_was_fetched_is_remembered_line_by_line_until_it_is_taken(sources):
    seen = sources.of("s3://bucket/drops")
    with seen.fetching() as record:
        record.add("k1", SEEN)
        assert seen.fetched() == {"k1": SEEN}
    with (seen.folder / "fetched.jsonl").open("ab") as file:
        file.write(b'["k2", 3, "et')  # a line that a kill cut off
    with seen.fetching() as record:
        record.add("k3", Seen(1, "e", None, "no picture"))
    assert seen.fetched() == {"k1": SEEN, "k3": Seen(1, "e", None, "no picture")}
    assert seen.held() == {"a" * 64}
    seen.look_ended(listing("one"))
    seen.take("one", {})
    assert seen.fetched() == {}


def test_only_the_same_size_and_tag_are_the_same_object():
    assert SEEN.is_of(ObjectInfo("a", 3, '"etag"'))
    for info in (ObjectInfo("a", 4, '"etag"'), ObjectInfo("a", 3, '"other"'), ObjectInfo("a", 3)):
        assert not SEEN.is_of(info)
    assert not Seen(3, None, FACTS).is_of(ObjectInfo("a", 3, None))


def test_names_of_objects_are_not_written_down(sources):
    seen = sources.of("s3://bucket/drops")
    with seen.fetching() as record:
        record.add(object_key("anna at the lake.png"), SEEN)
    seen.look_ended(SourceListing("one", {object_key("anna at the lake.png"): SEEN}))
    for path in sources.folder.rglob("*"):
        assert path.is_dir() or b"anna" not in path.read_bytes()


def test_a_kept_manifest_is_handed_out_while_it_is_the_same_and_whole(sources):
    seen = sources.of("s3://bucket/drops")
    now = Seen(5, "e")
    seen.keep_words({"m.csv": (b"a,b\nc", now), "n.csv": (b"d", Seen(1, "f"))})
    assert seen.words("m.csv", now) == b"a,b\nc"
    assert seen.words("m.csv", Seen(5, "changed")) is None
    assert seen.words("other.csv", now) is None
    path = seen.folder / "words" / object_key("m.csv")
    path.write_bytes(path.read_bytes()[:-1])
    assert seen.words("m.csv", now) is None
    seen.keep_words({"n.csv": (b"d", Seen(1, "f"))})
    assert not path.exists()
    sources.drop_words()
    assert seen.words("n.csv", Seen(1, "f")) is None


def test_sources_are_told_apart_and_removed_one_by_one(sources):
    one, other = sources.of("s3://bucket/one"), sources.of("s3://bucket/other")
    for seen in (one, other):
        seen.look_ended(listing("x", a=SEEN))
    assert [seen.pending().token for seen in sources.all()] == ["x", "x"]
    sources.remove("s3://bucket/one")
    assert (one.pending(), other.pending().token) == (SourceListing(), "x")


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"token": "x"}', b"\xff"])
def test_a_damaged_listing_says_what_to_do(sources, data):
    seen = sources.of("s3://bucket/drops")
    seen.look_ended(listing("one"))
    (seen.folder / "listing.json").write_bytes(data)
    with pytest.raises(Damaged, match="remove it"):
        seen.taken()


def test_a_listing_survives_json():
    full = SourceListing("t", {"k": SEEN, "l": Seen(0, None)}, ("m.csv",), {"1": Refusal("d", "r")})
    assert SourceListing.from_json(json.loads(json.dumps(full.to_json()))) == full
