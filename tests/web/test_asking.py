"""Questions wait in a bounded line, who leaves is not worked for, and two pairs never mix."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import socket
import threading
import time
from dataclasses import replace

import httpx
import numpy as np
import pytest

from scrubjay import services
from scrubjay.ask.answer import Asked, Shown
from scrubjay.ask.settings import AskSettings, Choice
from scrubjay.core.config import Settings
from scrubjay.core.errors import NotReady
from scrubjay.core.looking import Reply
from scrubjay.models.vlm.fake import FakeVisionLanguage
from scrubjay.store.home import Home
from scrubjay.web.asking import QuestionsBusy
from scrubjay.web.server import create_app
from scrubjay.web.settings import ServeSettings
from tests.web.conftest import FAKES
from tests.web.live import listening
from tests.web.versions import make_pairs

RED = Shown("red", np.full((8, 8, 3), (255, 0, 0), np.uint8))
PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAGklEQVR42mM8ISfHQA"
    "pgYiARjGoY1TB0NAAATx8BJMixHB8AAAAASUVORK5CYII="
)


MANY = 20_000
"""Words of a streamed reply: about half a minute."""


class Gate:
    """What looks waits here before each word it says, and remembers what it was asked."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.asked: list[str] = []
        self.said: list[str] = []

    def reply(self, real, messages, sampling):
        self.asked.append(messages[-1].text)
        assert self.open.wait(60)
        return real(messages, sampling)

    def stream(self, real, messages, sampling):
        self.asked.append(messages[-1].text)
        for piece in real(messages, sampling):
            self.said.append(piece)
            yield piece
            assert self.open.wait(60)
            time.sleep(0.001)
        return Reply("".join(self.said))


@pytest.fixture
def gate(monkeypatch):
    made = Gate()
    for name in ("reply", "stream"):
        real, slow = getattr(FakeVisionLanguage, name), getattr(made, name)

        def method(self, messages, sampling, real=real, slow=slow):
            return slow(lambda *asked: real(self, *asked), messages, sampling)

        monkeypatch.setattr(FakeVisionLanguage, name, method)
    # The fake's stream asks its own reply, which must not wait.
    monkeypatch.setattr(
        FakeVisionLanguage,
        "stream",
        lambda self, messages, sampling: made.stream(
            lambda *asked: iter(["one", *[" more"] * MANY]), messages, sampling
        ),
    )
    yield made
    made.open.set()


def empty(tmp_path, *, asking=FAKES, **settings):
    home = Home(Settings(home=tmp_path, threads=1, builtin=False))
    return create_app(home, ServeSettings(watch_s=0, access_log=False, **settings), asking=asking)


def until(condition):
    ends = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.005)


def body(question, **more):
    parts = [
        {"type": "text", "text": question},
        {"type": "image_url", "image_url": {"url": PNG}},
    ]
    return {"messages": [{"role": "user", "content": parts}], **more}


def post(url, asked):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/v1/chat/completions", json.dumps(asked), headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Retry-After"), answer.read()
    finally:
        connection.close()


def leaving(url, asked):
    """A client that has asked and may hang up."""
    host, port = url.removeprefix("http://").split(":")
    data = json.dumps(asked).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    connection = socket.create_connection((host, int(port)), timeout=60)
    connection.sendall(head.encode() + data)
    return connection


def test_as_many_wait_as_may_and_the_next_is_told_when_to_come_back(tmp_path, gate):
    app = empty(tmp_path, questions=1, questions_waiting=2)
    line = app.state.context.asking
    with listening(app) as url:
        asked = [
            threading.Thread(target=post, args=(url, body(f"repeat: {at}"))) for at in range(3)
        ]
        for at, thread in enumerate(asked):
            thread.start()
            until(lambda at=at: len(gate.asked) + line.depth == at + 1)
        assert line.busy
        status, retry_after, told = post(url, body("repeat: too many"))
        assert (status, json.loads(told)["error"]["type"]) == (429, "rate_limit_error")
        assert int(retry_after) >= 1
        gate.open.set()
        for thread in asked:
            thread.join(60)
        assert post(url, body("repeat: again"))[0] == 200
    assert "too many" not in str(gate.asked)
    assert [text[-1] for text in gate.asked[:3]] == ["0", "1", "2"], "in order of arrival"


