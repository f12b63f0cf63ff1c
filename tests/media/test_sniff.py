from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.core.types import Kind
from scrubjay.media.sniff import HEAD_BYTES, Format, claims_media, is_playlist, sniff, sniff_format
from tests.media.samples import FORMATS, by_ffmpeg, recorded, saved, scenery, tone, video


@pytest.mark.parametrize("format", FORMATS)
def test_a_picture_is_known_by_its_head(format: str) -> None:
    data = saved(scenery(), format)
    assert sniff(data[:HEAD_BYTES]) is Kind.IMAGE
    assert sniff_format(data[:32]) is Format[format]


@pytest.mark.parametrize(
    ("format", "subtype", "expected"),
    [
        ("WAV", "PCM_16", Format.WAV),
        ("RF64", "PCM_16", Format.WAV),
        ("FLAC", None, Format.FLAC),
        ("MP3", None, Format.MP3),
        ("OGG", "VORBIS", Format.OGG),
        ("OGG", "OPUS", Format.OGG),
    ],
)
def test_a_recording_is_known_by_its_head(
    format: str, subtype: str | None, expected: Format
) -> None:
    data = recorded(tone(), 16_000, format, subtype)
    assert sniff(data[:HEAD_BYTES]) is Kind.SPEECH
    assert sniff_format(data) is expected


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 32_000, 44_100, 48_000])
def test_an_mp3_without_a_tag_is_known_at_every_rate(rate: int) -> None:
    data = recorded(tone(1.0, rate), rate, "MP3")
    frames = data[data.index(b"\xff") :]
    assert frames[0] == 0xFF
    assert sniff_format(frames) is Format.MP3


@pytest.mark.parametrize(
    ("container", "codec"),
    [("ipod", "aac"), ("mp4", "aac"), ("adts", "aac"), ("webm", "libopus")],
)
def test_sound_in_a_video_container_is_a_recording(container: str, codec: str) -> None:
    assert sniff(by_ffmpeg(tone(1.0, 48_000), 48_000, container, codec)) is Kind.SPEECH


def test_a_video_is_a_video() -> None:
    assert sniff(video()) is Kind.VIDEO


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"just a text that somebody named picture.jpg",
        "a text in UTF-16".encode("utf-16"),
        b"ID3 is what I call my notes",
        b"BM is how this sentence begins",
        b"RIFF of the guitar",
        b"PK\x03\x04 a zip, as .npz and .docx are",
        b"%PDF-1.7",
        b"\x00" * 64,
        b"\x00\x00\x00\x18ftypheic" + bytes(16),
    ],
)
def test_what_is_no_media_is_none(data: bytes) -> None:
    assert sniff(data) is None


@given(st.binary(max_size=300))
def test_any_bytes_can_be_sniffed(data: bytes) -> None:
    assert sniff(data) in {None, *Kind}


@given(
    st.sampled_from([b"\xff\xfb", b"\xff\xf1", b"RIFF....WEBP", b"OggS", b"\x1a\x45\xdf\xa3"]),
    st.binary(max_size=100),
)
def test_any_bytes_behind_a_magic_number_can_be_sniffed(start: bytes, rest: bytes) -> None:
    assert sniff(start + rest) in {None, *Kind}


@pytest.mark.parametrize(
    ("head", "playlist"),
    [
        (b"#EXTM3U\n#EXT-X-VERSION:3\n", True),
        (b"\xef\xbb\xbf\r\n#extm3u\r\n", True),
        (b"ffconcat version 1.0\nfile 'a.mp4'\n", True),
        (b"[playlist]\nFile1=a.mp4\n", True),
        (b"<?xml version='1.0'?>\n<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'>", True),
        (b"<?xml version='1.0'?>\n<playlist xmlns='http://xspf.org/ns/0/'>", True),
        (b"<smil>", True),
        (b"<?xml version='1.0'?><svg/>", False),
        (b"# a heading\n", False),
        (b"", False),
    ],
)
def test_a_list_of_media_is_told_by_its_beginning(head: bytes, playlist: bool) -> None:
    assert is_playlist(head) is playlist
    assert claims_media(head) is playlist
    assert sniff(head) is None
