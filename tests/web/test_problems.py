"""Every error is an answer of one shape, and a defect says nothing of the inside."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from scrubjay.core import errors
from scrubjay.web.batcher import Busy
from scrubjay.web.problems import INSIDE, add_problem_handlers, described

EXPECTED = [
    (errors.UnknownName("version", "a", ["b"]), 404, "invalid_request_error"),
    (errors.UnknownItem("a"), 404, "invalid_request_error"),
    (errors.WrongUse("wrong"), 400, "invalid_request_error"),
    (errors.BadConfig("wrong"), 400, "invalid_request_error"),
    (errors.BadFilter("wrong"), 400, "invalid_request_error"),
    (errors.BadMedia("not a picture", "a.png"), 422, "invalid_request_error"),
    (errors.UnsupportedModality("a", "speech", ["text"]), 422, "invalid_request_error"),
    (errors.NotReady("later"), 503, "server_error"),
    (errors.Conflict("changed"), 409, "invalid_request_error"),
    (errors.LeaseHeld("held"), 409, "invalid_request_error"),
    (Busy(2.5), 429, "rate_limit_error"),
    (errors.MissingExtra("it", "speech"), 501, "server_error"),
    (errors.RemoteFailed("http://host:8000/v1 cannot be reached"), 502, "server_error"),
    (errors.ModelNotFound("no such model"), 501, "server_error"),
]


@pytest.fixture(scope="module")
def client():
    app = FastAPI()
    add_problem_handlers(app)

    @app.get("/v1/raise/{at}")
    async def raise_one(at: int) -> None:
        await asyncio.sleep(0)
        if at < len(EXPECTED):
            raise EXPECTED[at][0]
        raise (errors.Damaged("/secret/path"), RuntimeError("/secret/path"))[at - len(EXPECTED)]

    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize("at", range(len(EXPECTED)), ids=lambda at: type(EXPECTED[at][0]).__name__)
def test_an_error_of_ours_has_its_status_and_says_what_it_says(client, at):
    error, status, kind = EXPECTED[at]
    answer = client.get(f"/v1/raise/{at}")
    assert answer.status_code == status
    told = answer.json()
    assert list(told) == ["error"]
    assert list(told["error"]) == ["message", "type", "param", "code"]
    assert told["error"]["message"] == str(error)
    assert told["error"]["type"] == kind
    assert ("retry-after" in answer.headers) == (status in {429, 503})


def test_what_is_busy_says_when_to_come_back_in_whole_seconds(client):
    at = [type(one).__name__ for one, _, _ in EXPECTED].index("Busy")
    assert client.get(f"/v1/raise/{at}").headers["retry-after"] == "3"


@pytest.mark.parametrize("at", [len(EXPECTED), len(EXPECTED) + 1])
def test_a_defect_or_damage_says_nothing_of_the_inside(client, at):
    answer = client.get(f"/v1/raise/{at}")
    assert answer.status_code == 500
    assert answer.json()["error"]["message"] == INSIDE
    assert "secret" not in answer.text


def test_an_unknown_route_or_method_has_the_same_shape(client):
    for answer, status in ((client.get("/v1/none"), 404), (client.post("/v1/raise/0"), 405)):
        assert answer.status_code == status
        assert answer.json()["error"]["message"]
    assert client.get("/v1/raise/none").json()["error"]["param"] == "at"


def test_no_error_of_ours_is_forgotten():
    def below(kind):
        return {kind}.union(*map(below, kind.__subclasses__()))

    inside = {"ScrubjayError", "Damaged", "TrainingFailed"}
    for kind in below(errors.ScrubjayError):
        if kind.__module__ == errors.__name__ and kind.__name__ not in inside:
            status = described(kind.__new__(kind))[0]
            assert status < 500 or status in {501, 502, 503}, kind