def test_who_leaves_while_he_waits_is_not_worked_for(tmp_path, gate):
    app = empty(tmp_path)
    line = app.state.context.asking
    with listening(app) as url:
        first = threading.Thread(target=post, args=(url, body("repeat: first")))
        first.start()
        until(lambda: gate.asked)
        for asked in (body("repeat: gone"), body("repeat: gone", stream=True)):
            with leaving(url, asked):
                until(lambda: line.depth == 1)
            until(lambda: line.depth == 0)
        gate.open.set()
        first.join(60)
        assert post(url, body("repeat: next"))[0] == 200
    assert "gone" not in str(gate.asked)


def test_who_leaves_while_he_is_answered_is_given_up_at_the_next_word(tmp_path, gate):
    app = empty(tmp_path)
    line = app.state.context.asking
    with listening(app) as url:
        with leaving(url, body("repeat: much", stream=True)) as client:
            assert client.recv(1)
            until(lambda: gate.said == ["one"])
        gate.open.set()
        until(lambda: not line.busy)
        assert post(url, body("repeat: next"))[0] == 200
    assert len(gate.said) < MANY, "it does not go on to the end"


def test_pieces_and_steps_come_on_the_event_loop_before_the_answer(tmp_path):
    line = empty(tmp_path).state.context.asking
    heard, threads = [], set()

    def tell(what):
        threads.add(threading.current_thread())
        heard.append(what)

    async def ask():
        answer = await line.ask(
            Asked("repeat: one two", pictures=(RED,)), on_text=tell, on_step=tell
        )
        heard.append("answered")
        await line.stop()
        return answer

    answer = asyncio.run(ask())
    assert heard[-1] == "answered"
    assert "".join(one for one in heard[:-1] if isinstance(one, str)) == answer.text == "one two"
    assert [one.name for one in heard if not isinstance(one, str)] == [
        step.name for step in answer.steps
    ]
    assert threads == {threading.current_thread()}


def test_what_cannot_be_opened_is_tried_again_with_the_next_question(tmp_path, monkeypatch):
    line = empty(tmp_path).state.context.asking
    real, tried = services.open_asking, []

    def open_asking(*given, **named):
        tried.append(1)
        if len(tried) == 1:
            raise NotReady("not yet")
        return real(*given, **named)

    monkeypatch.setattr(services, "open_asking", open_asking)

    async def ask():
        with pytest.raises(NotReady, match="not yet"):
            await line.ask(Asked("repeat: a", pictures=(RED,)))
        answers = await asyncio.gather(
            *(line.ask(Asked(f"repeat: {at}", pictures=(RED,))) for at in range(3))
        )
        await line.stop()
        return [answer.text for answer in answers]

    assert asyncio.run(ask()) == ["0", "1", "2"]
    assert len(tried) == 2, "opened once, for all"


def test_models_may_be_loaded_ahead_and_what_cannot_is_said_in_the_log(tmp_path, caplog):
    chosen = replace(FAKES, tts=Choice("nobodys"))
    app = empty(tmp_path, asking=chosen, warm_models=True)
    line = app.state.context.asking
    with caplog.at_level(logging.WARNING, "scrubjay.web"), listening(app) as url:
        until(lambda: "nobodys" in caplog.text)
        assert line._asking.models.loaded("vlm")
        assert "tts" in caplog.text
        assert httpx.post(f"{url}/v1/audio/speech", json={"input": "a"}).status_code == 404


