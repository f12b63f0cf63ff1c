"""`/v1/feedback`: marks and captions, said, listed and taken back by programs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.web.conftest import Serve, ServedHome


def test_marks_and_captions_are_said_listed_and_taken_back(
    serve: Serve, own_home: ServedHome
) -> None:
    client = serve(own_home)
    item = client.get("/v1/items?kind=image&limit=1").json()["items"][0]

    def say(**body: Any) -> dict[str, Any]:
        answer = client.post("/v1/feedback", json={"item": item["id"], **body})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    assert say(query="a  red star", right=False) == {
        "item": item["id"],
        "query": "a red star",
        "right": False,
        "caption": None,
        "captions": item["captions"],
        "changed": True,
    }
    assert say(query="a red star", right=False)["changed"] is False
    assert say(caption="a green star")["caption"] == "a green star"
    told = client.get("/v1/feedback?query=a+red+star").json()
    assert [(one["item"], one["right"]) for one in told["judgements"]] == [(item["id"], False)]
    assert told["judgements"][0]["version"] == own_home.version
    assert told["captions"] == []
    assert client.get("/v1/feedback").json()["captions"][0]["before"] == item["captions"]
    assert say(query="a red star", undo=True)["right"] is None
    assert say(undo=True)["caption"] is None
    told = client.get("/v1/feedback").json()
    assert told == {"judgements": [], "captions": [], "left_out": 0}
    assert client.get(f"/v1/items/{item['id']}").json()["captions"] == item["captions"]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"right": True}, 400, "`right` needs `query`"),
        ({"query": "a"}, 400, "give one of"),
        ({}, 400, "give one of"),
        ({"query": "a", "right": True, "undo": True}, 400, "give one of"),
        ({"query": "a", "caption": "b"}, 400, "leave `query` out"),
        ({"query": "a\u0000", "right": True}, 400, "U+0000"),
        ({"caption": "a" * 2001}, 400, "at most 2000"),
        ({"caption": 3}, 400, "caption"),
        ({"right": True, "query": "a", "item": "nobody"}, 404, "no item 'nobody'"),
        ({"caption": "a", "item": "\ud800"}, 404, "no item"),
        ({"caption": "a\ud800"}, 400, "U+D800"),
        ({"right": True, "query": "a", "why": "so"}, 400, "why"),
    ],
)
def test_what_cannot_be_said_is_refused_in_words(
    shared_client: Any, served_home: ServedHome, body: dict[str, Any], status: int, words: str
) -> None:
    item = next(served_home.open().catalog.items())
    sent = json.dumps({"item": item.id, **body})  # ASCII: half a character, too
    headers = {"Content-Type": "application/json"}
    answer = shared_client.post("/v1/feedback", content=sent, headers=headers)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["error"]["message"] + str(answer.json()["error"]["param"])
    assert shared_client.get("/v1/feedback").json()["judgements"] == []
