"""Data URLs are taken apart within limits, and nothing else is taken."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.core.errors import BadMedia, ScrubjayError, WrongUse
from scrubjay.web.data_url import MAX_HEADER, DataUrl, parse_data_url


def url(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


@given(st.binary(min_size=1, max_size=300), st.sampled_from(["image/png", "audio/wav", ""]))
def test_what_was_put_in_comes_out(data: bytes, media_type: str) -> None:
    assert parse_data_url(url(data, media_type)) == DataUrl(media_type, data)


@given(st.text(max_size=60))
def test_any_text_is_an_error_of_ours_or_data(text: str) -> None:
    for written in (text, f"data:{text}", f"data:image/png;base64,{text}"):
        with contextlib.suppress(ScrubjayError):
            assert parse_data_url(written).data


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://example.org/a.png",
        "file:///etc/passwd",
        "ftp://example.org/a",
        "/etc/passwd",
        "javascript:alert(1)",
        " data:image/png;base64,QUJD",
        "",
    ],
)
def test_nothing_is_fetched(address: str) -> None:
    with pytest.raises(WrongUse, match="never fetched"):
        parse_data_url(address)


@pytest.mark.parametrize(
    "rest",
    [
        "image/png,QUJD",
        "image/png;base64",
        "image/png;base64;x=1,QUJD",
        "image/png;base64,QUJ",
        "image/png;base64,QU JD",
        "image/png;base64,QUJD\n",
        "image/png;base64,QU-_",
        "image/png;base64,Q\u0431JD",
        "image/png;base64,",
        "image;base64,QUJD",
        "im age/png;base64,QUJD",
        "image/png;" + "a=b;" * 200 + "base64,QUJD",
    ],
)
def test_what_is_malformed_says_so(rest: str) -> None:
    with pytest.raises(BadMedia) as caught:
        parse_data_url(f"data:{rest}", name="input[2].image")
    assert caught.value.path == "input[2].image"


def test_parameters_and_capitals_are_allowed() -> None:
    assert parse_data_url("DATA:Audio/WAV;codecs=1;BASE64,QUJD").media_type == "audio/wav"
    long = "data:audio/wav;codecs=" + "a" * (MAX_HEADER - 50) + ";base64,QUJD"
    assert parse_data_url(long).data == b"ABC"


def test_a_picture_is_not_taken_for_a_recording() -> None:
    with pytest.raises(WrongUse, match="image/png, but audio is wanted"):
        parse_data_url(url(b"abc"), expected="audio")
    for media_type in ("", "application/octet-stream", "audio/x-wav"):
        assert parse_data_url(url(b"abc", media_type), expected="audio").data == b"abc"


@pytest.mark.parametrize("over", [1, 2, 3, 4, 1000])
def test_the_limit_is_exact_and_checked_before_decoding(over: int) -> None:
    assert len(parse_data_url(url(b"a" * 100), max_bytes=100).data) == 100
    with pytest.raises(BadMedia, match="over the limit of 100 bytes"):
        parse_data_url(url(b"a" * (100 + over)), max_bytes=100)
    with pytest.raises(BadMedia, match="over the limit"):
        parse_data_url("data:image/png;base64," + "!" * 1000, max_bytes=100)
