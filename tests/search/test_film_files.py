"""Files of every sorry kind: refused by name when they are added, or indexed as far as they go."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scrubjay.core.config import VideoLimits
from scrubjay.core.types import Clue, Item, Kind, Modality
from scrubjay.search.film_models import NoModels
from scrubjay.search.film_rows import FilmRows, film_rows
from scrubjay.search.scan import scan_folder
from tests.media.films import BLUE, GREEN, RED, write_film
from tests.search.conftest import ColourEncoder

pytest.importorskip("av", reason="videos need the `video` extra")


def mp4(**options: object) -> bytes:
    out = io.BytesIO()
    write_film(out, [(RED, 2.0), (GREEN, 2.0), (BLUE, 2.0)], **options)
    return out.getvalue()


def mkv(fps: int = 25) -> bytes:
    return mp4(container="matroska", fps=fps)


def cut(share: float, data: bytes) -> bytes:
    return data[: round(len(data) * share)]


def noise_inside(data: bytes) -> bytes:
    """Random bytes over a fifth of the middle."""
    start, stop = len(data) * 2 // 5, len(data) * 3 // 5
    filth = np.random.default_rng(0).integers(0, 256, stop - start, dtype=np.uint8).tobytes()
    return data[:start] + filth + data[stop:]


def promising(hours: float) -> bytes:
    data = bytearray(mkv())
    at = data.index(b"\x44\x89\x88") + 3  # Duration, eight bytes (RFC 9559, 5.1.2.10)
    data[at : at + 8] = struct.pack(">d", hours * 3_600_000)
    return bytes(data)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.mp4": (lambda: b"", "empty file"),
    "text.mkv": (lambda: b"no film at all", "neither a picture nor a recording nor a video"),
    "half.mp4": (lambda: cut(0.5, mp4()), "damaged video"),
    "head.mp4": (lambda: cut(0.01, mp4()), "damaged video"),
    "filth.avi": (
        lambda: b"RIFF\x00\x10\x00\x00AVI " + b"\xff" * 4_000,
        "damaged video|neither a picture nor a sound",
    ),
    "endless.mkv": (lambda: promising(100), "longer than the limit of 43,200 s"),
    "list.mp4": (lambda: b"#EXTM3U\nhttp://127.0.0.1:9/a.ts\n", "a playlist"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_set_aside_by_name(tmp_path: Path, name: str) -> None:
    made, reason = REFUSED[name]
    (tmp_path / name).write_bytes(made())
    found = scan_folder(tmp_path, month="2026-11", threads=1)
    (problem,) = found.quarantined
    assert problem.path == name
    assert any(one in problem.reason for one in reason.split("|"))
    assert not found.items


def added(folder: Path, name: str, data: bytes) -> tuple[Item, FilmRows]:
    (folder / name).write_bytes(data)
    (item,) = scan_folder(folder, month="2026-11", threads=1).items
    encoder = ColourEncoder({Modality.IMAGE, Modality.SPEECH})
    return item, film_rows(folder / name, item, encoder, models=NoModels())


def test_a_header_that_claims_ten_hours_is_not_believed(tmp_path: Path) -> None:
    item, made = added(tmp_path, "claims.mkv", promising(10))
    assert item.duration_s == pytest.approx(6.0, abs=0.1)
    assert made.broken is not None
    assert made.broken.startswith("truncated video: 6.0 of 36000.0 s can be decoded")
    assert [row.start_s for row in made.rows] == pytest.approx([0, 2, 4], abs=0.1)


def test_a_film_that_was_cut_off_has_the_length_that_is_there(tmp_path: Path) -> None:
    item, made = added(tmp_path, "cut.mkv", cut(0.6, mkv()))
    assert item.duration_s is not None
    assert 2 < item.duration_s < 5
    assert made.broken is not None
    assert "used up to 0:0" in made.broken


def test_a_film_with_damage_in_the_middle_is_used_where_it_can_be(tmp_path: Path) -> None:
    item, made = added(tmp_path, "filth.mkv", noise_inside(mkv()))
    assert item.kind is Kind.VIDEO
    seen = [row for row in made.rows if row.clue is Clue.SEEN]
    assert seen[0].start_s == pytest.approx(0, abs=0.1)
    whole = seen[-1].end_s == pytest.approx(6.0, abs=0.5)
    assert whole or made.broken is not None


def test_a_film_without_a_length_in_its_header_has_one(tmp_path: Path) -> None:
    data = bytearray(mkv())
    at = data.index(b"\x44\x89\x88")
    data[at : at + 11] = b"\xec\x89" + bytes(9)  # Void (RFC 8794, 11.3.2)
    item, made = added(tmp_path, "live.mkv", bytes(data))
    assert item.duration_s == pytest.approx(6.0, abs=0.1)
    assert (made.broken, len(made.rows)) == (None, 3)


def test_irregular_and_silent_films_are_as_good_as_others(tmp_path: Path) -> None:
    times = [*range(0, 2_000, 250), *range(2_000, 4_080, 40)]
    assert len(times) == 60
    item, made = added(tmp_path, "irregular.mp4", mp4(times=times))
    assert item.duration_s == pytest.approx(4.1, abs=0.2)
    assert made.broken is None


def test_a_film_that_was_taken_sideways_is_upright(tmp_path: Path) -> None:
    data = bytearray(mp4())
    # ISO/IEC 14496-12, 8.3.2: the matrix of the track header, here a quarter turn.
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 36] = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 96 << 16, 0, 1 << 30)
    item, made = added(tmp_path, "sideways.mp4", bytes(data))
    assert (item.width, item.height) == (96, 160)
    assert len(made.rows) == 3


def test_sound_alone_in_a_container_is_a_recording(tmp_path: Path) -> None:
    (tmp_path / "talk.mp4").write_bytes(mp4(picture=False, sound=True))
    (item,) = scan_folder(tmp_path, month="2026-11", threads=1).items
    assert item.kind is Kind.SPEECH
    assert item.duration_s == pytest.approx(6.0, abs=0.2)


def test_limits_of_videos_are_their_own(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(mp4())
    for limits, reason in (
        (VideoLimits(max_bytes=1_000), "more than 1000|over the limit of 1,000"),
        (VideoLimits(max_s=3.0), "longer than the limit of 3 s"),
        (VideoLimits(max_pixels=1_000), "160 x 96 pixels are over the limit"),
    ):
        found = scan_folder(tmp_path, month="2026-11", threads=1, video=limits)
        (problem,) = found.quarantined
        assert any(one in problem.reason for one in reason.split("|")), json.dumps(problem.reason)
