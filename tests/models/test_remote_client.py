"""Another server is asked as it should be, and whatever it does ends in words, soon, safely."""

from __future__ import annotations

import json
import socket
import time

import pytest

from scrubjay.core.errors import BadConfig, ModelNotFound, RemoteFailed
from scrubjay.models import remote_client
from scrubjay.models.remote_client import RemoteRefused, RemoteServer
from tests.models.remote_server import (
    MODEL,
    ProtocolServer,
    cut,
    drip,
    events,
    flood,
    hang_up,
    protocol_server,
    raw,
    seconds,
    stall,
    status,
)

KEY = "sk-a-secret-nobody-may-read"
CHAT = "/chat/completions"
BODY = {
    "model": MODEL,
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "repeat: good day"}],
}


def to(server: ProtocolServer, **options) -> RemoteServer:
    return RemoteServer(server.url, MODEL, **{"timeout_s": 60, "retries": 0, **options})


def said(answer) -> str:
    return answer["choices"][0]["message"]["content"]


def test_a_json_body_is_answered_with_a_json_object(server):
    assert said(to(server).post(CHAT, BODY)) == "good day"


def test_only_headers_a_request_needs_leave_whatever_the_environment_holds(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ADMIN_KEY", KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-secret")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Secret: {KEY}")
    to(server).post(CHAT, BODY)
    (asked,) = server.requests
    assert set(asked.headers) == {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "content-type",
        "content-length",
        "user-agent",
    }
    assert asked.headers["user-agent"] == "scrubjay"
    assert "secret" not in str(asked.headers)


def test_a_proxy_is_used_only_when_an_option_names_its_variable(server, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(0.2)
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, address)
        assert said(to(server).post(CHAT, BODY)) == "good day"
        with pytest.raises(TimeoutError):
            proxy.accept()
        proxy.settimeout(60)
        with pytest.raises(RemoteFailed):
            to(server, proxy_variable="HTTP_PROXY", timeout_s=0.5).post(CHAT, BODY)
        proxy.accept()[0].close()


def test_the_key_is_read_from_the_environment_and_never_said(monkeypatch):
    monkeypatch.setenv("LOOKER_KEY", KEY)
    with protocol_server(key=KEY) as server:
        assert said(to(server, key_variable="LOOKER_KEY").post(CHAT, BODY)) == "good day"
        monkeypatch.setenv("LOOKER_KEY", f"{KEY}-wrong")
        with pytest.raises(RemoteFailed, match="refuses the key it was sent") as wrong:
            to(server, key_variable="LOOKER_KEY").post(CHAT, BODY)
        with pytest.raises(RemoteFailed, match="a request without a key") as missing:
            to(server).post(CHAT, BODY)
        server.script.append(status(500, f"cannot use {KEY}-wrong at all"))
        with pytest.raises(RemoteFailed, match=r"cannot use \*\*\* at all") as echoed:
            to(server, key_variable="LOOKER_KEY").post(CHAT, BODY)
    for error in (wrong, missing, echoed):
        assert KEY not in str(error.value)


def test_a_variable_that_is_not_set_is_named(server, monkeypatch):
    monkeypatch.delenv("LOOKER_KEY", raising=False)
    with pytest.raises(BadConfig, match="'LOOKER_KEY' must hold the key"):
        to(server, key_variable="LOOKER_KEY")


@pytest.mark.parametrize(
    "url", ["", "localhost:8000", "ftp://host/v1", "file:///etc/passwd", "http://", "http://[::1"]
)
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(BadConfig):
        RemoteServer(url, MODEL)


@pytest.mark.parametrize(
    "url", [f"http://me:{KEY}@host/v1", f"http://host/v1?key={KEY}", f"http://host/v1#{KEY}"]
)
def test_an_address_that_holds_a_secret_is_refused_without_repeating_it(url):
    with pytest.raises(BadConfig, match="key_variable") as refused:
        RemoteServer(url, MODEL)
    assert KEY not in str(refused.value)


@pytest.mark.parametrize(("timeout_s", "retries"), [(0, 1), (-1, 1), (1, -1), (1, 101)])
def test_numbers_that_cannot_be_are_refused(timeout_s, retries):
    with pytest.raises(BadConfig):
        RemoteServer("http://localhost/v1", MODEL, timeout_s=timeout_s, retries=retries)


def test_a_server_that_is_not_there_is_named():
    with socket.socket() as held:  # its port is nobody else's, and it does not listen
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        asked = RemoteServer(f"http://127.0.0.1:{port}/v1", MODEL, retries=0)
        with pytest.raises(RemoteFailed, match=rf"127\.0\.0\.1:{port}/v1 cannot be reached"):
            asked.post(CHAT, BODY)


def test_a_silent_server_is_left_in_time(server):
    server.script.append(stall(60))
    began = time.monotonic()
    with pytest.raises(RemoteFailed, match="silent for too long"):
        to(server, timeout_s=0.2).post(CHAT, BODY)
    assert seconds(began) < 50


def test_a_server_that_never_ends_is_left_in_time(server, monkeypatch):
    server.script.append(drip(b" ", 0.02))
    monkeypatch.setattr(remote_client, "PATIENCE", 0.1)
    with pytest.raises(RemoteFailed, match="too long to end"):
        to(server, timeout_s=10).post(CHAT, BODY)


