import dataclasses
import hashlib
import threading
import time

import pytest

from scrubjay.core.errors import BadMedia, Conflict, NotReady, WrongUse
from scrubjay.store import s3 as s3_store
from scrubjay.store.bucket import Patience, open_bucket
from scrubjay.store.objects import ObjectInfo
from tests.bucket import RoleServer

HASTY = Patience(connect_s=20, stall_s=10, answer_s=60, retries=3, retry_s=60)
SECRET = "a-secret-of-nobody"


@pytest.fixture
def bucket(s3):
    return open_bucket(s3.url("drops"), patience=HASTY)


@pytest.fixture
def role_server():
    server = RoleServer()
    yield server
    server.close()


@pytest.fixture(params=["s3", "folder"])
def either(request, tmp_path):
    """The same promises hold for a bucket and for a folder."""
    if request.param == "folder":
        (tmp_path / "drops").mkdir()
        return open_bucket(str(tmp_path / "drops"))
    return open_bucket(request.getfixturevalue("s3").url("drops"), patience=HASTY)


def test_what_was_created_is_listed_and_read_back_under_its_name(either):
    names = ["a.png", "b/ü 1.png", "b/q?x#y%20.png", "*[1]~.png"]
    for name in names:
        assert either.create(name, name.encode())
    assert [one.name for one in either.list()] == sorted(names)
    for info in either.list():
        assert info.size == len(info.name.encode())
        assert either.read(info.name) == info.name.encode()
        assert either.stat(info.name) == info
        assert either.fetch(info.name) == (info.name.encode(), info)
        assert either.uri(info.name) == f"{either.url}/{info.name}"


def test_only_what_is_below_the_prefix_is_listed(s3, bucket):
    for key in ("drops/a.png", "drops2/b.png", "c.png"):
        s3.put(key, b"1")
    assert [one.name for one in bucket.list()] == ["a.png"]
    assert [one.name for one in open_bucket(s3.url()).list()] == sorted(s3.keys())


def test_a_listing_that_comes_in_parts_is_whole(s3, bucket):
    for number in range(25):
        s3.put(f"drops/{number:02}.txt", b"")
    s3.proxy.page = 10
    assert [one.name for one in bucket.list()] == [f"{number:02}.txt" for number in range(25)]
    assert len(s3.proxy.asked) == 3


def test_a_changed_object_has_another_etag(s3, bucket):
    s3.put("drops/a.png", b"one")
    [before] = bucket.list()
    s3.put("drops/a.png", b"two")
    [after] = bucket.list()
    assert (before.size, before.name) == (after.size, after.name)
    assert before.etag != after.etag


def test_an_object_is_created_once_and_never_overwritten(either, tmp_path):
    file = tmp_path / "upload"
    file.write_bytes(b"first")
    assert either.create("v/manifest.json", file)
    assert not either.create("v/manifest.json", b"second")
    assert either.read("v/manifest.json") == b"first"


def test_a_large_file_is_uploaded_create_only_too(bucket, tmp_path):
    file = tmp_path / "weights"
    file.write_bytes(bytes(range(256)) * 40_000)
    assert bucket.create("weights", file)
    assert not bucket.create("weights", file)
    assert bucket.read("weights") == file.read_bytes()


def test_a_pointer_moves_only_from_the_state_that_was_read(either):
    assert either.read_tagged("champion.json") is None
    first = either.swap("champion.json", b"1", etag=None)
    assert either.read_tagged("champion.json") == (b"1", first)
    second = either.swap("champion.json", b"2", etag=first)
    with pytest.raises(Conflict, match=r"champion\.json was changed by somebody else"):
        either.swap("champion.json", b"3", etag=first)
    with pytest.raises(Conflict):
        either.swap("champion.json", b"3", etag=None)
    with pytest.raises(Conflict):
        either.swap("nothing.json", b"3", etag=first)
    assert either.read_tagged("champion.json") == (b"2", second)


