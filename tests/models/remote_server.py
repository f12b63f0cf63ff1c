"""A server on loopback that speaks OpenAI's protocol with the fake models, or misbehaves if told.

`script` holds what the next requests meet instead of an answer, in order; each is a function of the
handler. Whatever was asked is kept in `requests`.
"""

from __future__ import annotations

import base64
import email.parser
import email.policy
import io
import json
import math
import threading
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from PIL import Image

from scrubjay.core.looking import Message, Role, Sampling
from scrubjay.models.load import load_asr, load_tts, load_vlm

MODEL = "looker"


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, bytes]:
        """The fields of a form; of a list its last."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        whole = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + self.body)
        return {
            part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
            for part in whole.iter_parts()
        }


Fault = Callable[["Handler"], None]


@dataclass
class ProtocolServer:
    """What it was asked, and what it does next."""

    port: int = 0
    key: str | None = None
    knows: frozenset[str] | None = None
    script: list[Fault] = field(default_factory=list)
    requests: list[Asked] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def bodies(self) -> list[dict[str, Any]]:
        return [one.json for one in self.requests if one.method == "POST"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    shared: ProtocolServer

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.asked = Asked(self.command, self.path, headers, body)
        self.shared.requests.append(self.asked)
        if self.command == "POST" and self.shared.script:
            self.shared.script.pop(0)(self)
            return
        wanted = self.shared.key
        if wanted is not None and headers.get("authorization") != f"Bearer {wanted}":
            self.problem(401, f"Incorrect API key: {headers.get('authorization')}")
            return
        answer = ANSWERS.get(self.path)
        if answer is None:
            self.problem(404, "no such route")
        else:
            answer(self)

    def send(
        self, status: int, data: bytes, kind: str = "application/json", **headers: str
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def tell(self, told: object, status: int = 200, **headers: str) -> None:
        self.send(status, json.dumps(told).encode(), **headers)

    def problem(self, status: int, message: str, **headers: str) -> None:
        error = {"message": message, "type": "error", "param": None, "code": None}
        self.tell({"error": error}, status, **headers)

    def begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def event(self, data: object) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        self.wfile.write(f"data: {text}\n\n".encode())
        self.wfile.flush()


def _picture(url: str) -> np.ndarray:
    assert url.startswith("data:image/")
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
        return np.asarray(image.convert("RGB"))


def _parts(content: object) -> tuple[Any, ...]:
    if isinstance(content, str):
        return (content,)
    assert isinstance(content, list)
    return tuple(
        one["text"] if one["type"] == "text" else _picture(one["image_url"]["url"])
        for one in content
    )


def _chat(handler: Handler) -> None:
    body = handler.asked.json
    if body["model"] != MODEL:
        handler.problem(404, f"The model `{body['model']}` does not exist.")
        return
    knows = handler.shared.knows
    for name in body:
        if knows is not None and name not in knows:
            handler.problem(400, f"Unsupported parameter: '{name}' is not supported.")
            return
    messages = [Message(Role(one["role"]), _parts(one["content"])) for one in body["messages"]]
    most = body.get("max_tokens", body.get("max_completion_tokens"))
    sampling = Sampling(max_new_tokens=most, stop=tuple(body.get("stop", ())))
    model = load_vlm("fake")
    reason = "stop" if model.reply(messages, sampling).finished else "length"
    if body.get("stream"):
        handler.begin_stream()
        reply = model.reply(messages, sampling)
        for piece in model.stream(messages, sampling):
            handler.event(chunk({"content": piece}, likely=reply if body.get("logprobs") else None))
        handler.event(chunk({}, reason))
        if (body.get("stream_options") or {}).get("include_usage"):
            handler.event({"choices": [], "usage": used(reply)})
        handler.event("[DONE]")
        return
    handler.tell(completion(model.reply(messages, sampling), reason, body.get("logprobs")))


def chunk(delta: dict[str, Any], reason: str | None = None, likely: Any = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    if likely is not None:
        choice["logprobs"] = {"content": [chance(delta["content"], likely)]}
    return {"id": "1", "object": "chat.completion.chunk", "created": 0, "choices": [choice]}


def completion(reply: Any, reason: str, logprobs: bool | None) -> dict[str, Any]:
    choice: dict[str, Any] = {
        "index": 0,
        "message": {"role": "assistant", "content": reply.text},
        "finish_reason": reason,
    }
    if logprobs:
        choice["logprobs"] = {"content": [chance(one, reply) for one in reply.text.split()]}
    return {"id": "1", "object": "chat.completion", "choices": [choice], "usage": used(reply)}


def chance(token: str, reply: Any) -> dict[str, Any]:
    return {"token": token, "logprob": math.log(reply.confidence or 0.5)}


def used(reply: Any) -> dict[str, Any]:
    return {"prompt_tokens": reply.tokens_in, "completion_tokens": reply.tokens_out}


def _models(handler: Handler) -> None:
    data = [{"id": MODEL, "object": "model"}, {"id": "other", "object": "model"}]
    handler.tell({"object": "list", "data": data})


def _speech(handler: Handler) -> None:
    body = handler.asked.json
    spoken = load_tts("fake").speak(
        body["input"],
        language=body["voice"] if len(body["voice"]) == 2 else None,
        speed=body.get("speed", 1.0),
    )
    samples = np.round(spoken.samples * 32767).astype("<i2").tobytes()
    if body["response_format"] == "pcm":
        handler.send(200, samples, "audio/pcm")
        return
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(spoken.rate)
        file.writeframes(samples)
    handler.send(200, out.getvalue(), "audio/wav")


def _transcriptions(handler: Handler) -> None:
    form = handler.asked.form
    with wave.open(io.BytesIO(form["file"])) as file:
        assert (file.getnchannels(), file.getframerate()) == (1, 16_000)
        raw = file.readframes(file.getnframes())
    sound = np.frombuffer(raw, "<i2").astype(np.float32) / 32768
    language = form["language"].decode() if "language" in form else None
    heard = load_asr("fake").transcribe(sound, language=language)
    if form["response_format"] == b"json":
        handler.tell({"text": heard.text})
        return
    assert form["timestamp_granularities[]"] == b"segment"
    segments = [
        {"id": at, "start": one.start_s, "end": one.end_s, "text": f" {one.text}", "avg_logprob": 0}
        for at, one in enumerate(heard.segments)
    ]
    handler.tell({"text": heard.text, "language": heard.language, "segments": segments})


ANSWERS: dict[str, Fault] = {
    "/v1/models": _models,
    "/v1/chat/completions": _chat,
    "/v1/audio/speech": _speech,
    "/v1/audio/transcriptions": _transcriptions,
}


def status(code: int, message: str = "no", **headers: str) -> Fault:
    """Answer with an error."""
    return lambda handler: handler.problem(code, message, **headers)


def raw(data: bytes, kind: str = "application/json", **headers: str) -> Fault:
    """Answer 200 with these bytes."""
    return lambda handler: handler.send(200, data, kind, **headers)


def stall(seconds: float) -> Fault:
    """Say nothing for a while."""

    def fault(handler: Handler) -> None:
        handler.shared.ended.wait(seconds)
        handler.close_connection = True

    return fault


def drip(byte: bytes, pause_s: float) -> Fault:
    """Send a byte now and then, without an end."""

    def fault(handler: Handler) -> None:
        handler.begin_stream()
        while not handler.shared.ended.wait(pause_s):
            try:
                handler.wfile.write(byte)
                handler.wfile.flush()
            except OSError:
                return

    return fault


def flood(handler: Handler) -> None:
    """Send without an end, as fast as it is taken."""
    handler.begin_stream()
    try:
        while not handler.shared.ended.is_set():
            handler.wfile.write(b" " * 65_536)
    except OSError:
        return


def events(*data: object) -> Fault:
    """Stream these events and hang up."""

    def fault(handler: Handler) -> None:
        handler.begin_stream()
        for one in data:
            handler.event(one)

    return fault


def cut(handler: Handler) -> None:
    """Promise more than is sent."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.close_connection = True


def hang_up(handler: Handler) -> None:
    """Close without a word."""
    handler.close_connection = True


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that leave; what they make of it is what is tested."""


@contextmanager
def protocol_server(**settings: Any) -> Iterator[ProtocolServer]:
    """A server that runs to the end of the `with`."""
    shared = ProtocolServer(**settings)
    http = _Http(("127.0.0.1", 0), type("Mine", (Handler,), {"shared": shared}))
    shared.port = http.server_port
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield shared
    finally:
        shared.ended.set()
        http.shutdown()
        http.server_close()
        thread.join(10)


def seconds(began: float) -> float:
    return time.monotonic() - began
