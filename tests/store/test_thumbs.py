"""Small pictures: kept by content and side, removed in every side."""

from scrubjay.store.thumbs import Thumbs

ONE, OTHER = "ab" * 32, "cd" * 32


def test_what_is_put_is_read_and_removed_in_every_size(tmp_path):
    thumbs = Thumbs(tmp_path / "media" / "thumbs")
    assert thumbs.read(ONE, 192) is None
    assert thumbs.remove([ONE]) == 0
    for sha256 in (ONE, OTHER):
        for side in (192, 384):
            thumbs.put(sha256, side, f"{sha256}{side}".encode())
    (thumbs.folder / f".{ONE}-192.webp.7-ab.part").write_bytes(b"half")
    assert thumbs.read(ONE, 384) == f"{ONE}384".encode()
    assert thumbs.remove([ONE]) == 3
    assert thumbs.read(ONE, 192) is None
    assert thumbs.read(OTHER, 192) == f"{OTHER}192".encode()
    assert len(list(thumbs.folder.iterdir())) == 2
