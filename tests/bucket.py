"""An object store on loopback (moto's real HTTP server) behind a proxy that misbehaves on request.

    with ObjectStore() as s3:
        s3.put("drops/a.png", data)
        s3.proxy.fail("a.png", status=503, times=2)
        open_bucket(s3.url("drops"))      # with s3.environment() in the environment

The fixture `s3` (tests/conftest.py) gives each test its own bucket and environment.
"""

from __future__ import annotations

import http.client
import json
import logging
import re
import secrets
import threading
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, Self
from urllib.parse import quote, unquote, urlsplit
from xml.sax.saxutils import unescape

HOST = "127.0.0.1"
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "content-length"}

OWNER = (
    "AWS4-HMAC-SHA256 Credential=OWNER/20260101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=unchecked"
)

Kind = Literal["status", "stall", "cut", "shorten", "lose", "ignore"]


@dataclass
class Fault:
    """What to do to requests whose path contains `part`.

    Attributes:
        kind: `status`: answer so and ask nothing; `stall`: half the body, then silence; `cut`:
            half of the promised body, then the connection ends; `shorten`: half the body, said to
            be all; `lose`: the store does it, and the answer is a 503; `ignore`: the store does it,
            and no answer comes.
        times: how often; None: until mended.
        method: only for this method.
    """

    kind: Kind
    part: str
    times: int | None = None
    method: str | None = None
    status: int = 503
    seconds: float = 0.0


@dataclass(frozen=True)
class Asked:
    """One request the proxy saw.

    Attributes:
        path: unquoted, `/bucket/key`.
        body: bytes of the answer's body that travelled.
    """

    method: str
    path: str
    query: str
    status: int
    body: int


