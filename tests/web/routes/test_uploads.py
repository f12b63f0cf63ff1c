"""Videos are uploaded to files, looked through behind the requests, and told of meanwhile."""

from __future__ import annotations

import asyncio
import base64
import threading
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from scrubjay import services
from scrubjay.core.errors import ScrubjayError
from scrubjay.core.types import Kind
from scrubjay.search.uploaded import Upload, Uploaded
from scrubjay.web.context import Stopped
from scrubjay.web.routes import items
from scrubjay.web.routes.pages import upload
from scrubjay.web.server import create_app
from scrubjay.web.settings import ServeSettings
from scrubjay.web.upload_jobs import KEPT, UploadJob, UploadJobs
from scrubjay.web.uploading import MAX_WAITING
from tests.search.uploading import png
from tests.web.conftest import LOOPBACK, Serve, ServedHome
from tests.web.filmed import moments_of, shots, write_webm

pytest.importorskip("av", reason="no video to make: pip install 'scrubjay[video]'")

PATIENCE_S = 60


@pytest.fixture(scope="module")
def made():
    return shots(3)


@pytest.fixture(scope="module")
def film(made, tmp_path_factory):
    return write_webm(tmp_path_factory.mktemp("film") / "film.webm", made, codec="libvpx")


@pytest.fixture
def client(serve: Serve, own_home: ServedHome, monkeypatch) -> TestClient:
    """Of a server that waits for no video."""
    for module in (items, upload):
        monkeypatch.setattr(module, "PATIENCE_S", 0.0)
    return serve(own_home)


def until_over(client: TestClient, address: str) -> dict:
    by = time.monotonic() + PATIENCE_S
    while True:
        told = client.get(address).json()
        if not told["going"]:
            return told
        assert told["doing"]
        assert told["items"] == told["refused"] == []
        assert time.monotonic() < by
        time.sleep(0.1)


def send(client: TestClient, *files, **fields):
    return client.post("/v1/items", files=[("files", one) for one in files], data=fields)


def left_behind(home: ServedHome) -> list[str]:
    return [path.name for path in (home.path / "media").glob(".*")]


def test_a_video_is_looked_through_behind_the_request_and_then_found(client, own_home, film, made):
    data = film.read_bytes()
    told = send(client, ("film.webm", data, "video/webm"), captions="a film of scenes", tags="film")
    assert told.status_code == 202, told.text
    assert told.headers["location"] == f"/v1/uploads/{told.json()['upload']}"
    done = until_over(client, told.headers["location"])
    assert done["problem"] is None
    (item,) = done["items"]
    assert (item["name"], item["kind"], item["state"]) == ("film.webm", "video", "added")
    assert item["indexed"], item["reason"]
    assert left_behind(own_home) == []
    assert client.get(f"/v1/items/{item['id']}/media").content == data
    found = client.get(f"/v1/items/{item['id']}/moments").json()["moments"]
    near = [round(one["start_s"]) for one in found]
    assert near == [round(begins) for begins, _ in moments_of(made)]
    asked = {"text": made[1].caption, "kinds": ["video"], "k": 1}
    (hit,) = client.post("/v1/search", json=asked).json()["hits"]
    assert (hit["id"], round(hit["start_s"])) == (item["id"], 2)
    known = client.get(f"/v1/items/{item['id']}").json()
    assert (known["captions"], known["tags"]) == (["a film of scenes"], ["film"])


def test_the_page_says_how_far_it_is_and_then_what_became_of_it(client, own_home, film):
    page = client.get("/upload", headers={"Accept": "text/html"}).text
    csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
    files = [("files", ("<b>film<i>.webm", film.read_bytes(), "video/webm"))]
    told = client.post("/upload", data={"csrf": csrf}, files=files)
    assert told.status_code == 202
    assert "Looking it through" in told.text
    assert "_b_film_i_.webm" in told.text
    where = told.text.partition('href="/upload/')[2].partition('"')[0]
    until_over(client, f"/v1/uploads/{where}")
    after = client.get(f"/upload/{where}")
    assert "It arrived" in after.text
    assert "hx-get" not in after.text.partition('<ul class="uploads">')[2].partition("</ul>")[0]
    part = client.get(
        f"/upload/{where}", headers={"HX-Request": "true", "HX-Request-Type": "partial"}
    )
    assert part.text.strip().startswith("<li")
    assert 'href="/items/' in part.text
    for address in ("/upload/nobody", "/v1/uploads/nobody"):
        gone = client.get(address)
        assert gone.status_code == 404
        assert "no such upload" in gone.text


def test_pictures_do_not_wait_behind_a_video(client, film):
    first = send(client, ("film.webm", film.read_bytes(), "video/webm"))
    assert first.status_code == 202
    assert send(client, ("a.png", png(501), "image/png")).status_code == 201
    until_over(client, first.headers["location"])


