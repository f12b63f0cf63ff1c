"""One field is found at the beginning of a form, however the form comes."""

from __future__ import annotations

from itertools import pairwise
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.web.form_field import FieldReader

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = 'multipart/form-data; boundary="the edge"'
VALUES = st.text("0123456789abcdef &=%+", max_size=80)


def multipart(*fields: tuple[str, str], file: str = "") -> bytes:
    parts = [
        f'--the edge\r\ncontent-disposition: form-data; name="{name}"{file}\r\n\r\n{value}\r\n'
        for name, value in fields
    ]
    return ("".join(parts) + "--the edge--\r\n").encode("latin-1")


def read(content_type: str, body: bytes, cuts: list[int] | None = None) -> str | None:
    reader = FieldReader("csrf", content_type)
    edges = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts or [])})
    for start, end in pairwise(edges):
        if not reader.done:
            reader.feed(body[start:end], last=end == len(body))
    return reader.value


@settings(max_examples=50)
@given(VALUES, VALUES, st.lists(st.integers(0, 500), max_size=6))
def test_it_is_found_wherever_the_form_is_cut(value: str, other: str, cuts: list[int]) -> None:
    fields = [("text", other), ("csrf", value), ("csrf", "another")]
    encoded = urlencode(fields).encode()
    assert read(URLENCODED, encoded, cuts) == value
    assert read(MULTIPART, multipart(*fields[1:]), cuts) == value


def test_behind_another_part_of_an_upload_it_is_not_looked_for() -> None:
    assert read(MULTIPART, multipart(("files", "bytes"), ("csrf", "a"))) is None


def test_reading_stops_where_it_is_found() -> None:
    reader = FieldReader("csrf", MULTIPART)
    reader.feed(multipart(("csrf", "a"))[:-14] + b"--the edge\r\n", last=False)
    assert reader.done
    assert reader.value == "a"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("", b"csrf=a"),
        ("application/json", b'{"csrf": "a"}'),
        ("text/plain", b"csrf=a"),
        ("multipart/form-data", multipart(("csrf", "a"))),
        (MULTIPART, b"csrf=a"),
        (MULTIPART, b"--the edge\r\n" * 50),
        (MULTIPART, b"--the edge\r\ncontent-disposition: form-data\r\n\r\na\r\n--the edge--"),
        (MULTIPART, multipart(("csrf", "a" * 5000))),
        (URLENCODED, b"csrf=" + b"a" * 5000),
        (URLENCODED, b"CSRF=a&csrf%00=a&xcsrf=a"),
        (URLENCODED, b""),
        (f"{URLENCODED}; charset=\xff", b"nothing"),
    ],
)
def test_what_is_no_form_or_has_no_such_field_has_none(content_type: str, body: bytes) -> None:
    assert read(content_type, body) is None


@settings(max_examples=50)
@given(st.binary(max_size=400), st.sampled_from([URLENCODED, MULTIPART]))
def test_noise_is_a_form_without_it(noise: bytes, content_type: str) -> None:
    assert read(content_type, b"--the edge\r\n" + noise) is None or b"csrf" in noise
