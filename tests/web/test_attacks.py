"""What no honest client sends, over real sockets: each is refused, and the server goes on."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import uvicorn

from scrubjay.core.config import Settings
from scrubjay.store.home import Home
from scrubjay.web import body_limit, http_protocol
from scrubjay.web.server import create_app
from scrubjay.web.settings import ServeSettings

TOKEN = "a-token-of-at-least-twenty-characters"
LIMIT = 256 * 1024
MB = 1024 * 1024
HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n"
AUTH = b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"


class Counting(http_protocol.BoundedHttp):
    """The server's protocol; counts what it takes off the wire."""

    taken = 0

    def data_received(self, data: bytes) -> None:
        Counting.taken += len(data)
        super().data_received(data)


@dataclass(frozen=True)
class Server:
    port: int

    def connect(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def answer(self, request: bytes, *, hang_up: bool = False) -> bytes:
        """Everything the server says to these bytes, and to the end of them.

        Who hangs up after asking may miss the answer; who does not asks the server to.
        """
        with self.connect() as connection:
            connection.sendall(request)
            if hang_up:
                connection.shutdown(socket.SHUT_WR)
            return everything(connection)

    def is_well(self) -> bool:
        return self.answer(b"GET /healthz HTTP/1.0\r\n" + HOST + b"\r\n").startswith(
            b"HTTP/1.1 200"
        )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = Home(Settings(home=tmp_path_factory.mktemp("home"), threads=1, builtin=False))
    settings = ServeSettings(token=TOKEN, max_body=LIMIT, watch_s=0, access_log=False)
    bounds = {**http_protocol.BOUNDS, "http": Counting, "limit_concurrency": 40}
    app = create_app(home, settings)
    running = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", **bounds))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    until = time.monotonic() + 60
    while not running.started:
        assert time.monotonic() < until
        time.sleep(0.01)
    yield Server(running.servers[0].sockets[0].getsockname()[1])
    running.should_exit = True
    thread.join(30)


@pytest.fixture(autouse=True)
def _goes_on(server: Server) -> Iterator[None]:
    Counting.taken = 0
    yield
    assert server.is_well()


def everything(connection: socket.socket) -> bytes:
    come = b""
    try:
        while piece := connection.recv(65536):
            come += piece
    except ConnectionError:
        pass
    return come


def statuses(answer: bytes) -> list[int]:
    return [int(one[:3]) for one in answer.split(b"HTTP/1.1 ")[1:]]


def sent_until_refused(connection: socket.socket, head: bytes, piece: bytes, most: int) -> bytes:
    """Send a head, then the same piece again and again; what the server says in the end."""
    sent = 0
    try:
        connection.sendall(head)
        while sent < most:
            sent += connection.send(piece)
    except (ConnectionError, TimeoutError):
        pass
    return everything(connection)


# Bodies.

POSTS = [
    ("/v1/embeddings", b"application/json"),
    ("/v1/search", b"application/json"),
    ("/v1/items", b"application/json"),
    ("/v1/items", b"multipart/form-data; boundary=b"),
    ("/upload", b"multipart/form-data; boundary=b"),
    ("/login", b"application/x-www-form-urlencoded"),
]


@pytest.mark.parametrize(("path", "content_type"), POSTS)
def test_a_chunked_body_without_end_is_refused_within_a_megabyte(
    server: Server, path: str, content_type: bytes
) -> None:
    head = b"POST %s HTTP/1.1\r\n%s%sContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n" % (
        path.encode(),
        HOST,
        AUTH,
        content_type,
    )
    begin = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
    first = begin if b"multipart" in content_type else b""
    piece = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    with server.connect() as connection:
        answer = sent_until_refused(
            connection, head + b"%x\r\n%s\r\n" % (len(first), first) * bool(first), piece, 64 * MB
        )
    assert statuses(answer)[:1] == [413]
    assert b"over the limit of 262,144 bytes" in answer
    assert b"content-security-policy" in answer
    assert Counting.taken < LIMIT + MB


@pytest.mark.parametrize(("path", "content_type"), POSTS)
def test_a_length_over_the_limit_is_refused_unread(
    server: Server, path: str, content_type: bytes
) -> None:
    head = b"POST %s HTTP/1.1\r\n%s%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (
        path.encode(),
        HOST,
        AUTH,
        content_type,
        LIMIT + 1,
    )
    with server.connect() as connection:
        connection.sendall(head)
        assert b" 413 " in connection.recv(65536)