def test_an_answer_without_end_is_cut_off(server):
    server.script.append(flood)
    with pytest.raises(RemoteFailed, match="more than 1,000,000 bytes"):
        to(server, most_bytes=1_000_000).post(CHAT, BODY)


def test_an_error_without_end_is_cut_off_too(server):
    server.script.append(status(400, "x" * 2_000_000))
    with pytest.raises(RemoteFailed, match="more than 1,000,000 bytes"):
        to(server, most_bytes=1_000_000).post(CHAT, BODY)


def test_a_compressed_answer_nobody_asked_for_is_not_unpacked(server):
    server.script.append(raw(b"\x1f\x8b...", Content_Encoding="gzip"))
    with pytest.raises(RemoteFailed, match="compressed"):
        to(server).post(CHAT, BODY)


@pytest.mark.parametrize("failing", [status(500), status(503), status(429), hang_up])
def test_what_may_succeed_later_is_tried_again(server, failing):
    server.script.append(failing)
    assert said(to(server, retries=1).post(CHAT, BODY)) == "good day"
    assert len(server.requests) == 2


def test_as_long_as_the_server_says_is_waited(server):
    server.script.append(status(429, "slow down", Retry_After="1"))
    began = time.monotonic()
    to(server, retries=1).post(CHAT, BODY)
    assert seconds(began) >= 1


def test_a_server_that_stays_busy_says_when_to_come_back(server):
    server.script.append(status(429, "slow down", Retry_After="7"))
    with pytest.raises(RemoteFailed, match=r"asked too often \(429\); wait for 7 s"):
        to(server).post(CHAT, BODY)


def test_what_cannot_succeed_later_is_not_tried_again(server):
    server.script += [status(400, "no such parameter"), status(400)]
    with pytest.raises(RemoteRefused, match="no such parameter"):
        to(server, retries=2).post(CHAT, BODY)
    assert len(server.requests) == 1


def test_a_model_it_does_not_have_is_answered_with_those_it_has(server):
    asked = RemoteServer(server.url, "nobody", retries=0)
    with pytest.raises(ModelNotFound, match="no model 'nobody'; it has: looker, other"):
        asked.post(CHAT, {**BODY, "model": "nobody"})


def test_an_address_beside_the_api_is_said_to_be_so(server):
    asked = RemoteServer(server.url.removesuffix("/v1"), MODEL, retries=0)
    with pytest.raises(ModelNotFound, match="does the address end where its API begins"):
        asked.post(CHAT, BODY)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_takes_no_key_along(server, monkeypatch, code):
    monkeypatch.setenv("LOOKER_KEY", KEY)
    with protocol_server() as elsewhere:
        server.script.append(status(code, Location=f"{elsewhere.url}/chat/completions"))
        with pytest.raises(RemoteFailed, match=r"sends on to 127\.0\.0\.1.*not followed"):
            to(server, key_variable="LOOKER_KEY", retries=2).post(CHAT, BODY)
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    "fault",
    [
        raw(b""),
        raw(b"<html>Bad gateway</html>", "text/html"),
        raw(b'{"choices": ['),
        raw(b"[]"),
        raw(b"null"),
        raw(b"\xff\xfe"),
        raw(b"[" * 100_000),
        cut,
    ],
)
def test_an_answer_nobody_can_read_is_an_error_with_the_servers_name(server, fault):
    server.script.append(fault)
    with pytest.raises(RemoteFailed, match=r"http://127\.0\.0\.1:\d+/v1"):
        to(server).post(CHAT, BODY)


@pytest.mark.parametrize(
    "fault",
    [
        events("{"),
        events("[]"),
        events({"error": {"message": "out of memory"}}),
        status(500),
        raw(b"\xff\n\n", "text/event-stream"),
    ],
)
def test_a_stream_nobody_can_read_is_an_error_with_the_servers_name(server, fault):
    server.script.append(fault)
    with pytest.raises(RemoteFailed, match=r"http://127\.0\.0\.1:\d+/v1"):
        list(to(server).stream(CHAT, BODY))


def test_a_strangers_words_are_short_and_plain(server):
    server.script.append(status(500, "\x1b[31mred\x00" + "x" * 5000))
    with pytest.raises(RemoteFailed) as failed:
        to(server).post(CHAT, BODY)
    assert str(failed.value).isprintable()
    assert len(str(failed.value)) < 500


def test_a_fingerprint_is_of_address_model_and_room(server):
    one = to(server)
    assert one.fingerprint("vlm") == to(server, retries=1).fingerprint("vlm")
    others = {one.fingerprint("asr"), RemoteServer(server.url, "b").fingerprint("vlm")}
    assert one.fingerprint("vlm") not in others
    assert json.dumps(one.name) == f'"{MODEL} at 127.0.0.1:{server.port}"'


def test_a_server_that_lists_nothing_has_no_models_to_name(server):
    assert to(server).models() == ("looker", "other")
    dead = RemoteServer("http://127.0.0.1:9/v1", MODEL, retries=0)
    assert dead.models() == ()
