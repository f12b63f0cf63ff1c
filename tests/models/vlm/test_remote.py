"""A model elsewhere is asked in OpenAI's words, and what it says is understood."""

from __future__ import annotations

import base64
import io
import json
import math

import numpy as np
import pytest
from PIL import Image

from scrubjay.core.errors import BadConfig, RemoteFailed, WrongUse
from scrubjay.core.looking import Message, Role, Sampling
from scrubjay.core.protocols import VisionLanguage
from scrubjay.models.load import load_vlm
from tests.models.remote_server import (
    MODEL,
    chunk,
    events,
    protocol_server,
    raw,
    status,
)

RED = np.zeros((8, 12, 3), np.uint8) + np.array([255, 0, 0], np.uint8)
BLUE = np.zeros((9, 7, 3), np.uint8) + np.array([0, 0, 255], np.uint8)
GREEDY = Sampling()


@pytest.fixture
def model(server):
    return load_vlm("remote", url=server.url, model=MODEL, retries=0, timeout_s=60)


def asked(*parts):
    return [Message(Role.USER, parts)]


def picture_in(part):
    kind, _, data = part["image_url"]["url"].partition(",")
    return kind, np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def test_it_answers_as_the_model_behind_the_server_does(model):
    assert isinstance(model, VisionLanguage)
    here = load_vlm("fake")
    for messages in (
        asked(RED, "what colour is it?"),
        asked(RED, BLUE, "how many pictures are there?"),
        asked("repeat: good day"),
        [*asked(RED, "who?"), Message(Role.ASSISTANT, ("Anna",)), *asked(RED, "who?")],
    ):
        there = model.reply(messages, GREEDY)
        assert there == here.reply(messages, GREEDY) or there.confidence == pytest.approx(0.9)
        assert there.text == here.reply(messages, GREEDY).text
        assert (there.told, there.finished) == (True, True)
        assert "".join(model.stream(messages, GREEDY)) == there.text


def test_pictures_and_texts_travel_inside_the_request_in_their_order(model, server):
    model.reply(
        [
            Message(Role.SYSTEM, ("Be brief.",)),
            *asked("first", RED, "second", BLUE, "what colour is it?"),
        ],
        GREEDY,
    )
    system, user = server.bodies()[0]["messages"]
    assert system == {"role": "system", "content": "Be brief."}
    kinds = [part["type"] for part in user["content"]]
    assert kinds == ["text", "image_url", "text", "image_url", "text"]
    for place, sent in ((1, RED), (3, BLUE)):
        kind, seen = picture_in(user["content"][place])
        assert kind == "data:image/png;base64"
        np.testing.assert_array_equal(seen, sent)


def test_jpeg_sends_less_where_that_is_wanted(server):
    model = load_vlm("remote", url=server.url, model=MODEL, picture_format="jpeg")
    assert model.reply(asked(RED, "what colour is it?"), GREEDY).text == "red"
    kind, seen = picture_in(server.bodies()[0]["messages"][0]["content"][0])
    assert kind == "data:image/jpeg;base64"
    assert np.abs(seen.astype(int) - RED).max() <= 3
    with pytest.raises(BadConfig, match="'bmp'"):
        load_vlm("remote", url=server.url, model=MODEL, picture_format="bmp")


def test_sampling_is_sent_and_what_is_unset_is_left_out(model, server):
    model.reply(asked("repeat: a"), GREEDY)
    model.reply(
        asked("repeat: a"),
        Sampling(
            temperature=0.5,
            top_k=7,
            top_p=0.9,
            repetition_penalty=1.2,
            max_new_tokens=3,
            seed=None,
            stop=("b", "c"),
        ),
    )
    plain, full = (
        {name: value for name, value in body.items() if name not in {"model", "messages"}}
        for body in server.bodies()
    )
    assert plain == {"max_tokens": 128, "temperature": 0, "seed": 0, "logprobs": True}
    assert full == {
        "max_tokens": 3,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 7,
        "repetition_penalty": 1.2,
        "repeat_penalty": 1.2,
        "stop": ["b", "c"],
        "logprobs": True,
    }


def test_a_reply_cut_at_its_limit_says_so(model):
    cut = model.reply(asked("repeat: one two three"), Sampling(max_new_tokens=2))
    assert (cut.text, cut.finished) == ("one two", False)


def test_confidence_is_the_mean_of_the_tokens_probabilities(model, server):
    logprobs = {"content": [{"logprob": math.log(0.5)}, {"logprob": math.log(0.125)}]}
    choice = {"message": {"content": "ab"}, "logprobs": logprobs, "finish_reason": "stop"}
    server.script.append(raw(json.dumps({"choices": [choice]}).encode()))
    reply = model.reply(asked("repeat: a"), GREEDY)
    assert reply.confidence == pytest.approx(0.25)
    assert (reply.tokens_in, reply.tokens_out) == (None, None)


@pytest.mark.parametrize(
    "logprobs", [None, 3, {"content": None}, {"content": [{}]}, {"content": [{"logprob": "a"}]}]
)
def test_without_probabilities_there_is_no_confidence(model, server, logprobs):
    choice = {"message": {"content": "ab"}, "logprobs": logprobs}
    server.script.append(raw(json.dumps({"choices": [choice]}).encode()))
    assert model.reply(asked("repeat: a"), GREEDY).confidence is None