def test_a_body_of_just_the_limit_is_read(server: Server) -> None:
    body = b'{"text": "' + b"a" * (LIMIT - 12) + b'"}'
    assert len(body) == LIMIT
    head = b"POST /v1/search HTTP/1.1\r\n%s%sContent-Type: application/json\r\n" % (
        HOST + CLOSE,
        AUTH,
    )
    whole = b"Content-Length: %d\r\n\r\n" % LIMIT
    assert statuses(server.answer(head + whole + body)) in ([400], [422], [503])
    chunks = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (LIMIT, body)
    assert statuses(server.answer(head + chunks)) in ([400], [422], [503])


def test_who_is_not_let_in_is_not_read_to_the_end(server: Server) -> None:
    head = b"POST /v1/items HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    with server.connect() as connection:
        piece = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
        answer = sent_until_refused(connection, head, piece, 64 * MB)
    assert statuses(answer)[:1] == [401]
    assert Counting.taken < 2 * MB


@pytest.mark.parametrize("framing", [b"Content-Length: 100", b"Transfer-Encoding: chunked"])
def test_a_body_that_stops_coming_is_given_up(
    server: Server, monkeypatch: pytest.MonkeyPatch, framing: bytes
) -> None:
    monkeypatch.setattr(body_limit, "IDLE_S", 0.3)
    head = b"POST /v1/search HTTP/1.1\r\n%s%s%s\r\n\r\n" % (HOST, AUTH, framing)
    with server.connect() as connection:
        connection.sendall(head + (b"2\r\n{ \r\n" if b"chunked" in framing else b"{ "))
        answer = everything(connection)
    assert statuses(answer) == [408]


def test_a_body_that_drips_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "IDLE_S", 0.5)
    head = b"POST /v1/search HTTP/1.1\r\n%s%sContent-Length: 9999\r\n\r\n" % (HOST, AUTH)
    with server.connect() as connection:
        connection.sendall(head)
        until, dripped = time.monotonic() + 60, 0
        connection.settimeout(0.1)
        answer = b""
        while not answer and time.monotonic() < until:
            connection.sendall(b" ")
            dripped += 1
            try:
                answer = connection.recv(65536)
            except TimeoutError:
                continue
    assert statuses(answer) == [408]
    assert dripped < 600


def test_a_client_that_leaves_in_the_middle_costs_nothing(server: Server) -> None:
    head = b"POST /v1/search HTTP/1.1\r\n%s%sContent-Length: 9999\r\n\r\n{" % (HOST, AUTH)
    for _ in range(60):
        with server.connect() as connection:
            connection.sendall(head)


# Heads.


@pytest.mark.parametrize(
    "piece",
    [b"X-A: " + b"a" * 1000 + b"\r\n", b"a" * 4096, b"X: y\r\n" * 500],
    ids=["headers", "one header", "small headers"],
)
def test_headers_without_end_are_refused(server: Server, piece: bytes) -> None:
    head = b"GET /healthz HTTP/1.1\r\n" + HOST + b"X-Begin: "
    with server.connect() as connection:
        answer = sent_until_refused(connection, head, piece, 64 * MB)
    assert statuses(answer) in ([431], [400], [])
    assert Counting.taken < MB


def test_an_address_without_end_is_refused(server: Server) -> None:
    with server.connect() as connection:
        answer = sent_until_refused(connection, b"GET /", b"a" * 4096, 64 * MB)
    assert statuses(answer) in ([431], [400], [])
    assert Counting.taken < MB
    long = b"GET /%s HTTP/1.1\r\n%s%s\r\n" % (b"a" * 3000, HOST + CLOSE, AUTH)
    assert statuses(server.answer(long)) == [414]


