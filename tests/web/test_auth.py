"""The token: where it comes from, when it must be there, and that it is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from scrubjay.core.errors import WrongUse
from scrubjay.web.auth import TOKEN_VARIABLE, Keys, is_loopback, read_token, require_token
from scrubjay.web.server import create_app
from scrubjay.web.settings import ServeSettings

TOKEN = "a-token-of-at-least-twenty-characters"


def test_a_file_is_read_before_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"  {TOKEN}\n")
    assert read_token(file, {TOKEN_VARIABLE: "another-token-of-twenty"}) == TOKEN
    assert read_token(None, {TOKEN_VARIABLE: TOKEN}) == TOKEN
    assert read_token(None, {}) is None
    assert read_token(None, {TOKEN_VARIABLE: ""}) is None


@pytest.mark.parametrize(
    "text", ["", "short", " " * 50, "a" * 19, "ä" * 30, "with a space in the middle", "a" * 5000]
)
def test_an_unusable_token_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    with pytest.raises(WrongUse) as caught:
        read_token(file, {})
    assert "openssl rand" in str(caught.value)
    assert text.strip() == "" or text.strip() not in str(caught.value)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="cannot be read: No such file"):
        read_token(tmp_path / "none", {TOKEN_VARIABLE: TOKEN})


def test_only_the_token_is_known() -> None:
    keys = Keys.of(TOKEN)
    assert keys.knows(TOKEN)
    for wrong in ("", TOKEN[:-1], TOKEN + "a", TOKEN.upper(), "ä", "\udcff", TOKEN[:-1] + "\x00"):
        assert not keys.knows(wrong)
    assert not Keys.of(None).knows("")


def test_keys_follow_from_the_token_and_differ_from_each_other() -> None:
    one, same, other = Keys.of(TOKEN), Keys.of(TOKEN), Keys.of(TOKEN + "x")
    assert (one.session, one.form) == (same.session, same.form)
    assert len({one.session, one.form, other.session, other.form}) == 4
    assert Keys.of(None).form != Keys.of(None).form


def test_nothing_prints_the_token() -> None:
    for shown in (repr(Keys.of(TOKEN)), repr(ServeSettings(token=TOKEN))):
        assert TOKEN not in shown


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("127.1", False),
    ],
)
def test_loopback_is_told_from_everything_else(host: str, local: bool) -> None:
    assert is_loopback(host) is local


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "scrubjay.example.org"])
def test_no_server_off_loopback_without_a_token(host: str) -> None:
    with pytest.raises(WrongUse, match="refusing to serve"):
        require_token(host, None)
    with pytest.raises(WrongUse, match="refusing to serve"):
        create_app(None, ServeSettings(host=host))  # type: ignore[arg-type]
    require_token(host, TOKEN)
    require_token("127.0.0.1", None)
