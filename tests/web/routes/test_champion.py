"""`/v1/champion` names the pair that answers and makes another the one."""

from __future__ import annotations

from tests.web.versions import register_small


def test_it_names_the_pair_that_answers(shared_client, served_home):
    assert shared_client.get("/v1/champion").json() == {
        "version": served_home.version,
        "generation": served_home.version,
        "rows": 43,
        "dim": 192,
        "modalities": ["image", "speech", "text"],
        "problem": None,
    }


def test_a_version_is_embedded_published_and_serves(own_home, serve):
    home = own_home.open()
    small = register_small(home)
    client = serve(own_home)
    told = client.post("/v1/champion", json={"version": small}).json()
    assert (told["version"], told["rows"], told["dim"]) == (small, 43, 24)
    assert home.registry.champion().version == small
    assert client.post("/v1/search", json={"text": "a red thing"}).json()["version"] == small
    assert client.post("/v1/embeddings", json={"input": "a"}).json()["model"] == small

    home.registry.publish(old := home.served.all()[-1], expected=home.registry.champion())
    assert client.get("/v1/champion").json()["version"] == small
    assert client.post("/v1/champion").json()["version"] == old.version
    assert client.get("/v1/champion").json()["version"] == own_home.version


def test_what_cannot_be_the_champion_is_said(shared_client, served_home):
    def post(**body):
        return shared_client.post("/v1/champion", json=body)

    assert post(version="2020-01-0000000").status_code == 404
    assert post(version=3).status_code == 400
    assert post(colour="red").status_code == 400
    assert shared_client.get("/v1/champion").json()["version"] == served_home.version
