import os
import socket

import pytest

from scrubjay.core.errors import BadMedia, WrongUse
from scrubjay.store.objects import file_info, list_folder, read_uri


def test_a_folder_is_listed_with_sizes_sorted_by_name(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "ü 1.png").write_bytes(b"123")
    (tmp_path / "a.txt").write_bytes(b"")
    (tmp_path / "b.txt").write_bytes(b"1")
    assert [(one.name, one.size) for one in list_folder(tmp_path)] == [
        ("a.txt", 0),
        ("b.txt", 1),
        ("b/ü 1.png", 3),
    ]


def test_links_to_files_are_listed_and_circles_of_folders_end(tmp_path):
    (tmp_path / "real.png").write_bytes(b"12")
    (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    (tmp_path / "broken.png").symlink_to(tmp_path / "nothing")
    (tmp_path / "circle").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")
    assert [one.name for one in list_folder(tmp_path)] == ["link.png", "real.png"]


def test_a_name_that_is_not_text_is_listed_and_readable(tmp_path):
    name = os.fsdecode(b"caf\xe9.png")
    (tmp_path / name).write_bytes(b"1")
    assert [(one.name, one.size) for one in list_folder(tmp_path)] == [(name, 1)]
    assert read_uri(str(tmp_path / name)) == b"1"


def test_a_missing_folder_and_a_file_are_wrong_use(tmp_path):
    with pytest.raises(WrongUse, match="no folder"):
        list_folder(tmp_path / "nothing")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WrongUse, match="is a file"):
        list_folder(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list anything")
def test_a_folder_that_may_not_be_listed_is_named(tmp_path):
    (tmp_path / "secret").mkdir(mode=0)
    with pytest.raises(WrongUse, match="secret"):
        list_folder(tmp_path)


@pytest.mark.parametrize("name", ["a b.png", "100%.png", "what?.png", "a#b.png", "ü.png"])
def test_paths_and_file_addresses_lead_to_the_same_bytes(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"bytes")
    assert read_uri(str(path)) == b"bytes"
    assert read_uri(path.as_uri()) == b"bytes"


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("/nowhere/a.png", "file is gone"),
        ("file:///nowhere/a.png", "file is gone"),
        ("s3://bucket/a.png", "s3:// addresses cannot be read"),
        ("http://host/a.png", "http:// addresses cannot be read"),
        ("file://otherhost/a.png", "file:// addresses cannot be read"),
        ("relative.png", "neither an absolute path"),
        ("http://[broken", "not an address"),
        ("/a\x00b", "no file has such a name"),
        ("/tmp", "unreadable"),
        ("/dev/zero", "not a regular file"),
    ],
)
def test_an_address_that_cannot_be_read_says_why(uri, reason):
    with pytest.raises(BadMedia) as caught:
        read_uri(uri)
    assert reason in caught.value.reason
    assert caught.value.path == uri


@pytest.mark.timeout(120)
def test_a_pipe_or_socket_never_keeps_us_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadMedia, match="not a regular file"):
        read_uri(str(tmp_path / "pipe"))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        with pytest.raises(BadMedia, match="not a regular file"):
            read_uri(str(tmp_path / "s"))


def test_a_file_larger_than_allowed_is_not_read(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    assert read_uri(str(tmp_path / "a"), max_bytes=5) == b"12345"
    with pytest.raises(BadMedia, match="5 bytes, more than 4"):
        read_uri(str(tmp_path / "a"), max_bytes=4)


def test_a_listing_says_when_a_files_bytes_may_have_changed(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"one")
    [before] = list_folder(tmp_path)
    assert list_folder(tmp_path) == [before] == [file_info(tmp_path, "a.txt")]
    path.write_bytes(b"two")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    [after] = list_folder(tmp_path)
    assert (after.name, after.size) == (before.name, before.size)
    assert after.etag != before.etag


def test_what_a_listing_leaves_out_has_no_entry_of_its_own(tmp_path):
    (tmp_path / "folder").mkdir()
    for name in ("folder", "nothing", "a\x00b"):
        assert file_info(tmp_path, name) is None
