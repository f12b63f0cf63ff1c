"""`/v1/search` finds by typing, showing, speaking and by an item, and says what is wrong."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from scrubjay import services
from scrubjay.search.query import Query


def data_url(path: Path, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def ask(client, **body):
    headers = {"content-type": "application/json"}
    return client.post("/v1/search", content=json.dumps(body), headers=headers)


def test_the_answer_is_what_the_searcher_finds(shared_client, served_home):
    told = ask(shared_client, text=served_home.captions[3], k=5).json()
    expected = services.open_champion(served_home.open()).search(
        Query(text=served_home.captions[3], k=5)
    )
    assert [(hit["id"], hit["score"]) for hit in told["hits"]] == [
        (hit.id, pytest.approx(hit.score, abs=1e-3)) for hit in expected.hits
    ]
    assert (told["version"], told["generation"]) == (served_home.version, served_home.version)
    assert told["took_ms"]["total"] > 0
    assert told["message"] is None


def test_what_a_text_describes_is_among_the_first(shared_client, served_home):
    right = 0
    for at, caption in enumerate(served_home.captions[:20]):
        hits = ask(shared_client, text=caption, k=3, kinds=["image"]).json()["hits"]
        right += f"{at}.png" in [Path(hit["uri"]).name for hit in hits]
    assert right >= 14


def test_a_picture_and_a_recording_find_themselves(shared_client, served_home):
    picture = data_url(served_home.folder / "7.png", "image/png")
    told = ask(shared_client, image=picture, k=1).json()
    assert Path(told["hits"][0]["uri"]).name == "7.png"
    assert told["query"]["image"] == "image"
    sound = data_url(served_home.folder / "high.wav", "audio/wav")
    told = ask(shared_client, speech=sound, k=1, kinds=["speech"]).json()
    assert Path(told["hits"][0]["uri"]).name == "high.wav"


def test_a_mix_lies_between_its_parts_as_its_weights_say(shared_client, served_home):
    picture = data_url(served_home.folder / "7.png", "image/png")

    def first(**weights):
        body = {"text": served_home.captions[20], "image": picture, "weights": weights, "k": 1}
        return Path(ask(shared_client, **body).json()["hits"][0]["uri"]).name

    only_text = ask(shared_client, text=served_home.captions[20], k=1).json()["hits"][0]["uri"]
    assert first(text=0.001, image=1) == "7.png"
    assert first(text=1, image=0.001) == Path(only_text).name


def test_pages_follow_each_other_without_gap_or_repeat(shared_client, served_home):
    whole = ask(shared_client, text="a red thing", k=30).json()["hits"]
    paged, after = [], None
    for _ in range(3):
        told = ask(shared_client, text="a red thing", k=10, after=after).json()
        paged += told["hits"]
        after = told["next"]
    assert [hit["id"] for hit in paged] == [hit["id"] for hit in whole]
    assert ask(shared_client, text="another thing", k=10, after=after).status_code == 400


def test_more_like_an_item_leaves_the_item_out(shared_client):
    one = ask(shared_client, text="a red thing", k=1).json()["hits"][0]["id"]
    told = ask(shared_client, like=one, k=5).json()
    assert len(told["hits"]) == 5
    assert one not in [hit["id"] for hit in told["hits"]]


def test_filters_narrow_and_nothing_found_is_said_in_words(shared_client):
    told = ask(shared_client, text="red", where="price = 20").json()
    assert [hit["attributes"]["price"] for hit in told["hits"]] == [20]
    told = ask(shared_client, text="red", where="price = 99").json()
    assert (told["hits"], told["message"]) == ([], "nothing that is indexed passes the filters")


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({}, 400, "the query is empty"),
        ({"text": " "}, 400, "the query is empty"),
        ({"text": "a", "colour": "red"}, 400, "colour"),
        ({"text": 3}, 400, "text"),
        ({"text": "a", "k": 0}, 400, "k"),
        ({"text": "a", "k": "5"}, 400, "k"),
        ({"text": "a", "kinds": ["smell"]}, 400, "kinds"),
        ({"text": "a", "where": "price >"}, 400, "filter"),
        ({"text": "a", "where": "nobody = 1"}, 400, "nobody"),
        ({"text": "a", "weights": {"smell": 1}}, 400, "smell"),
        ({"text": "a", "after": "nonsense"}, 400, "cursor"),
        ({"text": "\ud800"}, 400, "Unicode"),
        ({"like": "nobody"}, 404, "nobody"),
        ({"text": "a", "model": "2020-01-0000000"}, 404, "2020-01-0000000"),
        ({"image": "http://127.0.0.1/a.png"}, 400, "never fetched"),
        ({"image": "data:image/png;base64,AAAA"}, 422, "image"),
        ({"speech": "data:audio/wav;base64,AAAA"}, 422, "speech"),
    ],
)
def test_what_is_wrong_is_said(shared_client, body, status, says):
    answer = ask(shared_client, **body)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert says in error["message"]


def test_the_champion_may_be_named(shared_client, served_home):
    assert ask(shared_client, text="a", model=served_home.version).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"a"', b"\xff\xfe"])
def test_a_body_that_is_no_json_object_is_a_wrong_request(shared_client, body):
    answer = shared_client.post(
        "/v1/search", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
