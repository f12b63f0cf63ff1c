"""A session's cookie: signed, expiring, and over when it was ended."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.web.auth import Keys
from scrubjay.web.sessions import COOKIE, LIFETIME_S, Sessions

KEY = Keys.of("a-token-of-at-least-twenty-characters").session


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_session_is_known_until_its_time_is_up() -> None:
    clock = Clock()
    sessions = Sessions(KEY, clock=clock)
    session, value = sessions.begin()
    assert sessions.recognise(value) == session
    clock.now += LIFETIME_S - 1
    assert sessions.recognise(value) == session
    clock.now += 1
    assert sessions.recognise(value) is None


def test_another_server_with_the_same_token_knows_it_and_no_other_does() -> None:
    session, value = Sessions(KEY).begin()
    assert Sessions(KEY).recognise(value) == session
    assert Sessions(Keys.of("another-token-of-at-least-20").session).recognise(value) is None
    assert Sessions(Keys.of(None).session).recognise(value) is None


def test_logging_out_ends_it_for_whoever_kept_the_cookie() -> None:
    clock = Clock()
    sessions = Sessions(KEY, clock=clock)
    (session, value), (other, kept) = sessions.begin(), sessions.begin()
    sessions.end(session)
    assert sessions.recognise(value) is None
    assert sessions.recognise(kept) == other
    clock.now += 2 * LIFETIME_S
    sessions.end(other)
    assert list(sessions._ended) == [other.id]  # what has expired anyway is not remembered


def test_what_is_remembered_of_ended_sessions_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scrubjay.web.sessions._MAX_ENDED", 5)
    sessions = Sessions(KEY)
    begun = [sessions.begin() for _ in range(8)]
    for session, _ in begun:
        sessions.end(session)
    assert [sessions.recognise(value) is None for _, value in begun] == [False] * 3 + [True] * 5


@given(st.data())
def test_no_changed_cookie_is_known(data: st.DataObject) -> None:
    sessions = Sessions(KEY)
    _session, value = sessions.begin()
    at = data.draw(st.integers(0, len(value) - 1))
    letter = data.draw(st.characters(max_codepoint=0x17F))
    changed = value[:at] + letter + value[at + 1 :]
    assert changed == value or sessions.recognise(changed) is None


@pytest.mark.parametrize("value", ["", ".", "..", "...", "1.2.3", "1.2.3.4", "a" * 10_000, "1..x."])
def test_nonsense_is_no_session(value: str) -> None:
    assert Sessions(KEY).recognise(value) is None


def test_a_longer_life_cannot_be_written_in() -> None:
    sessions = Sessions(KEY)
    session, value = sessions.begin()
    longer = value.replace(str(session.expires), str(session.expires + 1))
    assert longer != value
    assert sessions.recognise(longer) is None


def test_the_cookie_is_closed_to_scripts_and_other_sites() -> None:
    sessions = Sessions(KEY)
    _, value = sessions.begin()
    header = sessions.cookie(value, secure=False)
    assert header.startswith(f"{COOKIE}={value}; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/", f"Max-Age={LIFETIME_S}"} <= set(
        header.split("; ")
    )
    assert "Secure" not in header
    assert sessions.cookie(value, secure=True).endswith("; Secure")
    assert "Max-Age=0" in sessions.cookie("", secure=False)
    assert base64.b64encode(KEY).decode()[:8] not in header