def test_of_many_who_swap_at_once_exactly_one_succeeds(either):
    tag = either.swap("champion.json", b"before", etag=None)
    won = []

    def swap(number: int) -> None:
        try:
            either.swap("champion.json", f"{number}".encode(), etag=tag)
            won.append(number)
        except Conflict:
            pass

    threads = [threading.Thread(target=swap, args=(number,)) for number in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(won) == 1
    assert either.read("champion.json") == str(won[0]).encode()


def test_a_swap_whose_answer_was_lost_is_no_conflict(s3, bucket):
    tag = bucket.swap("champion.json", b"1", etag=None)
    s3.proxy.lose("champion.json", times=1)
    tag = bucket.swap("champion.json", b"2", etag=tag)
    assert bucket.read_tagged("champion.json") == (b"2", tag)


def test_a_write_nobody_answers_is_written_again(s3):
    bucket = open_bucket(s3.url("drops"), patience=dataclasses.replace(HASTY, stall_s=1.5))
    s3.proxy.ignore("champion.json", times=2)
    tag = bucket.swap("champion.json", b"1", etag=None)
    assert bucket.read_tagged("champion.json") == (b"1", tag)


def test_deleting_twice_is_deleting_once(either):
    either.create("a.png", b"1")
    either.delete("a.png")
    either.delete("a.png")
    assert either.list() == []
    assert either.stat("a.png") is None


def test_an_object_that_is_gone_is_bad_media_and_named(either):
    with pytest.raises(BadMedia, match=r"nothing\.png: (object|file) is gone"):
        either.read("nothing.png")


def test_too_large_an_object_does_not_travel(s3, bucket):
    s3.put("drops/large.png", bytes(1_000_000))
    with pytest.raises(BadMedia, match=r"large\.png: 1000000 bytes, more than 4"):
        bucket.read("large.png", max_bytes=4)
    s3.put("drops/small.png", bytes(4))
    assert bucket.read("small.png", max_bytes=4) == bytes(4)


def test_a_store_that_answers_503_is_asked_again(s3, bucket):
    s3.put("drops/a.png", b"picture")
    s3.proxy.fail(times=2)
    assert bucket.list() == [ObjectInfo("a.png", 7, bucket.stat("a.png").etag)]
    s3.proxy.fail("a.png", times=2)
    assert bucket.read("a.png") == b"picture"
    s3.proxy.fail("b.png", times=2)
    assert bucket.create("b.png", b"new")


@pytest.mark.parametrize("fault", ["cut", "stall", "shorten"])
def test_a_body_that_ends_early_is_fetched_whole(s3, fault):
    bucket = open_bucket(s3.url("drops"), patience=dataclasses.replace(HASTY, stall_s=1.5))
    data = bytes(range(256)) * 400
    s3.put("drops/a.png", data)
    getattr(s3.proxy, fault)("a.png", times=2)
    info = bucket.list()[0]
    assert bucket.fetch("a.png", expected=info) == (data, info)


@pytest.mark.parametrize("fault", ["cut", "stall", "shorten"])
def test_a_listing_that_ends_early_is_asked_for_again(s3, fault):
    bucket = open_bucket(s3.url("drops"), patience=dataclasses.replace(HASTY, stall_s=1.5))
    for number in range(20):
        s3.put(f"drops/{number:02}.png", b"1")
    getattr(s3.proxy, fault)("list-type", times=1)
    assert [one.name for one in bucket.list()] == [f"{number:02}.png" for number in range(20)]


@pytest.mark.parametrize("fault", ["cut", "stall", "shorten", "fail"])
def test_a_store_that_never_mends_is_given_up_with_its_name_and_no_secret(s3, fault):
    s3.put("drops/a.png", bytes(100_000))
    [info] = open_bucket(s3.url("drops"), patience=HASTY).list()
    patience = dataclasses.replace(HASTY, retries=1, stall_s=0.2)
    bucket = open_bucket(s3.url("drops"), patience=patience)
    getattr(s3.proxy, fault)("a.png")
    started = time.monotonic()
    with pytest.raises(NotReady, match=r"drops/a\.png") as caught:
        bucket.fetch("a.png", expected=info)
    assert time.monotonic() - started < 100
    said = str(caught.value)
    assert "\n" not in said
    assert SECRET not in said
    assert "AKIA" not in said


def test_an_object_replaced_since_it_was_listed_is_taken_as_it_is_now(s3, bucket):
    s3.put("drops/a.png", b"short")
    [listed] = bucket.list()
    s3.put("drops/a.png", b"longer than before")
    data, info = bucket.fetch("a.png", expected=listed)
    assert data == b"longer than before"
    assert info == bucket.list()[0]


def test_a_missing_bucket_is_wrong_use(s3):
    bucket = open_bucket("s3://nobodys-bucket/drops", patience=HASTY)
    for ask in (bucket.list, lambda: bucket.read("a.png"), lambda: bucket.create("a", b"")):
        with pytest.raises(WrongUse, match="no bucket"):
            ask()


def test_a_refusal_says_what_to_check(s3, bucket):
    s3.proxy.fail(status=403)
    with pytest.raises(
        NotReady, match=r"not allowed to list s3://.*\(403\); check the credentials"
    ):
        bucket.list()


def test_a_store_nobody_answers_for_is_named(s3, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    bucket = open_bucket(s3.url("drops"), patience=dataclasses.replace(HASTY, retries=1))
    with pytest.raises(NotReady, match=r"could not list s3://.*check the network"):
        bucket.list()


def test_the_instances_role_is_asked_for_credentials(s3, monkeypatch, role_server):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", role_server.endpoint)
    s3.put("drops/a.png", b"1")
    bucket = open_bucket(s3.url("drops"), patience=HASTY)
    assert bucket.read("a.png") == b"1"
    assert role_server.asked


def test_without_credentials_the_message_says_which_are_missing(s3, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")
    bucket = open_bucket(s3.url("drops"), patience=dataclasses.replace(HASTY, retries=1))
    with pytest.raises(NotReady, match=r"no credentials for s3://.*AWS_ACCESS_KEY_ID"):
        bucket.list()


@pytest.mark.parametrize("key", ["drops/a//b.png", "drops/./a.png", "drops/tab\tb.png"])
def test_a_name_that_cannot_be_asked_for_is_said_to_be_renamed(s3, bucket, key):
    s3.put(key, b"1")
    with pytest.raises(WrongUse, match="rename that object"):
        bucket.list()


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("s3://", "names no bucket"),
        ("s3:///prefix", "names no bucket"),
        ("s3://bucket//a", "empty part"),
        ("s3://bucket/a/../b", "empty part"),
        ("gs://bucket/a", "gs:// is no source"),
        ("relative/folder", "absolute path"),
        ("file://elsewhere/folder", "give s3://bucket/prefix or a folder"),
    ],
)
def test_an_address_of_another_kind_is_wrong_use(url, match):
    with pytest.raises(WrongUse, match=match):
        open_bucket(url)


def test_credentials_in_an_address_are_refused_and_not_repeated():
    with pytest.raises(WrongUse, match="holds no credentials") as caught:
        open_bucket("s3://AKIA:verysecret@bucket/prefix")
    assert "verysecret" not in str(caught.value)


def test_a_file_address_and_a_path_are_the_same_folder(tmp_path):
    (tmp_path / "a b").mkdir()
    assert open_bucket((tmp_path / "a b").as_uri()).url == open_bucket(str(tmp_path / "a b")).url
    assert open_bucket("s3://bucket/a/").url == open_bucket("s3://bucket/a").url == "s3://bucket/a"


@pytest.mark.parametrize("name", ["../a", "/a", "a//b", "a/./b"])
def test_nothing_is_written_outside_the_folder(tmp_path, name):
    (tmp_path / "drops").mkdir()
    with pytest.raises(WrongUse, match="no name below"):
        open_bucket(str(tmp_path / "drops")).create(name, b"1")


def test_what_is_too_large_to_be_held_is_written_piece_by_piece(either, tmp_path, monkeypatch):
    monkeypatch.setattr(s3_store, "_RANGE", 1_000)
    data = bytes(range(256)) * 40
    for name, content in (("film.mp4", data), ("empty.mp4", b"")):
        either.create(name, content)
        listed = either.stat(name)
        (tmp_path / "to").write_bytes(b"what was there before, and longer" * 1_000)
        found = either.download(name, tmp_path / "to", expected=listed)
        assert found == (hashlib.sha256(content).hexdigest(), listed)
        assert (tmp_path / "to").read_bytes() == content
    with pytest.raises(BadMedia, match="10240 bytes, more than 10239"):
        either.download("film.mp4", tmp_path / "to", max_bytes=10_239, expected=listed)
    either.delete("film.mp4")
    with pytest.raises(BadMedia, match="gone"):
        either.download("film.mp4", tmp_path / "to", expected=listed)


def test_pieces_of_two_objects_are_never_put_together(s3, bucket, tmp_path, monkeypatch):
    monkeypatch.setattr(s3_store, "_RANGE", 1_000)
    s3.put("drops/film.mp4", b"a" * 3_000)
    listed = bucket.stat("film.mp4")
    ask, asked = bucket._ask, []

    def changing(question, doing, name=None):
        answer = ask(question, doing, name)
        asked.append(doing)
        if asked.count("read") == 2 and doing == "read":
            s3.put("drops/film.mp4", b"b" * 3_500)
        return answer

    monkeypatch.setattr(bucket, "_ask", changing)
    sha256, info = bucket.download("film.mp4", tmp_path / "to", expected=listed)
    assert (tmp_path / "to").read_bytes() == b"b" * 3_500
    assert sha256 == hashlib.sha256(b"b" * 3_500).hexdigest()
    assert info.size == 3_500


def test_a_piece_that_arrives_cut_short_is_asked_for_again(s3, bucket, tmp_path, monkeypatch):
    monkeypatch.setattr(s3_store, "_RANGE", 1_000)
    data = bytes(range(250)) * 10
    s3.put("drops/film.mp4", data)
    s3.proxy.cut("film.mp4", times=1)
    bucket.download("film.mp4", tmp_path / "to", expected=bucket.stat("film.mp4"))
    assert (tmp_path / "to").read_bytes() == data
