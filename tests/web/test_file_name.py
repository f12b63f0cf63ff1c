"""Whatever a stranger calls a file, what we keep and send can do no harm."""

from __future__ import annotations

import unicodedata
from email.message import Message
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.web.file_name import MAX_BYTES, UNNAMED, content_disposition, safe_file_name

HOSTILE = st.text(alphabet=st.characters(), max_size=400) | st.lists(
    st.sampled_from(["..", "/", "\\", ".", "a", "\x00", "\r\n", '"', "%2e", ":", "CON", "\u202e"])
).map("".join)


@given(HOSTILE)
def test_a_safe_name_is_one_plain_part(name: str) -> None:
    safe = safe_file_name(name)
    assert safe
    assert safe not in {".", ".."}
    assert len(safe.encode()) <= MAX_BYTES
    assert not set(safe) & set('/\\<>:"|?*\x00')
    assert not any(unicodedata.category(one).startswith("C") for one in safe)
    assert not safe.startswith(".")
    assert safe_file_name(safe) == safe


@given(HOSTILE)
def test_the_header_is_one_line_and_says_the_name(name: str) -> None:
    header = content_disposition(name, "attachment")
    header.encode("ascii")
    assert "\r" not in header
    assert "\n" not in header
    read = Message()
    read["content-disposition"] = header
    assert read.get_content_disposition() == "attachment"
    assert unquote(header.rpartition("''")[2]) == safe_file_name(name)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("cat.jpg", "cat.jpg"),
        ("Grüße aus Köln.png", "Grüße aus Köln.png"),
        ("日本語.wav", "日本語.wav"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\photo.jpg", "photo.jpg"),
        ("..", UNNAMED),
        ("...", UNNAMED),
        ("", UNNAMED),
        (None, UNNAMED),
        ("a/", UNNAMED),
        (".htaccess", "htaccess"),
        ("nul.txt", "_nul.txt"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("a\r\nSet-Cookie: x=1", "aSet-Cookie_ x=1"),
        ("two  spaces .png", "two spaces .png"),
        ("\ud800.png", "_.png"),
    ],
)
def test_names_people_and_attackers_use(name: str | None, safe: str) -> None:
    assert safe_file_name(name) == safe


def test_a_long_name_keeps_its_extension() -> None:
    safe = safe_file_name("ü" * 300 + ".jpeg")
    assert safe.endswith("ü.jpeg")
    assert MAX_BYTES - 2 <= len(safe.encode()) <= MAX_BYTES
    assert len(safe_file_name("a." + "b" * 400).encode()) == MAX_BYTES
