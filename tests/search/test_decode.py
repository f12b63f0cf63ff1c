"""Decoding ahead: in order, within memory, and one bad file never more than its own problem."""

from __future__ import annotations

import dataclasses
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia
from scrubjay.core.types import SAMPLE_RATE, Kind, Modality
from scrubjay.search import decode
from scrubjay.search.decode import Decoded, Segment, decode_ahead, decode_item, windows


@given(
    samples=st.integers(0, 200_000),
    window_s=st.floats(0.05, 8),
)
def test_windows_cover_every_sample_and_overlap_by_half(samples, window_s):
    sound = np.arange(samples, dtype=np.float32)
    made = windows(sound, window_s)
    length = round(window_s * SAMPLE_RATE)
    heard = np.unique(np.concatenate([one.media for one in made]))
    np.testing.assert_array_equal(heard, sound)
    assert all(len(one.media) <= length for one in made)
    if samples <= length:
        assert (made[0].start_s, made[0].end_s, len(made)) == (None, None, 1)
        return
    starts = [one.start_s for one in made]
    assert starts[0] == 0
    assert made[-1].end_s == pytest.approx(samples / SAMPLE_RATE)
    assert np.diff(starts).max() * SAMPLE_RATE <= length // 2 + 1e-3
    for one in made:
        assert one.media[0] == round(one.start_s * SAMPLE_RATE)
        assert np.shares_memory(one.media, sound)


def test_order_is_kept_when_early_items_are_slow(shelf):
    items = [shelf.picture(f"{i}.png", (i, 0, 0)) for i in range(20)]

    def slow_first(item):
        time.sleep(0.03 if item is items[0] else 0.001)
        return Decoded(item, (Segment("x"),))

    taken = [one.item for one in decode_ahead(items, slow_first, threads=4, ahead=6)]
    assert taken == items


def test_no_more_items_than_allowed_are_decoded_ahead(shelf):
    items = [shelf.picture(f"{i}.png", (i, 0, 0)) for i in range(30)]
    begun = []

    def count(item):
        begun.append(item)
        return Decoded(item, (Segment("x"),))

    taken = decode_ahead(items, count, threads=3, ahead=5)
    for i in range(10):
        next(taken)
        time.sleep(0.005)
        assert len(begun) <= i + 1 + 5
    taken.close()


def test_bytes_that_wait_are_bounded_and_the_line_still_moves(shelf, monkeypatch):
    monkeypatch.setattr(decode, "AHEAD_BYTES", 1000)
    items = [shelf.picture(f"{i}.png", (i, 0, 0)) for i in range(25)]
    alive, most, lock = 0, 0, threading.Lock()

    def large(item):
        nonlocal alive, most
        with lock:
            alive += 1
            most = max(most, alive)
        return Decoded(item, (Segment(np.zeros(600, np.float32)),))

    seen = 0
    for one in decode_ahead(items, large, threads=2, ahead=1000):
        assert one.item is items[seen]
        seen += 1
        time.sleep(0.002)
        with lock:
            alive -= 1
    assert seen == 25
    assert most <= 5


def test_leaving_early_ends_the_threads(shelf):
    items = [shelf.picture(f"{i}.png", (i, 0, 0)) for i in range(50)]
    taken = decode_ahead(items, lambda item: Decoded(item), threads=3, ahead=4)
    next(taken)
    taken.close()
    assert not [one for one in threading.enumerate() if one.name.startswith("decode-")]


def test_a_defect_in_decoding_or_in_the_list_is_raised_where_it_is_read(shelf):
    items = [shelf.picture(f"{i}.png", (i, 0, 0)) for i in range(3)]

    def broken(item):
        raise ZeroDivisionError("defect")

    with pytest.raises(ZeroDivisionError):
        list(decode_ahead(items, broken, threads=2, ahead=4))

    def listing():
        yield items[0]
        raise BadMedia("the list broke")

    with pytest.raises(BadMedia):
        list(decode_ahead(listing(), lambda item: Decoded(item), threads=2, ahead=4))


def decoded(shelf, item, encoder):
    return decode_item(item, encoder.spec, read=shelf.read, limits=MediaLimits())


def test_files_that_are_gone_changed_or_broken_are_problems_in_words(shelf, colours):
    gone = shelf.picture("gone.png", (1, 1, 1))
    (shelf.folder / "gone.png").unlink()
    changed = shelf.picture("changed.png", (1, 1, 1))
    (shelf.folder / "changed.png").write_bytes(b"other")
    broken = shelf.put("broken.png", b"not a picture", Kind.IMAGE)
    folder = dataclasses.replace(broken, uris=(str(shelf.folder),))
    latin = shelf.put("latin.txt", "blåbær".encode("latin-1"), Kind.TEXT)
    assert decoded(shelf, gone, colours).problem == "file is gone"
    assert "changed since it was added" in decoded(shelf, changed, colours).problem
    assert "not a picture" in decoded(shelf, broken, colours).problem
    assert "directory" in decoded(shelf, folder, colours).problem
    assert decoded(shelf, latin, colours).problem == "not UTF-8 text"


def test_another_name_of_the_same_bytes_is_read_when_the_first_is_gone(shelf, colours):
    item = shelf.picture("kept.png", (9, 9, 9))
    twice = dataclasses.replace(item, uris=(str(shelf.folder / "gone.png"), *item.uris))
    assert decoded(shelf, twice, colours).problem is None


def test_a_text_item_is_its_captions_else_its_file(shelf, colours):
    told = shelf.put("a.txt", b"in the file", Kind.TEXT, captions=("first", "second"))
    plain = shelf.put("b.txt", b"in the file", Kind.TEXT)
    assert [one.media for one in decoded(shelf, told, colours).segments] == ["first\nsecond"]
    assert [one.media for one in decoded(shelf, plain, colours).segments] == ["in the file"]


def test_what_the_encoder_has_no_tower_for_is_never_read(shelf, colour_encoder):
    item = shelf.recording("a.wav", 0.5)
    encoder = colour_encoder({Modality.IMAGE})
    assert decoded(shelf, item, encoder).problem == "the encoder has no speech tower"
    assert not shelf.reads
