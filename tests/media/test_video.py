from __future__ import annotations

import os
import socket
import struct
import threading
from pathlib import Path

import numpy as np
import pytest

from scrubjay.core.errors import BadMedia
from scrubjay.media.video import Video, VideoLimits
from tests.media.films import BLUE, GREEN, RED, write_film

pytest.importorskip("av", reason="videos need the `speech` extra")


def near(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    """Whether a frame is plainly of this colour, as lossy coding leaves it."""
    return bool(np.abs(picture.reshape(-1, 3).mean(axis=0) - colour).max() < 12)


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    """Two seconds red, one and a half green, two blue; with a tone."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write_film(path, [(RED, 2.0), (GREEN, 1.5), (BLUE, 2.0)], sound=True)
    return path


def test_what_a_video_is(film) -> None:
    info = Video(film).info()
    assert (info.width, info.height, info.fps) == (160, 96, 10.0)
    assert info.has_picture
    assert info.has_sound
    assert info.duration_s == pytest.approx(5.5, abs=0.1)


def test_frames_come_at_their_times_and_smaller(film) -> None:
    frames = list(Video(film).frames(every_s=0.5, long_side=80))
    assert [frame.at_s for frame in frames] == pytest.approx([0.5 * n for n in range(11)])
    assert {frame.picture.shape for frame in frames} == {(48, 80, 3)}
    colours = [RED] * 4 + [GREEN] * 3 + [BLUE] * 4
    assert all(near(f.picture, colour) for f, colour in zip(frames, colours, strict=True))


def test_every_frame_there_is(film) -> None:
    times = [frame.at_s for frame in Video(film).frames()]
    assert times == pytest.approx([n / 10 for n in range(55)])


def test_a_part_of_it(film) -> None:
    frames = list(Video(film).frames(start_s=1.8, end_s=2.2))
    assert [frame.at_s for frame in frames] == pytest.approx([1.8, 1.9, 2.0, 2.1])
    assert [near(frame.picture, RED) for frame in frames] == [True, True, False, False]


def test_what_is_shown_at_a_moment(film) -> None:
    asked = [0.0, 1.95, 2.0, 3.49, 5.4]
    frames = list(Video(film).frames_at(asked))
    assert [frame.at_s for frame in frames] == asked
    colours = [RED, RED, GREEN, GREEN, BLUE]
    assert all(near(f.picture, colour) for f, colour in zip(frames, colours, strict=True))


@pytest.mark.parametrize(("codec", "container"), [("mpeg4", "mp4"), ("libx264", "mkv")])
def test_single_frames_are_those_of_a_pass_however_they_are_asked_for(
    tmp_path, codec: str, container: str
) -> None:
    path = tmp_path / f"film.{container}"
    name = {"mkv": "matroska"}.get(container, container)
    colours = [(20 * n, 200 - 15 * n, 90) for n in range(12)]
    write_film(path, [(one, 1.0) for one in colours], codec=codec, container=name)
    every = {frame.at_s: frame.picture for frame in Video(path).frames(long_side=80)}
    times = sorted(every)
    rising = [*times[::7], times[-1], times[-1] + 3]
    for asked in (rising, [times[50], times[3], times[4], times[4], times[110], times[40]]):
        found = list(Video(path).frames_at(asked, long_side=80))
        assert [frame.at_s for frame in found] == asked
        for frame in found:
            wanted = every[max(at for at in times if at <= frame.at_s)]
            np.testing.assert_array_equal(frame.picture, wanted)


def test_sound_that_begins_later_than_the_picture_is_as_much_later(tmp_path) -> None:
    path = tmp_path / "late.mp4"
    write_film(path, [(RED, 3.0)], sound=True, sound_from_s=1.25)
    sound = np.concatenate(list(Video(path).sound()))
    loud = np.flatnonzero(np.abs(sound) > 0.05) / 16_000
    assert loud[0] == pytest.approx(1.25, abs=0.06)


def test_its_sound_is_mono_at_16_khz(film) -> None:
    sound = np.concatenate(list(Video(film).sound()))
    assert len(sound) / 16_000 == pytest.approx(5.5, abs=0.1)
    spectrum = np.abs(np.fft.rfft(sound[16_000:32_000]))
    assert int(spectrum.argmax()) == pytest.approx(440, abs=1)


@pytest.mark.parametrize(
    ("container", "codec"),
    [("matroska", "mpeg4"), ("avi", "mpeg4"), ("webm", "libvpx"), ("mpeg", "mpeg2video")],
)
def test_other_containers_are_read_the_same(tmp_path, container: str, codec: str) -> None:
    path = tmp_path / "film"
    write_film(path, [(RED, 1.0), (BLUE, 1.0)], container=container, codec=codec, fps=25)
    frames = list(Video(path).frames())
    assert len(frames) == 50
    assert near(frames[10].picture, RED)
    assert near(frames[40].picture, BLUE)
    assert frames[40].at_s == pytest.approx(1.6, abs=0.05)


def test_a_variable_frame_rate_keeps_its_own_times(tmp_path) -> None:
    path = tmp_path / "film.mp4"
    times = [0, 100, 150, 1000, 1010, 2500, 4000, 4040, 4080, 5000]
    write_film(path, [(RED, 0.5), (BLUE, 0.5)], times=times)
    frames = list(Video(path).frames())
    assert [round(1000 * frame.at_s) for frame in frames] == times
    assert [round(f.at_s, 2) for f in Video(path).frames(every_s=1.0)] == [0.0, 1.0, 2.5, 4.0, 5.0]


def test_a_video_that_was_filmed_sideways_is_set_upright(film, tmp_path) -> None:
    data = bytearray(film.read_bytes())
    # ISO/IEC 14496-12, 8.3.2: the matrix of the track header, here a quarter turn.
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 36] = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 96 << 16, 0, 1 << 30)
    path = tmp_path / "sideways.mp4"
    path.write_bytes(data)
    video = Video(path)
    assert (video.info().width, video.info().height) == (96, 160)
    assert next(iter(video.frames())).picture.shape == (160, 96, 3)


def test_sound_alone_has_no_frames(tmp_path) -> None:
    path = tmp_path / "talk.mp4"
    write_film(path, [(RED, 2.0)], sound=True, picture=False)
    video = Video(path)
    assert not video.info().has_picture
    assert list(video.frames()) == []
    assert sum(len(block) for block in video.sound()) > 30_000


def test_a_mute_video_has_no_sound(tmp_path) -> None:
    path = tmp_path / "mute.mp4"
    write_film(path, [(RED, 1.0)])
    assert not Video(path).info().has_sound
    assert list(Video(path).sound()) == []


def test_what_is_no_video_is_refused_by_name(film, tmp_path) -> None:
    for content, reason in [
        (b"", "empty file"),
        (b"hello, this is a text", "not a video"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "its content is JPEG"),
        (b"#EXTM3U\n#EXTINF:5\nhttp://127.0.0.1/a.ts\n", "a playlist"),
        (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "a playlist"),
    ]:
        path = tmp_path / "stranger"
        path.write_bytes(content)
        with pytest.raises(BadMedia, match=reason):
            Video(path)


def test_damaged_and_truncated_files_are_refused(film, tmp_path) -> None:
    whole = film.read_bytes()
    headless = tmp_path / "headless.mp4"
    headless.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadMedia, match="damaged video"):
        Video(headless).info()
    cut = tmp_path / "cut.mkv"
    write_film(cut, [(RED, 2.0), (BLUE, 2.0)], container="matroska", fps=25)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    with pytest.raises(BadMedia, match=r"truncated video: \d\.\d of 4\.0 s"):
        list(Video(cut).frames())


def test_a_header_that_promises_ten_hours_is_not_believed(tmp_path) -> None:
    path = tmp_path / "long.mkv"
    write_film(path, [(RED, 2.0)], container="matroska", fps=25)
    data = bytearray(path.read_bytes())
    at = data.index(b"\x44\x89\x88") + 3  # Duration, eight bytes (RFC 9559, 5.1.2.10)
    data[at : at + 8] = struct.pack(">d", 36_000_000.0)
    path.write_bytes(data)
    with pytest.raises(BadMedia, match=r"truncated video: 2\.0 of 36000\.0 s"):
        list(Video(path).frames())
    with pytest.raises(BadMedia, match="longer than the limit of 60 s"):
        Video(path, limits=VideoLimits(max_s=60)).info()


def test_large_frames_are_refused_before_they_are_decoded(film) -> None:
    with pytest.raises(BadMedia, match="160 x 96 pixels are over the limit"):
        Video(film, limits=VideoLimits(max_pixels=10_000)).info()


def test_a_decoder_may_not_take_what_memory_it_likes(film) -> None:
    with pytest.raises(BadMedia, match=r"MB of memory|ended early|damaged"):
        list(Video(film, limits=VideoLimits(memory=1 << 20)).frames())


def test_nothing_is_fetched_for_a_file_that_names_an_address(tmp_path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        came: list[object] = []
        listener.settimeout(1.0)

        def wait() -> None:
            try:
                came.append(listener.accept())
            except TimeoutError:
                return

        waiting = threading.Thread(target=wait)
        waiting.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/a.ts"
        path = tmp_path / "list.mp4"
        path.write_bytes(b"\0\0\0\x18ftypisom\0\0\0\0isommp42#EXTM3U\n" + address.encode())
        with pytest.raises(BadMedia):
            Video(path).info()
        waiting.join()
        assert not came


def test_a_reader_that_leaves_early_leaves_no_process(film) -> None:
    before = _children()
    frames = Video(film).frames()
    next(frames)
    assert len(_children() - before) == 1
    frames.close()
    assert _children() <= before


def _children() -> set[str]:
    mine = Path(f"/proc/{os.getpid()}/task")
    return {pid for task in mine.iterdir() for pid in (task / "children").read_text().split()}
