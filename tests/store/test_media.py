import errno
import hashlib
import os
import threading

import pytest

from scrubjay.core.errors import BadMedia, Damaged
from scrubjay.store.media import ABANDONED_S, MediaStore
from tests.store.made import names_in


@pytest.fixture
def media(tmp_path):
    return MediaStore(tmp_path / "media")


def test_bytes_are_kept_once_under_their_hash(media):
    sha256 = media.put(b"picture")
    assert sha256 == hashlib.sha256(b"picture").hexdigest()
    assert media.put(b"picture") == sha256
    assert names_in(media.folder) == [sha256]
    assert media.path(sha256).read_bytes() == media.read(sha256) == b"picture"
    assert media.has(sha256)
    assert media.kept() == {sha256}


def test_an_empty_store_has_nothing_and_needs_no_folder(media):
    assert media.kept() == frozenset()
    assert not media.has("0" * 64)
    assert media.remove(["0" * 64]) == 0
    with pytest.raises(BadMedia, match="not among the media"):
        media.read("0" * 64)
    assert not media.folder.exists()


def test_many_who_put_the_same_bytes_at_once_all_succeed(media):
    threads = [threading.Thread(target=media.put, args=(b"same" * 10_000,)) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    [sha256] = names_in(media.folder)
    assert media.read(sha256) == b"same" * 10_000


def test_bytes_that_changed_on_the_disk_are_not_handed_out(media):
    sha256 = media.put(b"picture")
    media.path(sha256).write_bytes(b"another")
    with pytest.raises(Damaged, match="not what was put there"):
        media.read(sha256)


def test_too_many_bytes_are_refused_before_they_are_read(media):
    sha256 = media.put(b"12345")
    assert media.read(sha256, max_bytes=5) == b"12345"
    with pytest.raises(BadMedia, match="5 bytes, more than 4"):
        media.read(sha256, max_bytes=4)


@pytest.mark.parametrize("sha256", ["../../etc/passwd", "", "0" * 63, "G" * 64, "0" * 64 + "\n"])
def test_only_a_hash_names_something(media, sha256):
    media.put(b"picture")
    for ask in (media.path, media.read, media.has, lambda one: media.remove([one])):
        with pytest.raises(BadMedia, match="no sha256"):
            ask(sha256)


def test_removed_bytes_leave_nothing_behind_not_even_what_a_kill_left(media):
    gone, kept = media.put(b"gone"), media.put(b"kept")
    (media.folder / f".{gone}.123-abcd.part").write_bytes(b"go")
    (media.folder / f".{kept}.123-abcd.part").write_bytes(b"ke")
    assert media.remove([gone, gone, "0" * 64]) == 1
    assert names_in(media.folder) == sorted([kept, f".{kept}.123-abcd.part"])


def test_half_written_files_go_when_nobody_can_be_writing_them(media):
    sha256 = media.put(b"picture")
    old, young = (media.folder / f".{sha256}.{name}.part" for name in ("1-a", "2-b"))
    for path in (old, young):
        path.write_bytes(b"pic")
    at = old.stat().st_mtime - ABANDONED_S - 1
    os.utime(old, (at, at))
    media.sweep()
    assert names_in(media.folder) == sorted([sha256, young.name])


@pytest.mark.parametrize("linked", [True, False])
def test_a_large_file_is_kept_without_being_read_and_may_leave(
    media, tmp_path, monkeypatch, linked
):
    if not linked:  # another disk

        def refused(*paths):
            raise OSError(errno.EXDEV, "another disk")

        link = os.link
        monkeypatch.setattr(
            os, "link", lambda a, b: refused() if a.parent != media.folder else link(a, b)
        )
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film" * 1_000)
    sha256 = hashlib.sha256(b"film" * 1_000).hexdigest()
    media.keep(film, sha256)
    film.unlink()
    assert names_in(media.folder) == [sha256]
    assert media.read(sha256) == b"film" * 1_000


def test_what_is_received_is_kept_or_gone(media):
    with media.receiving() as aside:
        aside.write_bytes(b"film")
        media.keep(aside, hashlib.sha256(b"film").hexdigest())
    with media.receiving() as aside:
        aside.write_bytes(b"half a film")
    assert names_in(media.folder) == [hashlib.sha256(b"film").hexdigest()]
