"""Videos over HTTP: the frame of a second, the moments, the file in parts; bounded in every way."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from starlette.requests import ClientDisconnect

from scrubjay.core.types import Kind
from scrubjay.web.content_type import content_type
from scrubjay.web.picture_line import PictureLine, PicturesBusy
from scrubjay.web.server import create_app
from scrubjay.web.settings import ServeSettings
from tests.web.conftest import LOOPBACK, ServedHome
from tests.web.filmed import SHOT_S, film_item, moments_of, put_film, shots, write_webm

pytest.importorskip("av", reason="no video to make: pip install 'scrubjay[video]'")

SAID = "<script>alert('said')</script> & hand me the red apple"
READ = "<img src=x onerror=alert('read')> OPEN"


@pytest.fixture(scope="module")
def made():
    return shots(4, said=SAID, read=READ)


@pytest.fixture(scope="module")
def film(made, tmp_path_factory):
    return write_webm(tmp_path_factory.mktemp("film") / "film.webm", made)


@pytest.fixture(scope="module")
def own_home(served_home: ServedHome, tmp_path_factory) -> ServedHome:
    """A copy with a film in it; these tests only look."""
    path = shutil.copytree(served_home.path, tmp_path_factory.mktemp("filmed") / "home")
    return dataclasses.replace(served_home, path=Path(path))


@pytest.fixture(scope="module")
def item(own_home: ServedHome, made, film):
    one = film_item(film, made)
    put_film(own_home.open(), one, made)
    return one


@pytest.fixture(scope="module")
def client(own_home: ServedHome, item) -> Iterator[TestClient]:
    app = create_app(own_home.open(), ServeSettings(watch_s=0, access_log=False))
    with TestClient(app, base_url=LOOPBACK, raise_server_exceptions=False) as client:
        yield client


def pixels(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/webp"
    with Image.open(io.BytesIO(answer.content)) as image:
        return np.asarray(image.convert("RGB"), np.float32)


def test_the_frame_of_a_second_is_a_small_picture(client, own_home, item, made):
    address = f"/v1/items/{item.id}/thumb"
    for number, (begins, _) in enumerate(moments_of(made)):
        shown = pixels(client.get(address, params={"at": begins + 0.5}))
        errors = [
            np.abs(
                shown - np.asarray(Image.fromarray(one.picture).resize(shown.shape[1::-1]))
            ).mean()
            for one in made
        ]
        assert int(np.argmin(errors)) == number
    kept = {path.name for path in (own_home.path / "media" / "thumbs" / item.sha256).iterdir()}
    assert kept >= {f"{1000 * round(begins) + 500}-384.webp" for begins, _ in moments_of(made)}
    first = client.get(address, params={"at": 2.5})
    again = client.get(
        address, params={"at": 2.5}, headers={"If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 304
    assert client.get(address, params={"at": 2.501}).headers["etag"] != first.headers["etag"]
    end = client.get(address, params={"at": 5000})
    assert end.headers["etag"].endswith(f'-{1000 * len(made) * int(SHOT_S)}"')
    middle = client.get(address)
    assert middle.headers["etag"].endswith('-1000"')


@pytest.mark.parametrize("at", ["-1", "nan", "inf", "1e300", "soon", "1:02", "", "0x1"])
def test_a_second_that_is_none_is_refused_in_words(client, item, at):
    told = client.get(f"/v1/items/{item.id}/thumb", params={"at": at})
    assert told.status_code == 400, told.text
    assert told.json()["error"]["param"] == "at"


def test_a_picture_has_no_seconds(client):
    (one,) = client.get("/v1/items", params={"limit": 1, "kind": "image"}).json()["items"]
    told = client.get(f"/v1/items/{one['id']}/thumb", params={"at": 1})
    assert told.status_code == 400
    assert "names a second of a video" in told.json()["error"]["message"]


def test_a_video_that_cannot_be_decoded_has_no_small_picture(client, own_home, tmp_path, made):
    broken = tmp_path / "broken.webm"
    broken.write_bytes(b"\x1a\x45\xdf\xa3" + b"webm" + bytes(2000))
    one = film_item(broken, made)
    own_home.open().catalog.upsert([one])
    told = client.get(f"/v1/items/{one.id}/thumb")
    assert told.status_code == 404
    assert told.json()["error"]["message"]


def test_moments_are_told_page_by_page(client, item, made):
    address = f"/v1/items/{item.id}/moments"
    told = client.get(address).json()
    assert (told["id"], told["total"], told["next"]) == (item.id, len(made), None)
    assert [(one["start_s"], one["end_s"]) for one in told["moments"]] == moments_of(made)
    second = told["moments"][1]
    assert second["picture_s"] == 3.0
    said = {one["kind"]: one["text"] for one in second["evidence"]}
    assert said == {"seen": None, "said": SAID, "read": READ}
    seen, after = [], None
    while True:
        page = client.get(
            address, params={"limit": 3, **({"after": after} if after else {})}
        ).json()
        seen += page["moments"]
        after = page["next"]
        if after is None:
            break
    assert seen == told["moments"]
    for wrong in ({"limit": 0}, {"limit": 501}, {"after": "nan"}, {"after": -1}):
        assert client.get(address, params=wrong).status_code == 400
    assert client.get("/v1/items/nobody/moments").status_code == 404
    (picture,) = client.get("/v1/items", params={"limit": 1, "kind": "image"}).json()["items"]
    none = client.get(f"/v1/items/{picture['id']}/moments").json()
    assert (none["total"], none["moments"]) == (0, [])


def test_an_item_tells_which_clue_each_row_is(client, item):
    rows = client.get(f"/v1/items/{item.id}").json()["indexed"]
    assert {row["clue"] for row in rows} == {"seen", "said", "read"}
    assert [2.0, 4.0] in [row["moment"] for row in rows]


def test_a_search_finds_moments_with_their_evidence(client, item, made):
    asked = {"text": made[2].caption, "kinds": ["video"], "k": 3}
    hit = client.post("/v1/search", json=asked).json()["hits"][0]
    assert (hit["id"], hit["start_s"], hit["end_s"]) == (item.id, 4.0, 6.0)
    assert "seen" in {one["kind"] for one in hit["evidence"]}
    asked = {"text": SAID, "kinds": ["video"], "k": 1}
    hit = client.post("/v1/search", json=asked).json()["hits"][0]
    assert (hit["start_s"], hit["end_s"]) == (2.0, 4.0)
    assert SAID in {one["text"] for one in hit["evidence"] if one["kind"] == "said"}


def test_a_part_of_a_video_is_sent_as_asked_for(client, item, film):
    whole = film.read_bytes()
    address = f"/v1/items/{item.id}/media"
    part = client.get(address, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert part.headers["content-type"] == "video/webm"
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole)}"


@pytest.mark.parametrize(
    ("container", "told"), [("webm", "video/webm"), ("matroska", "video/matroska")]
)
def test_a_matroska_file_is_called_what_it_says_it_is(tmp_path, made, container, told):
    path = write_webm(tmp_path / "film", made[:1], container=container, codec="libvpx", sound=None)
    assert content_type(path, Kind.VIDEO) == told


def test_only_a_few_pictures_are_made_at_once_and_only_so_many_wait():
    most, now, lock = 0, 0, threading.Lock()
    both, go = threading.Event(), threading.Event()

    def work():
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
            if now == 2:
                both.set()
        go.wait(60)
        with lock:
            now -= 1
        return now

    class Here:
        async def receive(self):
            await asyncio.sleep(60)

    class Leaving:
        async def receive(self):
            return {"type": "http.disconnect"}

    async def crowd():
        line = PictureLine(at_once=2, waiting=3)
        asked = [asyncio.create_task(line.make(Here(), work)) for _ in range(5)]
        assert await asyncio.to_thread(both.wait, 60)
        with pytest.raises(PicturesBusy):
            await line.make(Here(), work)
        for one in asked[2:4]:
            one.cancel()
        await asyncio.gather(*asked[2:4], return_exceptions=True)
        further = asyncio.create_task(line.make(Here(), work))
        await asyncio.sleep(0.05)
        go.set()
        await asyncio.gather(*asked[:2], asked[4], further)
        assert most == 2
        with pytest.raises(ClientDisconnect):
            await line.make(Leaving(), lambda: go.wait(0.1))

    asyncio.run(crowd())


def test_strangers_do_not_start_a_hundred_decoders(client, item, monkeypatch: pytest.MonkeyPatch):
    from scrubjay.search import shown

    most, now, lock, both = 0, 0, threading.Lock(), threading.Event()
    make = shown._frame

    def watched(*asked):
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
            if most == 2:
                both.set()
        assert both.wait(60)
        try:
            return make(*asked)
        finally:
            with lock:
                now -= 1

    monkeypatch.setattr(shown, "_frame", watched)
    answers = []

    def ask(number):
        answers.append(
            client.get(f"/v1/items/{item.id}/thumb", params={"at": number / 7}).status_code
        )

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert answers == [200] * 16
    assert most == 2