def test_a_video_in_json_and_what_is_none_are_told_of_together(client, own_home, film):
    url = f"data:video/webm;base64,{base64.b64encode(film.read_bytes()).decode()}"
    broken = base64.b64encode(b"\x1a\x45\xdf\xa3" + b"webm" + bytes(3000)).decode()
    body = {
        "items": [
            {"name": "film.webm", "data": url},
            {"name": "broken.webm", "data": f"data:video/webm;base64,{broken}"},
            {"name": "none.webm", "data": "https://example.org/film.webm"},
        ]
    }
    told = client.post("/v1/items", json=body)
    assert told.status_code == 202
    done = until_over(client, told.headers["location"])
    assert [one["name"] for one in done["items"]] == ["film.webm"]
    assert sorted(one["name"] for one in done["refused"]) == ["broken.webm", "none.webm"]
    assert all(one["reason"] for one in done["refused"])
    assert left_behind(own_home) == []


def test_a_video_comes_as_a_file_and_is_never_held(
    client, own_home, film, monkeypatch: pytest.MonkeyPatch
):
    handed: list[Upload] = []
    size: list[int] = []

    def take(home, uploads, **more):
        handed.extend(uploads)
        size.extend(Path(one.path).stat().st_size for one in uploads)
        return Uploaded()

    monkeypatch.setattr(services, "add_uploads", take)
    told = send(client, ("film.webm", film.read_bytes(), "video/webm"))
    done = until_over(client, told.headers["location"])
    assert done["items"] == []
    assert [one.data for one in handed] == [b""]
    assert size == [film.stat().st_size]
    assert left_behind(own_home) == []


def test_more_videos_than_may_wait_are_told_to_come_back(client, own_home, film):
    jobs = UploadJobs()
    jobs._line._waiting = MAX_WAITING
    client.app.state.upload_jobs = jobs
    told = send(client, ("film.webm", film.read_bytes(), "video/webm"))
    assert told.status_code == 429
    assert int(told.headers["retry-after"]) >= 1
    assert left_behind(own_home) == []


def test_what_goes_wrong_with_all_of_it_is_told(client, own_home, film, monkeypatch):
    def fail(home, uploads, **more):
        raise ScrubjayError("the disk is full")

    monkeypatch.setattr(services, "add_uploads", fail)
    told = send(client, ("film.webm", film.read_bytes(), "video/webm"))
    done = until_over(client, told.headers["location"])
    assert done["problem"]
    assert "disk" not in done["problem"], "errors that are not meant for strangers stay in the log"
    assert left_behind(own_home) == []


def test_a_server_that_ends_looks_no_further_and_the_next_goes_on(
    serve, own_home, film, made, monkeypatch
):
    monkeypatch.setattr(items, "PATIENCE_S", 0.0)
    begun, ended = threading.Event(), threading.Event()
    plain = services.add_uploads

    def watched(home, uploads, *, progress, **more):
        def slow(what, done, total):
            if "files" not in what:
                begun.set()
                time.sleep(0.2)
            progress(what, done, total)

        try:
            return plain(home, uploads, progress=slow, **more)
        finally:
            ended.set()

    monkeypatch.setattr(services, "add_uploads", watched)
    app = create_app(own_home.open(), ServeSettings(watch_s=0, access_log=False))
    with TestClient(app, base_url=LOOPBACK) as client:
        assert send(client, ("film.webm", film.read_bytes(), "video/webm")).status_code == 202
        assert begun.wait(PATIENCE_S)
    assert ended.wait(PATIENCE_S)
    (item,) = [one for one in own_home.open().catalog.items() if one.kind is Kind.VIDEO]
    again = serve(own_home)
    by = time.monotonic() + PATIENCE_S
    while again.get(f"/v1/items/{item.id}/moments").json()["total"] != len(made):
        assert time.monotonic() < by, "nobody goes on with it"
        time.sleep(0.2)


def test_what_ended_is_told_of_for_a_while():
    async def course():
        job = UploadJob(("film.webm",))
        job.progress("looking at film.webm", 1, 4)
        assert (job.doing, job.share) == ("Looking at film.webm", 25)
        jobs = UploadJobs()
        for number in range(KEPT + 5):
            ended = UploadJob(("film.webm",), id=str(number), done=Uploaded())
            jobs._jobs[ended.id] = ended
        jobs._forget_old()
        assert len(jobs._jobs) == KEPT
        assert jobs.find(str(KEPT + 4)).done is not None

    asyncio.run(course())
    assert not issubclass(Stopped, ScrubjayError | OSError), "it must not pass for bad media"