def test_a_server_without_probabilities_is_asked_without_them_from_then_on():
    knows = frozenset({"model", "messages", "max_tokens", "temperature", "seed", "stream"})
    with protocol_server(knows=knows) as server:
        model = load_vlm("remote", url=server.url, model=MODEL, retries=0)
        for _ in range(2):
            reply = model.reply(asked(RED, "what colour is it?"), GREEDY)
            assert (reply.text, reply.confidence) == ("red", None)
        assert ["logprobs" in body for body in server.bodies()] == [True, False, False]


def test_a_server_that_renamed_the_limit_is_asked_by_the_new_name(server, model):
    says = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    server.script.append(status(400, says))
    assert "".join(model.stream(asked("repeat: a b c"), Sampling(max_new_tokens=2))) == "a b"
    assert model.reply(asked("repeat: a b c"), Sampling(max_new_tokens=1)).text == "a"
    names = [{"max_tokens", "max_completion_tokens"} & set(body) for body in server.bodies()]
    assert names == [{"max_tokens"}, {"max_completion_tokens"}, {"max_completion_tokens"}]


def test_what_it_refuses_otherwise_is_an_error(model, server):
    server.script.append(status(400, "'top_k' is not supported"))
    with pytest.raises(RemoteFailed, match="'top_k' is not supported"):
        model.reply(asked("repeat: a"), Sampling(top_k=3))


@pytest.mark.parametrize(
    "message", [{"content": None}, {"content": "  "}, {"content": ""}, {"content": []}]
)
def test_a_model_that_says_nothing_cannot_tell(model, server, message):
    server.script.append(raw(json.dumps({"choices": [{"message": message}]}).encode()))
    reply = model.reply(asked("who?"), GREEDY)
    assert (reply.told, reply.text) == (False, "I can't tell")


def test_a_refusal_is_no_answer(model, server):
    message = {"content": None, "refusal": "I may not say."}
    server.script.append(raw(json.dumps({"choices": [{"message": message}]}).encode()))
    reply = model.reply(asked("who?"), GREEDY)
    assert (reply.told, reply.text) == (False, "I may not say.")


def test_text_in_parts_is_one_text(model, server):
    message = {"content": [{"type": "text", "text": "a "}, {"type": "text", "text": "b"}, 3]}
    server.script.append(raw(json.dumps({"choices": [{"message": message}]}).encode()))
    assert model.reply(asked("who?"), GREEDY).text == "a b"


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"choices": []},
        {"choices": None},
        {"choices": "a"},
        {"choices": [None]},
        {"choices": [{"message": "a"}]},
    ],
)
def test_an_answer_without_a_message_is_an_error(model, server, answer):
    server.script.append(raw(json.dumps(answer).encode()))
    with pytest.raises(RemoteFailed, match="no message"):
        model.reply(asked("who?"), GREEDY)


def test_a_stream_that_breaks_off_is_an_error_after_what_came(model, server):
    server.script.append(events(chunk({"content": "half an"})))
    pieces = model.stream(asked("who?"), GREEDY)
    assert next(pieces) == "half an"
    with pytest.raises(RemoteFailed, match="broke off"):
        next(pieces)


def test_a_stream_of_odd_chunks_is_read_as_far_as_it_says_something(model, server):
    odd = [{}, {"choices": []}, {"choices": [{"delta": None}]}, chunk({"role": "assistant"})]
    server.script.append(events(*odd, chunk({"content": "yes"}), chunk({}, "stop"), "[DONE]"))
    assert list(model.stream(asked("who?"), GREEDY)) == ["yes"]


def test_space_around_an_answer_is_no_part_of_it(model, server):
    said = ["\n ", " yes", ",\n", "  it", " is ", "\n", " "]
    message = {"message": {"content": "".join(said)}, "finish_reason": "stop"}
    server.script.append(raw(json.dumps({"choices": [message]}).encode()))
    server.script.append(events(*[chunk({"content": one}) for one in said], chunk({}, "stop")))
    assert model.reply(asked("who?"), GREEDY).text == "yes,\n  it is"
    assert "".join(model.stream(asked("who?"), GREEDY)) == "yes,\n  it is"


def test_a_stream_without_a_word_cannot_tell(model, server):
    server.script.append(events(chunk({}, "stop"), "[DONE]"))
    assert list(model.stream(asked("who?"), GREEDY)) == ["I can't tell"]


def test_a_caption_is_asked_for_in_words(server):
    model = load_vlm("remote", url=server.url, model=MODEL, caption="repeat: a jay")
    assert model.caption(RED, GREEDY).text == "a jay"
    assert server.bodies()[0]["messages"][0]["content"][0]["type"] == "image_url"


def test_more_pictures_than_it_can_be_shown_are_refused_before_anything_is_sent(server):
    model = load_vlm("remote", url=server.url, model=MODEL, max_pictures=1)
    with pytest.raises(WrongUse, match="1 picture at once"):
        model.reply(asked(RED, BLUE, "who?"), GREEDY)
    assert server.requests == []


def test_its_spec_names_the_model_and_where_it_is(model, server):
    assert model.spec.family == "remote"
    assert model.spec.name == f"{MODEL} at 127.0.0.1:{server.port}"