class FaultProxy:
    """Passes requests on to a server, except where told to misbehave; keeps count.

    Attributes:
        asked: every request, in order.
        page: objects in one part of a listing; None leaves it to the server.
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream)
        self.asked: list[Asked] = []
        self._faults: list[Fault] = []
        self._hidden: set[str] = set()
        self.page: int | None = None
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer((HOST, 0), self._handler())
        self._server.daemon_threads = True
        self.endpoint = f"http://{HOST}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def fail(
        self,
        part: str = "",
        *,
        status: int = 503,
        times: int | None = None,
        method: str | None = None,
    ) -> None:
        self._faults.append(Fault("status", part, times, method, status=status))

    def stall(self, part: str = "", *, seconds: float = 60.0, times: int | None = None) -> None:
        self._faults.append(Fault("stall", part, times, "GET", seconds=seconds))

    def cut(self, part: str = "", *, times: int | None = None) -> None:
        self._faults.append(Fault("cut", part, times, "GET"))

    def shorten(self, part: str = "", *, times: int | None = None) -> None:
        self._faults.append(Fault("shorten", part, times, "GET"))

    def lose(self, part: str = "", *, times: int | None = 1, method: str = "PUT") -> None:
        self._faults.append(Fault("lose", part, times, method))

    def ignore(
        self, part: str = "", *, seconds: float = 60.0, times: int | None = 1, method: str = "PUT"
    ) -> None:
        self._faults.append(Fault("ignore", part, times, method, seconds=seconds))

    def hide(self, *keys: str) -> None:
        """Leave these keys out of every listing; the objects are there when asked for."""
        self._hidden.update(keys)

    def mend(self) -> None:
        """Misbehave no more."""
        self._faults.clear()
        self._hidden.clear()
        self.page = None

    def bodies(self, method: str = "GET") -> list[str]:
        """Paths of the objects whose bytes were asked for, in order; listings left out."""
        return [one.path for one in self.asked if one.method == method and not one.query]

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def _fault(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                wanted = fault.method in {None, method} and fault.part in path
                if wanted and (fault.times is None or fault.times > 0):
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None

    def _listing(self, body: bytes) -> bytes:
        def kept(match: re.Match[str]) -> str:
            key = re.search(r"<Key>(.*?)</Key>", match[0], re.DOTALL)
            name = unescape(key[1]) if key else ""
            return "" if {name, unquote(name)} & self._hidden else match[0]

        return re.sub(r"<Contents>.*?</Contents>", kept, body.decode(), flags=re.DOTALL).encode()

    def _handler(proxy) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: object) -> None:
                """Nothing: what was asked is in `asked`."""

            def answer(self) -> None:
                parts = urlsplit(self.path)
                path = unquote(parts.path)
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fault = proxy._fault(self.command, path + "?" + parts.query)
                if fault is not None and fault.kind == "status":
                    self.reply(fault.status, {}, b"", path, parts.query)
                    return
                status, headers, body = self.ask(sent)
                if fault is not None and fault.kind == "lose":
                    self.reply(503, {}, b"", path, parts.query)
                    return
                if fault is not None and fault.kind == "ignore":
                    proxy._closing.wait(fault.seconds)
                    self.close_connection = True
                    return
                if proxy._hidden and self.command == "GET" and b"<ListBucketResult" in body[:400]:
                    body = proxy._listing(body)
                if fault is not None and body:
                    self.spoil(fault, status, headers, body, path, parts.query)
                else:
                    self.reply(status, headers, body, path, parts.query)

            def ask(self, sent: bytes) -> tuple[int, dict[str, str], bytes]:
                upstream = http.client.HTTPConnection(proxy.upstream.netloc, timeout=30)
                try:
                    headers = {
                        name: value
                        for name, value in self.headers.items()
                        if name.lower() not in HOP_BY_HOP
                    }
                    target = self.path
                    if proxy.page is not None and "list-type=2" in target:
                        target += f"&max-keys={proxy.page}"
                    upstream.request(self.command, target, sent, headers)
                    answer = upstream.getresponse()
                    kept = {
                        name: value
                        for name, value in answer.getheaders()
                        if name.lower() not in HOP_BY_HOP | {"date", "server"}
                        or (self.command == "HEAD" and name.lower() == "content-length")
                    }
                    return answer.status, kept, answer.read()
                finally:
                    upstream.close()

            def spoil(
                self,
                fault: Fault,
                status: int,
                headers: Mapping[str, str],
                body: bytes,
                path: str,
                query: str,
            ) -> None:
                half = body[: len(body) // 2]
                if fault.kind == "shorten":
                    self.reply(status, headers, half, path, query)
                    return
                self.begin(status, headers, len(body))
                self.wfile.write(half)
                self.wfile.flush()
                self.count(status, len(half), path, query)
                if fault.kind == "stall":
                    proxy._closing.wait(fault.seconds)
                self.close_connection = True

            def reply(
                self, status: int, headers: Mapping[str, str], body: bytes, path: str, query: str
            ) -> None:
                self.count(status, len(body), path, query)
                self.begin(status, headers, len(body))
                self.wfile.write(body)

            def begin(self, status: int, headers: Mapping[str, str], length: int) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if "content-length" not in {name.lower() for name in headers}:
                    self.send_header("Content-Length", str(length))
                self.end_headers()

            def count(self, status: int, body: int, path: str, query: str) -> None:
                with proxy._lock:
                    proxy.asked.append(Asked(self.command, path, query, status, body))

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer

        return Handler


class ObjectStore:
    """moto's S3 server and a bucket of it, reached through a FaultProxy."""

    def __init__(self) -> None:
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer(ip_address=HOST, port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.direct = f"http://{host}:{port}"
        self.proxy = FaultProxy(self.direct)
        self.bucket = ""
        self.begin()

    def begin(self) -> None:
        """Go on with a bucket of its own and a proxy that behaves."""
        self.proxy.mend()
        self.proxy.asked.clear()
        self.bucket = f"photos-{secrets.token_hex(4)}"
        self._ask("PUT", f"/{self.bucket}")

    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to find the bucket."""
        return {
            "AWS_ENDPOINT_URL": self.proxy.endpoint,
            "AWS_ACCESS_KEY_ID": "AKIASCRUBJAY",
            "AWS_SECRET_ACCESS_KEY": "a-secret-of-nobody",
            "AWS_REGION": "us-east-1",
        }

    def url(self, prefix: str = "") -> str:
        return f"s3://{self.bucket}/{prefix}".rstrip("/")

    def put(self, key: str, data: bytes) -> None:
        """Write an object as the owner's own program would: past the proxy."""
        self._ask("PUT", f"/{self.bucket}/{quote(key)}", data)

    def get(self, key: str) -> bytes:
        return self._ask("GET", f"/{self.bucket}/{quote(key)}")

    def delete(self, key: str) -> None:
        self._ask("DELETE", f"/{self.bucket}/{quote(key)}")

    def keys(self) -> list[str]:
        found = self._ask("GET", f"/{self.bucket}?list-type=2&max-keys=1000").decode()
        return [unescape(key) for key in re.findall(r"<Key>(.*?)</Key>", found)]

    def close(self) -> None:
        self.proxy.close()
        self._server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def _ask(self, method: str, path: str, data: bytes | None = None) -> bytes:
        request = urllib.request.Request(self.direct + path, data=data, method=method)
        request.add_header("Content-Type", "application/octet-stream")
        request.add_header("Authorization", OWNER)  # unsigned, an owner's object is not public
        for left in reversed(range(20)):
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return answer.read()
            except ConnectionError:
                if not left:
                    raise
                time.sleep(0.05)
        raise AssertionError("unreachable")


class RoleServer:
    """The metadata service of an instance that has a role (IMDSv2)."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: object) -> None:
                """Nothing."""

            def answer(self) -> None:
                server.asked.append(self.path)
                if self.path.endswith("/api/token"):
                    body = b"a-token"
                elif self.path.endswith("/security-credentials/"):
                    body = b"scrubjay-role"
                else:
                    body = json.dumps(
                        {
                            "AccessKeyId": "AKIAROLE",
                            "SecretAccessKey": "of-the-role",
                            "Token": "session",
                            "Expiration": "2199-01-01T00:00:00Z",
                            "Code": "Success",
                        }
                    ).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_PUT = answer

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self.endpoint = f"http://{HOST}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
