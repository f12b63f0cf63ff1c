"""Uploads: addresses that name their bytes, and a list of what is under way."""

from __future__ import annotations

import pytest

from scrubjay.core.errors import BadMedia
from scrubjay.store.media import MediaStore
from scrubjay.store.reader import Reader
from scrubjay.store.uploads import Uploads, upload_uri, uploaded_sha256

SHA256 = "ab" * 32


def test_an_address_tells_the_hash_of_its_bytes():
    assert upload_uri(SHA256, "a b.png") == f"upload://{SHA256}/a b.png"
    assert uploaded_sha256(upload_uri(SHA256, "ä\n'.png")) == SHA256


@pytest.mark.parametrize(
    "uri",
    [
        "/a/b.png",
        "s3://bucket/b.png",
        f"upload://{SHA256}",
        f"upload://{SHA256}/",
        f"upload://{SHA256}/a/b",
        f"upload://{SHA256.upper()}/a",
        f"upload://{SHA256[:-1]}/a",
        f"/upload://{SHA256}/a",
    ],
)
def test_no_other_address_does(uri):
    assert uploaded_sha256(uri) is None


def test_a_reader_reads_uploads_from_the_media_kept(tmp_path):
    media = MediaStore(tmp_path / "media")
    sha256 = media.put(b"bytes")
    read = Reader(media.folder)
    assert read(upload_uri(sha256, "a.png")) == b"bytes"
    with pytest.raises(BadMedia, match="not among the media"):
        read(upload_uri(SHA256, "a.png"))
    with pytest.raises(BadMedia, match="more than 2"):
        read(upload_uri(sha256, "a.png"), max_bytes=2)


def test_only_what_nobody_goes_on_with_is_left(tmp_path, monkeypatch):
    uploads = Uploads(tmp_path / "uploads")
    assert uploads.left() == []
    mine, given_up, done = (uploads.begin([SHA256, SHA256]) for _ in range(3))
    assert uploads.left() == []
    uploads.leave(given_up)
    uploads.finish(done)
    assert [(one.name, one.sha256s) for one in uploads.left()] == [(given_up.name, (SHA256,))]
    monkeypatch.setattr("scrubjay.store.uploads.surely_dead", lambda mark: mark == mine.process)
    assert {one.name for one in uploads.left()} == {given_up.name, mine.name}
    uploads.finish(given_up)
    uploads.finish(given_up)
    assert [one.name for one in uploads.left()] == [mine.name]