def test_trailers_without_end_are_refused(server: Server) -> None:
    head = b"POST /v1/search HTTP/1.1\r\n%s%sTransfer-Encoding: chunked\r\n\r\n" % (HOST, AUTH)
    with server.connect() as connection:
        sent_until_refused(connection, head + b"2\r\n{}\r\n0\r\n", b"X-A: a\r\n" * 500, 64 * MB)
    assert Counting.taken < MB


def test_a_trailer_is_no_header(server: Server) -> None:
    request = (
        b"POST /v1/search HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\nTrailer: Authorization\r\n"
        b"\r\n2\r\n{}\r\n0\r\n%s\r\n" % (HOST + CLOSE, AUTH)
    )
    assert statuses(server.answer(request)) == [401]


def test_a_head_that_does_not_end_in_time_is_given_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_S", 1.0)
    sound = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
    for begun, found in (
        (b"", []),
        (b"G", [408]),
        (b"GET /healthz HTTP/1.1\r\nHost: local", [408]),
        (sound + b"GET /heal", [200, 408]),
        (sound + b"\r\n", [200]),
    ):
        with server.connect() as connection:
            connection.sendall(begun)
            assert statuses(everything(connection)) == found


def test_more_connections_than_allowed_are_told_so_and_others_work_afterwards(
    server: Server,
) -> None:
    kept = [server.connect() for _ in range(45)]
    refused = server.answer(b"GET /healthz HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")
    assert statuses(refused) == [503]
    for one in kept:
        one.close()
    until = time.monotonic() + 60
    while not server.is_well():
        assert time.monotonic() < until


def test_behind_a_proxy_that_ends_tls_cookies_are_for_tls_alone(server: Server) -> None:
    head = b"GET /login HTTP/1.1\r\nAccept: text/html\r\n" + HOST + CLOSE
    assert b"; Secure" not in server.answer(head + b"\r\n")
    assert b"; Secure" in server.answer(head + b"X-Forwarded-Proto: https\r\n\r\n")


# Who asks, again for each request of a connection.


def test_pipelined_requests_are_judged_one_by_one(server: Server) -> None:
    known = b"GET /v1/items HTTP/1.1\r\n" + HOST + AUTH + b"\r\n"
    unknown = b"GET /v1/items HTTP/1.1\r\n" + HOST + b"\r\n"
    foreign = b"GET /v1/items HTTP/1.1\r\nHost: evil.example\r\n" + AUTH + b"\r\n"
    last = unknown.replace(HOST, HOST + CLOSE)
    found = statuses(server.answer(known + unknown + known + foreign + last))
    assert found == [200, 401, 200, 421, 401]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (AUTH, 421),
        (HOST + HOST + AUTH, 421),
        (b"Host: \r\n" + AUTH, 421),
        (b"Host: evil.example\r\n" + HOST + AUTH, 421),
        (b"Host: localhost@evil.example\r\n" + AUTH, 421),
        (b"Host: localhost:80:80\r\n" + AUTH, 421),
        (b"Host: LOCALHOST:1234\r\n" + AUTH, 200),
        (b"Host: [::1]:8000\r\n" + AUTH, 200),
        (HOST + AUTH + AUTH, 401),
        (HOST + AUTH + b"Authorization: Bearer x\r\n", 401),
        (HOST + b"Authorization: bearer  " + TOKEN.encode() + b"  \r\n", 200),
        (HOST + b"Cookie: scrubjay_session=1.9999999999.aa.bb\r\n", 401),
        (HOST + b"Cookie: scrubjay_session=\xff\xfe\r\n", 401),
        (HOST + b"Cookie: " + b"a=b; " * 5000 + b"\r\n", 401),
        (HOST + AUTH + b"Origin: http://localhost\r\nOrigin: http://localhost\r\n", 403),
        (HOST + AUTH + b"Origin: http://localhost\r\n", 200),
        (HOST + AUTH + b"Origin: http://localhost:81\r\n", 403),
        (HOST + AUTH + b"Origin: http://localhost/\r\n", 403),
        (HOST + AUTH + b"Origin: http://user@localhost\r\n", 403),
        (HOST + AUTH + b"Origin: http://[\r\n", 403),
        (HOST + AUTH + b"Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: none\r\n", 403),
        (HOST + AUTH + b"Connection: Upgrade\r\nUpgrade: websocket\r\n", 200),
    ],
)
def test_headers_that_are_missing_doubled_or_strange(
    server: Server, headers: bytes, status: int
) -> None:
    request = b"GET /v1/items HTTP/1.1\r\n" + headers + CLOSE + b"\r\n"
    assert statuses(server.answer(request)) == [status]