def test_a_full_line_is_counted_and_so_is_every_answer(tmp_path, gate):
    gate.open.set()
    app = empty(tmp_path, questions_waiting=0)
    line, counted = app.state.context.asking, app.state.context.metrics.registry.get_sample_value

    async def ask():
        told = await line.ask(Asked("repeat: a b", pictures=(RED,)))
        untold = await line.ask(Asked("who painted it?", pictures=(RED,)))
        gate.open.clear()
        waiting = asyncio.create_task(line.ask(Asked("repeat: a", pictures=(RED,))))
        await asyncio.to_thread(until, lambda: line.busy)
        with pytest.raises(QuestionsBusy):
            await line.ask(Asked("repeat: a", pictures=(RED,)))
        gate.open.set()
        await waiting
        await line.hear(np.zeros(1600, np.float32))
        await line.speak("a")
        await line.stop()
        return told, untold

    told, untold = asyncio.run(ask())
    assert (told.told, untold.told) == (True, False)
    total = "scrubjay_ask_answers_total"
    assert counted(total, {"outcome": "told"}) == 2
    assert counted(total, {"outcome": "not_told"}) == 1
    assert counted("scrubjay_ask_errors_total", {"reason": "busy"}) == 1
    assert counted("scrubjay_ask_tokens_total", {"direction": "in"}) > 0
    assert counted("scrubjay_ask_tokens_total", {"direction": "out"}) > 0
    steps = "scrubjay_ask_step_seconds_count"
    assert counted(steps, {"step": "answer"}) == 3
    assert counted(steps, {"step": "listen"}) == counted(steps, {"step": "speak"}) == 1


def test_questions_are_never_written_to_the_log(tmp_path, capsys):
    home = Home(Settings(home=tmp_path, threads=1, builtin=False))
    app = create_app(home, ServeSettings(watch_s=0), asking=FAKES)
    with listening(app) as url:
        assert post(url, body("repeat: my secret"))[0] == 200
        assert post(url, body("repeat: my secret", smell=1))[0] == 400
        assert post(url, {"messages": [{"role": "user", "content": "my secret"}]})[0] == 503
    assert "secret" not in str(capsys.readouterr())


def test_a_question_keeps_its_pair_to_its_end_though_another_takes_over(
    served_home, tmp_path, gate
):
    pairs = make_pairs(served_home, tmp_path / "home")
    app = create_app(pairs.home.open(), ServeSettings(watch_s=0, access_log=False), asking=FAKES)
    serving, line = app.state.context.serving, app.state.context.asking
    used = []

    async def swap():
        await serving.start()
        old = serving._pair
        made = line._open
        line._open = lambda loop: _watched(made(loop), used)
        asking = asyncio.create_task(line.ask(Asked(f"repeat: {served_home.captions[0]}")))
        await asyncio.to_thread(until, lambda: gate.asked)
        pairs.publish(pairs.small)
        await serving.refresh()
        assert serving.champion == pairs.small
        assert old._users == 1, "the question still uses it"
        gate.open.set()
        first = await asking
        second = await line.ask(Asked(f"repeat: {served_home.captions[0]}"))
        assert old._users == 0
        await line.stop()
        await serving.stop()
        return first, second

    first, second = asyncio.run(swap())
    assert used[0] == pairs.shipped
    assert used[-1] == pairs.small
    assert first.steps[0].by == pairs.shipped.version
    assert second.steps[0].by == pairs.small.version


def _watched(asking, used):
    real = asking.finder._searcher

    def searcher():
        made = real()
        assert made.encoder.spec.version == made.generation.version
        used.append(made.champion)
        return made

    asking.finder._searcher = searcher
    return asking


def test_the_models_are_those_that_were_chosen(tmp_path):
    app = empty(tmp_path)
    assert app.state.context.asking.settings is FAKES
    home = Home(Settings(home=tmp_path, threads=1, builtin=False))
    usual = create_app(home, ServeSettings(watch_s=0)).state.context.asking.settings
    assert usual == AskSettings()
