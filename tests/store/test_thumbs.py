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


def test_moments_of_a_video_are_kept_apart_and_removed_with_it(tmp_path):
    thumbs = Thumbs(tmp_path / "thumbs")
    for sha256 in (ONE, OTHER):
        for at_ms in (0, 1_500):
            thumbs.put(sha256, 192, f"{sha256}{at_ms}".encode(), at_ms)
    thumbs.put(ONE, 192, b"whole")
    assert thumbs.read(ONE, 192, 1_500) == f"{ONE}1500".encode()
    assert thumbs.read(ONE, 192, 1_501) is None
    assert thumbs.read(ONE, 384, 1_500) is None
    assert thumbs.remove([ONE]) == 3
    assert thumbs.read(ONE, 192, 0) is None
    assert thumbs.read(OTHER, 192, 0) == f"{OTHER}0".encode()
    assert [path.name for path in thumbs.folder.iterdir()] == [OTHER]


def test_no_more_moments_of_a_video_are_kept_than_may_be(tmp_path):
    thumbs = Thumbs(tmp_path / "thumbs", most_moments=20)
    for at_ms in range(100):
        thumbs.put(ONE, 192, b"x", at_ms)
        assert len(list((thumbs.folder / ONE).iterdir())) <= 20
    assert thumbs.read(ONE, 192, 99) == b"x"
    assert thumbs.read(ONE, 192, 0) is None
