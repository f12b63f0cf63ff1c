"""What a request leaves behind: an id, a count, and a line that holds no secret."""

from __future__ import annotations

import asyncio
import io
import json
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.testclient import TestClient

from scrubjay.web import request_log
from scrubjay.web.metrics import Metrics
from scrubjay.web.request_log import RequestLog
from scrubjay.web.settings import ServeSettings

TOKEN = "a-token-nobody-may-read-anywhere"


@dataclass
class Seen:
    """As much of a server's context as the log uses."""

    settings: ServeSettings = field(default_factory=ServeSettings)
    metrics: Metrics | None = field(default_factory=Metrics)
    stream: io.StringIO = field(default_factory=io.StringIO)

    def client(self) -> TestClient:
        app = FastAPI()

        @app.post("/things/{name}")
        async def thing(name: str) -> PlainTextResponse:
            return PlainTextResponse(f"{name}!")

        @app.get("/pieces")
        async def pieces() -> StreamingResponse:
            return StreamingResponse(iter([b"12", b"345"]))

        @app.get("/broken")
        async def broken() -> None:
            raise RuntimeError("inside")

        app.add_middleware(RequestLog, context=self, stream=self.stream)
        return TestClient(app, raise_server_exceptions=False)

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def count(self, **labels: str) -> float | None:
        assert self.metrics is not None
        return self.metrics.registry.get_sample_value("scrubjay_http_requests_total", labels)


def test_a_line_says_who_asked_for_what_and_how_it_ended() -> None:
    seen = Seen()
    answer = seen.client().post("/things/acorn", content=b"x" * 10)
    (line,) = seen.lines
    assert line["request"] == answer.headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{16}", str(line["request"]))
    assert (line["method"], line["path"], line["route"]) == (
        "POST",
        "/things/acorn",
        "/things/{name}",
    )
    assert (line["status"], line["bytes"], line["level"]) == (200, 6, "info")
    assert 0 < float(str(line["ms"])) < 5000
    assert line["client"] == "testclient"


def test_ids_of_clients_are_kept_where_they_are_plain_and_never_shared_otherwise() -> None:
    seen = Seen()
    client = seen.client()
    mine = client.get("/pieces", headers={"X-Request-ID": "order-7.b_C"})
    assert mine.headers["x-request-id"] == "order-7.b_C"
    for bad in ("", "a b", "x" * 65, "a;b", "<script>"):
        given = client.get("/pieces", headers={"X-Request-ID": bad}).headers["x-request-id"]
        assert re.fullmatch(r"[0-9a-f]{16}", given)
    ids = {client.get("/pieces").headers["x-request-id"] for _ in range(50)}
    assert len(ids) == 50


def test_no_header_body_or_query_is_written_unless_queries_were_asked_for() -> None:
    def sent(seen: Seen) -> str:
        headers = {"Authorization": f"Bearer {TOKEN}", "Cookie": f"session={TOKEN}"}
        seen.client().post("/things/a?q=my+illness", content=TOKEN, headers=headers)
        return seen.stream.getvalue()

    quiet = sent(Seen())
    assert TOKEN not in quiet
    assert "illness" not in quiet
    asked = sent(Seen(settings=ServeSettings(log_queries=True)))
    assert TOKEN not in asked
    assert json.loads(asked)["query"] == "q=my+illness"


def test_a_streamed_answers_bytes_are_counted_to_the_last() -> None:
    seen = Seen()
    seen.client().get("/pieces")
    assert seen.lines[0]["bytes"] == 5


def test_what_fails_inside_is_a_500_of_level_error() -> None:
    seen = Seen()
    answer = seen.client().get("/broken")
    assert answer.status_code == 500
    (line,) = seen.lines
    assert (line["status"], line["level"]) == (500, "error")
    assert "inside" not in seen.stream.getvalue()


def test_a_path_cannot_break_a_line_or_forge_another() -> None:
    seen = Seen()
    path = "/things/a%0A%7B%22status%22:200%7D%E2%80%A8%00%ff"
    seen.client().post(path)
    (line,) = seen.lines
    assert line["status"] == 200
    assert "\n" in str(line["path"])


def test_requests_are_counted_by_route_and_strangers_paths_and_methods_are_one() -> None:
    seen = Seen()
    client = seen.client()
    for name in ("a", "b", "c"):
        client.post(f"/things/{name}")
        client.get(f"/{name}.php")
        client.request(f"X{name.upper()}", "/things/a")
    assert seen.count(method="POST", route="/things/{name}", status="200") == 3
    assert seen.count(method="GET", route="other", status="404") == 3
    assert seen.count(method="other", route="/things/{name}", status="405") == 3
    assert seen.metrics is not None
    read = seen.metrics.registry.get_sample_value
    assert read("scrubjay_http_request_seconds_count", {"route": "/things/{name}"}) == 6
    assert read("scrubjay_http_requests_under_way") == 0


def test_who_went_away_is_counted_as_499_and_not_as_answered() -> None:
    seen = Seen()

    async def never(scope: object, receive: object, send: object) -> None:
        await asyncio.sleep(60)

    async def left() -> None:
        log = RequestLog(never, context=seen, stream=seen.stream)  # type: ignore[arg-type]
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "client": None}
        task = asyncio.ensure_future(log(scope, None, None))  # type: ignore[arg-type]
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(left())
    assert seen.lines[0]["status"] == 499
    assert seen.count(method="GET", route="other", status="499") == 1


def test_the_log_can_be_silent_and_the_counting_left_out() -> None:
    seen = Seen(settings=ServeSettings(access_log=False), metrics=None)
    answer = seen.client().get("/pieces")
    assert answer.headers["x-request-id"]
    assert seen.lines == []


def test_a_reader_that_went_away_fails_no_request() -> None:
    seen = Seen()
    seen.stream.close()
    assert seen.client().get("/pieces").status_code == 200


def test_the_servers_own_lines_are_json_too() -> None:
    """In a process of its own: whoever configures logging closes what others have opened."""
    program = """
        import logging.config
        from scrubjay.web.request_log import log_config

        logging.config.dictConfig(log_config())
        logging.getLogger("uvicorn.error").info("Uvicorn running on %s", "http://127.0.0.1:1")
        try:
            int("of this kind")
        except ValueError:
            logging.getLogger("scrubjay.web").exception("a job failed")
        logging.getLogger("scrubjay.web").debug("too much")
    """
    said = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )
    first, second = map(json.loads, said.stdout.splitlines())
    assert first["event"] == "Uvicorn running on http://127.0.0.1:1"
    assert first["level"] == "info"
    assert (second["level"], second["logger"]) == ("error", "scrubjay.web")
    assert "ValueError: invalid literal" in second["trace"]


def test_naming_counting_and_logging_cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Far below the milliseconds of an answer; the bound leaves a slow machine its room.

    Counted in processor time: what else the machine does is not its cost.
    """
    import time

    async def answer(scope: object, receive: object, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    async def sink(message: object) -> None:
        pass

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "client": ("a", 1)}

    async def each_us(app) -> float:
        best = float("inf")
        for _ in range(5):
            began = time.thread_time()
            for _ in range(500):
                await app({**scope}, None, sink)
            best = min(best, (time.thread_time() - began) / 500)
        return best * 1e6

    logged = RequestLog(answer, context=Seen(), stream=io.StringIO())  # type: ignore[arg-type]
    bare, wrapped = asyncio.run(each_us(answer)), asyncio.run(each_us(logged))
    assert wrapped - bare < 150, f"{wrapped - bare:.0f} us a request"
    assert request_log.REQUEST_ID not in scope