def test_two_lengths_are_none(server: Server) -> None:
    hidden = b"GET /v1/items HTTP/1.1\r\n" + HOST + AUTH + b"\r\n"
    for framing in (
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: 99999999999999999999999\r\n",
    ):
        head = b"POST /v1/search HTTP/1.1\r\n" + HOST + framing + b"\r\n"
        found = statuses(server.answer(head + b"0\r\n\r\n" + hidden, hang_up=True))
        assert 200 not in found, framing


# Addresses.

NOWHERE = [
    *("/%", "/%z", "/%zz", "/%2", "/%ff", "/%c0%ae", "/%00", "/v1/items/%00", "/a%0d%0ab"),
    *("/..", "/../etc/passwd", "/static/../../etc/passwd", "/static/0/../../settings.py"),
    *("/%2e%2e/", "/static/0/%2e%2e%2f%2e%2e%2fsettings.py", "/static/0/..%2fsettings.py"),
    *("/static/0/..%5c..%5csettings.py", "/v1/items/../champion", "/v1/items/%2e%2e/media"),
    *("/v1/items/a/..", "/v1/items/./media", "/static/./0/base.css", "/?q=%zz", "/?%"),
]


@pytest.mark.parametrize("path", NOWHERE)
def test_addresses_that_lead_astray_are_refused(server: Server, path: str) -> None:
    for who in (AUTH, b""):
        request = b"GET %s HTTP/1.1\r\n%s%s\r\n" % (path.encode(), HOST + CLOSE, who)
        assert statuses(server.answer(request)) == [400]


@pytest.mark.parametrize(
    "path",
    [
        *("/static/0//etc/passwd", "/static/0/%2fetc%2fpasswd", "/static//etc/passwd"),
        *("/static/0/settings.py", "/static/0/base.css%20", "/static/0/....//base.css"),
        *("//evil.example/", "///", "/static/0/base.css/", "/static/~root"),
    ],
)
def test_nothing_but_assets_is_below_static(server: Server, path: str) -> None:
    request = b"GET %s HTTP/1.1\r\n%s%s\r\n" % (path.encode(), HOST + CLOSE, AUTH)
    assert statuses(server.answer(request)) in ([404], [307])


@pytest.mark.parametrize(
    "request_line",
    [
        *(b"GET / HTTP/9.9", b"GET /", b"GET", b"/ GET HTTP/1.1", b"GET / HTTP/1.1 extra"),
        *(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0", b"\x00" * 100),
        *(b"GET /\x00 HTTP/1.1", b"GET /\xff HTTP/1.1", b"CONNECT evil.example:443 HTTP/1.1"),
        *(b"OPTIONS * HTTP/1.1", b"GET http://evil.example/ HTTP/1.1", b"GET ? HTTP/1.1"),
        *(b"get / HTTP/1.1", b"EVIL / HTTP/1.1", b"GET  /  HTTP/1.1", b"GET # HTTP/1.1"),
    ],
)
def test_what_is_hardly_http_gets_no_answer_from_the_inside(
    server: Server, request_line: bytes
) -> None:
    answer = server.answer(request_line + b"\r\n" + HOST + b"\r\n", hang_up=True)
    assert 200 not in statuses(answer)
    assert 500 not in statuses(answer)


def test_noise_gets_no_answer_from_the_inside(server: Server) -> None:
    chance = random.Random(5)
    sound = b"POST /v1/search?a=b HTTP/1.1\r\n%sContent-Length: 2\r\nX: y\r\n\r\n{}" % HOST
    for _ in range(150):
        bent = bytearray(sound)
        for _ in range(chance.randint(1, 6)):
            bent[chance.randrange(len(bent))] = chance.randrange(256)
        found = statuses(server.answer(bytes(bent), hang_up=True))
        assert not set(found) & {200, 500}, bytes(bent)
