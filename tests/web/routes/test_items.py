"""`/v1/items` over HTTP: added, refused, listed, fetched in parts, made small, forgotten."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import shutil
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from scrubjay import services
from scrubjay.core.config import Settings
from scrubjay.core.errors import Damaged
from scrubjay.core.types import Kind
from scrubjay.search.uploaded import Upload
from scrubjay.store.home import Home
from scrubjay.store.lease import acquire
from scrubjay.web.content_type import UNKNOWN, content_type
from scrubjay.web.file_name import safe_file_name
from scrubjay.web.server import create_app
from scrubjay.web.settings import ServeSettings
from scrubjay.web.uploading import MAX_WAITING, UploadLine
from tests.search.uploading import png, wav
from tests.store.looking import holding, retained
from tests.web.conftest import LOOPBACK, TONES

NAME = "Tante Wilhelmine & 'Papagei' 0815.png"
CAPTION = "Tante Wilhelmine füttert den grünen Papagei"


def send(client, *files, **fields):
    parts = [("files", file) for file in files]
    return client.post("/v1/items", files=parts, data=fields)


def data_url(data, kind="image/png"):
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


@pytest.fixture(scope="module")
def changed_home(served_home, tmp_path_factory):
    """A copy that these tests add to and forget from, one after the other."""
    path = tmp_path_factory.mktemp("changed") / "home"
    shutil.copytree(served_home.path, path)
    return dataclasses.replace(served_home, path=path)


@pytest.fixture(scope="module")
def client(changed_home):
    app = create_app(changed_home.open(), ServeSettings(watch_s=0))
    with TestClient(app, base_url=LOOPBACK, raise_server_exceptions=False) as client:
        yield client


def test_what_is_sent_is_found_at_once_and_fetched_as_it_was(client):
    data = png(71, (64, 48))
    told = send(client, (NAME, data, "image/png"), captions=CAPTION, tags="bird, green")
    assert told.status_code == 201, told.text
    (item,) = told.json()["items"]
    assert (item["name"], item["state"], item["indexed"]) == (safe_file_name(NAME), "added", True)
    assert told.json()["refused"] == []
    found = client.post("/v1/search", json={"image": data_url(data), "k": 1}).json()
    assert found["hits"][0]["id"] == item["id"]
    assert found["version"] == told.json()["version"]
    known = client.get(f"/v1/items/{item['id']}").json()
    assert (known["captions"], known["tags"]) == ([CAPTION], ["bird", "green"])
    assert known["indexed"][0]["modality"] == "image"
    fetched = client.get(f"/v1/items/{item['id']}/media")
    assert fetched.content == data
    assert fetched.headers["content-type"] == "image/png"
    assert fetched.headers["content-disposition"].startswith("inline; ")
    assert fetched.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in fetched.headers["content-security-policy"]
    saved = client.get(f"/v1/items/{item['id']}/media?download=true")
    assert saved.headers["content-disposition"].startswith("attachment; ")
    assert quote(safe_file_name(NAME), safe="") in saved.headers["content-disposition"]


def test_a_recording_is_found_by_its_own_sound(client):
    data = wav(333, 1.0)
    told = send(client, ("note.wav", data, "audio/wav"), language="en", month="2026-03")
    (item,) = told.json()["items"]
    asked = {"speech": data_url(data, "audio/wav"), "kinds": ["speech"], "k": 1}
    assert client.post("/v1/search", json=asked).json()["hits"][0]["id"] == item["id"]
    known = client.get(f"/v1/items/{item['id']}").json()
    assert (known["kind"], known["month"], known["language"]) == ("speech", "2026-03", "en")
    assert client.get(f"/v1/items/{item['id']}/media").headers["content-type"] == "audio/wav"


def test_a_file_that_cannot_be_used_is_refused_by_name_and_the_others_are_kept(client):
    told = send(
        client,
        ("good.png", png(72), "image/png"),
        ("bad.png", b"not a picture", "image/png"),
        ("../../etc/passwd", png(73)[:100], "image/png"),
    )
    assert told.status_code == 201
    assert [one["name"] for one in told.json()["items"]] == ["good.png"]
    assert [one["name"] for one in told.json()["refused"]] == ["bad.png", "passwd"]
    assert all(one["reason"] for one in told.json()["refused"])
    nothing = send(client, ("bad.png", b"not a picture", "image/png"))
    assert nothing.status_code == 422
    assert nothing.json()["items"] == []
    assert nothing.json()["refused"][0]["name"] == "bad.png"


def test_each_file_may_have_words_of_its_own(client):
    told = send(
        client,
        ("a.png", png(74), "image/png"),
        ("b.png", png(75), "image/png"),
        captions="of both",
        attributes=json.dumps({"price": 3, "When": "2026-01-05", "nothing": None}),
        metadata=json.dumps([{"captions": ["of one"]}, None]),
    )
    items = [client.get(f"/v1/items/{one['id']}").json() for one in told.json()["items"]]
    assert [one["captions"] for one in items] == [["of one"], ["of both"]]
    assert items[0]["attributes"] == {"price": 3, "when": "2026-01-05"}


def test_json_takes_files_too(client):
    body = {
        "items": [
            {"name": "a.png", "data": data_url(png(76)), "captions": ["one"], "tags": ["x"]},
            {"name": "b.png", "data": "https://example.org/b.png"},
            {"name": "c.png", "data": "data:image/png;base64,!!!"},
        ]
    }
    told = client.post("/v1/items", json=body)
    assert told.status_code == 201
    assert [one["name"] for one in told.json()["items"]] == ["a.png"]
    reasons = {one["name"]: one["reason"] for one in told.json()["refused"]}
    assert "never fetched" in reasons["b.png"]
    assert "base64" in reasons["c.png"]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"json": {}}, "items"),
        ({"json": {"items": []}}, "items"),
        ({"json": {"items": [{"name": "a"}]}}, "items.0.data"),
        ({"json": {"items": [{"name": "a", "data": "data:,", "more": 1}]}}, "items.0.more"),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, "body"),
        ({"data": {"captions": "x"}}, "no file"),
        ({"files": {"file": ("a.png", b"x")}}, "send files as `files`"),
        ({"files": {"files": ("a.png", b"x")}, "data": {"colour": "red"}}, "'colour'"),
        ({"files": {"files": ("a.png", b"x")}, "data": {"metadata": "[]"}}, "list of 1"),
        ({"files": {"files": ("a.png", b"x")}, "data": {"metadata": "["}}, "not JSON"),
        ({"files": {"files": ("a.png", b"x")}, "data": {"attributes": "[1]"}}, "JSON object"),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, ""),
        ({"content": b"x"}, "no file"),
    ],
)
def test_a_wrong_request_is_said_to_be(shared_client, sent, said):
    told = shared_client.post("/v1/items", **sent)
    assert told.status_code == 400, told.text
    assert said in told.json()["error"]["message"]


def test_pages_of_the_list_hold_every_item_once_the_newest_month_first(client):
    send(client, ("old.png", png(77), "image/png"), month="2025-01")
    send(client, ("new.png", png(78), "image/png"), month="2026-12")
    items, after = [], None
    while True:
        query = {"limit": 7, **({"after": after} if after else {})}
        page = client.get("/v1/items", params=query).json()
        items += page["items"]
        after = page["next"]
        if after is None:
            break
        assert len(page["items"]) == 7
    assert len(items) == client.get("/v1/items/facets").json()["total"]
    places = [(one["month"], one["id"]) for one in items]
    by_id = sorted(places, key=lambda one: one[1])
    assert places == sorted(by_id, key=lambda one: one[0], reverse=True)
    assert items[0]["month"] == "2026-12"
    assert items[-1]["month"] == "2025-01"


def test_a_list_is_narrowed_by_facets_and_conditions(client):
    before = client.get("/v1/items/facets").json()
    send(client, ("a.png", png(79), "image/png"), tags="owl's,red", language="de", month="2024-01")

    def count(**asked):
        return len(client.get("/v1/items", params={"limit": 500, **asked}).json()["items"])

    assert count(tag="owl's") == count(tag=["owl's", "red"]) == count(language="de") == 1
    assert count(tag=["owl's", "blue"]) == 0
    assert count(kind="speech") == before["kinds"]["speech"]
    assert count(kind=["speech", "image"]) == before["total"] + 1
    assert count(month="2024-01") == 1
    assert count(where="price >= 38") == 2
    assert count(where="price >= 38 or price = 0", kind="speech") == len(TONES)
    facets = client.get("/v1/items/facets").json()
    assert facets["total"] == before["total"] + 1
    assert facets["kinds"]["image"] == before["kinds"]["image"] + 1
    assert list(facets["months"].items())[-1] == ("2024-01", 1)
    assert (facets["languages"]["de"], facets["tags"]["owl's"]) == (1, 1)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"limit": 0}, 400),
        ({"limit": 501}, 400),
        ({"after": "nonsense"}, 400),
        ({"where": "price <"}, 400),
        ({"where": "nothing = 1"}, 400),
        ({"month": "x' OR '1'='1"}, 200),
        ({"kind": "smell"}, 400),
    ],
)
def test_a_wrong_list_is_refused(shared_client, query, status):
    told = shared_client.get("/v1/items", params=query)
    assert told.status_code == status, told.text
    if status == 200:
        assert told.json()["items"] == []


def test_a_cursor_of_another_list_is_refused(shared_client):
    after = shared_client.get("/v1/items?limit=1").json()["next"]
    told = shared_client.get("/v1/items", params={"after": after, "kind": "image"})
    assert told.status_code == 400
    assert shared_client.get("/v1/items", params={"after": after}).status_code == 200


@pytest.mark.parametrize("path", ["", "/media", "/thumb"])
@pytest.mark.parametrize("item", ["nobody", "a%2Fb", "...", "a'b", "%E2%80%AE"])
def test_what_is_not_here_is_not_found(shared_client, item, path):
    told = shared_client.get(f"/v1/items/{item}{path}")
    assert told.status_code == 404
    assert told.json()["error"]["code"] == "item_not_found"


@pytest.mark.parametrize("path", ["", "/media", "/thumb"])
@pytest.mark.parametrize("item", ["..%2F..%2Fetc%2Fpasswd", "..", "%FF", "%00"])
def test_a_path_that_climbs_leads_nowhere(shared_client, item, path):
    assert shared_client.get(f"/v1/items/{item}{path}").status_code in {400, 404}


def an_item(client, kind="image"):
    """One that came from the folder."""
    asked = {"limit": 1, "kind": kind, "where": "uri LIKE '/%'"}
    return client.get("/v1/items", params=asked).json()["items"][0]


def test_parts_of_a_file_are_sent_as_asked_for(shared_client):
    item = an_item(shared_client, "speech")
    address = f"/v1/items/{item['id']}/media"
    whole = Path(item["uri"]).read_bytes()
    for asked, start, end in (
        ("bytes=0-9", 0, 10),
        ("bytes=100-", 100, len(whole)),
        ("bytes=-5", len(whole) - 5, len(whole)),
        (f"bytes={len(whole) - 1}-{len(whole) + 100}", len(whole) - 1, len(whole)),
    ):
        part = shared_client.get(address, headers={"Range": asked})
        assert part.status_code == 206
        assert part.content == whole[start:end]
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{len(whole)}"
    beyond = shared_client.get(address, headers={"Range": f"bytes={len(whole)}-"})
    assert beyond.status_code == 416
    assert beyond.headers["content-range"] == f"bytes */{len(whole)}"
    told = beyond.json()["error"]
    assert (told["type"], told["param"]) == ("invalid_request_error", "Range")
    assert "the file ends before" in told["message"]
    for wrong in ("lines=0-9", "bytes", "bytes=", "bytes=9-2"):
        answer = shared_client.get(address, headers={"Range": wrong})
        assert answer.status_code == 400, wrong
        assert "bytes=FIRST-LAST" in answer.json()["error"]["message"]
        assert "content-range" not in answer.headers
    plain = shared_client.get(address)
    assert (plain.status_code, plain.headers["accept-ranges"]) == (200, "bytes")
    etag = plain.headers["etag"]
    assert etag == f'"{item["sha256"]}"'
    half = {"Range": "bytes=0-9", "If-Range": etag}
    assert shared_client.get(address, headers=half).status_code == 206
    half["If-Range"] = '"another"'
    assert shared_client.get(address, headers=half).status_code == 200
    for said in (etag, f'"x", W/{etag}', "*"):
        same = shared_client.get(address, headers={"If-None-Match": said})
        assert (same.status_code, same.content) == (304, b"")
    assert shared_client.get(address, headers={"If-None-Match": '"x"'}).status_code == 200


def test_a_file_that_changed_or_left_since_is_not_sent(client, changed_home):
    home = changed_home.open()
    item = an_item(client)
    path = Path(item["uri"])
    address = f"/v1/items/{item['id']}/media"
    assert client.get(address).status_code == 200
    before = path.read_bytes()
    try:
        path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        changed = client.get(address)
        assert changed.status_code == 404
        assert "changed since it was added" in changed.json()["error"]["message"]
        path.unlink()
        path.symlink_to("/etc/passwd")
        assert client.get(address).status_code == 404
        path.unlink()
        gone = client.get(address)
        assert (gone.status_code, b"gone" in gone.content) == (404, True)
        shutil.rmtree(changed_home.path / "media" / "thumbs", ignore_errors=True)
        assert client.get(f"/v1/items/{item['id']}/thumb").status_code == 404
    finally:
        path.unlink(missing_ok=True)
        path.write_bytes(before)
    assert client.get(address).content == before
    assert home.catalog.get(item["id"]) is not None


def with_exif(data, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "taken at home, 1 Secret Street"
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_a_small_picture_is_upright_small_and_says_nothing_else(client, changed_home):
    sent = with_exif(png(80, (1000, 500)), 6)
    (item,) = send(client, ("turned.jpg", sent, "image/jpeg")).json()["items"]
    for asked, side in ((None, 384), (100, 192), (193, 384), (768, 768)):
        query = {"size": asked} if asked else {}
        told = client.get(f"/v1/items/{item['id']}/thumb", params=query)
        assert told.headers["content-type"] == "image/webp"
        with Image.open(io.BytesIO(told.content)) as image:
            assert image.format == "WEBP"
            assert image.size == (side // 2, side)
        assert b"Secret" not in told.content
        again = {"If-None-Match": told.headers["etag"]}
        assert client.get(told.url, headers=again).status_code == 304
    folder = changed_home.path / "media" / "thumbs"
    sha256 = client.get(f"/v1/items/{item['id']}").json()["sha256"]
    assert len(list(folder.glob(f"{sha256}-*.webp"))) == 3
    kept = folder / f"{sha256}-192.webp"
    kept.write_bytes(b"from the cache")
    assert client.get(f"/v1/items/{item['id']}/thumb?size=1").content == b"from the cache"


def test_a_recording_has_no_small_picture(shared_client):
    item = an_item(shared_client, "speech")
    told = shared_client.get(f"/v1/items/{item['id']}/thumb")
    assert told.status_code == 404
    assert "no small picture" in told.json()["error"]["message"]


def test_what_is_forgotten_is_nowhere_in_the_home(client, changed_home):
    data = png(81, (64, 64))
    caption = f"{CAPTION}, once more"
    told = send(client, ("wilhelmine-4711.png", data, "image/png"), captions=caption)
    (item,) = told.json()["items"]
    thumb = client.get(f"/v1/items/{item['id']}/thumb").content
    needles = (data, thumb, b"wilhelmine-4711.png", caption.encode())
    assert all(holding(changed_home.path, one) for one in needles), "the search finds all of it"
    gone = client.delete(f"/v1/items/{item['id']}")
    assert gone.json() == {"forgotten": [item["id"]], "pending": False, "message": None}
    assert [holding(changed_home.path, one) for one in needles] == [[]] * 4
    assert "wilhelmine-4711" not in repr(retained(changed_home.path))
    for path in ("", "/media", "/thumb"):
        assert client.get(f"/v1/items/{item['id']}{path}").status_code == 404
    assert client.delete(f"/v1/items/{item['id']}").status_code == 404
    found = client.post("/v1/search", json={"image": data_url(data), "k": 100}).json()
    assert item["id"] not in {hit["id"] for hit in found["hits"]}
    again = send(client, ("other.png", data, "image/png"))
    assert again.status_code == 422
    assert "forgotten on request" in again.json()["refused"][0]["reason"]


def test_an_upload_beside_a_run_is_taken(client, changed_home):
    lease = acquire(changed_home.open().lease, holder="a run", ttl_s=60)
    assert send(client, ("a.png", png(82), "image/png")).status_code == 201
    lease.release()


def test_more_uploads_than_may_wait_are_told_to_come_back(client):
    line = UploadLine()
    line._waiting = MAX_WAITING
    ours, client.app.state.upload_line = client.app.state.upload_line, line
    told = send(client, ("a.png", png(83), "image/png"))
    client.app.state.upload_line = ours
    assert told.status_code == 429
    assert int(told.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    ("head", "kind", "told"),
    [
        (png(1), Kind.IMAGE, "image/png"),
        (wav(200), Kind.SPEECH, "audio/wav"),
        (b"<html><script>alert(1)</script>", Kind.IMAGE, UNKNOWN),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Kind.IMAGE, UNKNOWN),
        (b"\x1a\x45\xdf\xa3" + bytes(60), Kind.SPEECH, "audio/webm"),
        (b"\x1a\x45\xdf\xa3" + bytes(60), Kind.VIDEO, "video/webm"),
        (b"words", Kind.TEXT, "text/plain; charset=utf-8"),
    ],
)
def test_a_file_is_called_what_it_is(tmp_path, head, kind, told):
    path = tmp_path / "file.html"
    path.write_bytes(head)
    assert content_type(path, kind) == told


def test_while_a_run_goes_on_what_is_to_be_forgotten_is_hidden_at_once(client, changed_home):
    home = changed_home.open()
    item = an_item(client)
    client.get(f"/v1/items/{item['id']}/thumb")
    lease = acquire(home.lease, holder="a run", ttl_s=60)
    told = client.delete(f"/v1/items/{item['id']}")
    assert told.status_code == 202
    assert (told.json()["pending"], told.json()["forgotten"]) == (True, [item["id"]])
    assert "a run" in told.json()["message"]
    for path in ("", "/media", "/thumb"):
        assert client.get(f"/v1/items/{item['id']}{path}").status_code == 404
    listed = client.get("/v1/items", params={"limit": 500}).json()["items"]
    assert item["id"] not in {one["id"] for one in listed}
    data = Path(item["uri"]).read_bytes()
    found = client.post("/v1/search", json={"image": data_url(data), "k": 100}).json()
    assert item["id"] not in {hit["id"] for hit in found["hits"]}
    lease.release()


def test_files_may_come_before_there_is_anything_to_find_them_with(tmp_path):
    home = Home(Settings(home=tmp_path / "home", threads=1, builtin=False))
    app = create_app(home, ServeSettings(watch_s=0))
    with TestClient(app, base_url=LOOPBACK, raise_server_exceptions=False) as client:
        told = send(client, ("a.png", png(84), "image/png"))
        assert told.status_code == 201
        assert (told.json()["items"][0]["indexed"], told.json()["version"]) == (False, None)
        assert "no encoder serves yet" in told.json()["items"][0]["reason"]
        assert client.get("/v1/items").json()["items"][0]["id"] == told.json()["items"][0]["id"]
        assert client.post("/v1/search", json={"text": "red"}).status_code == 503


def test_an_upload_that_was_killed_is_finished_when_the_service_starts(served_home, tmp_path):
    shutil.copytree(served_home.path, tmp_path / "home")
    home = dataclasses.replace(served_home, path=tmp_path / "home").open()
    kept, lost = png(85), png(86)

    def fails(champion):
        raise Damaged("the disk is broken")

    with pytest.raises(Damaged):
        services.add_uploads(home, [Upload("kept.png", kept)], open_target=fails)
    lost_sha256 = home.media.put(lost)
    home.uploads.leave(home.uploads.begin([lost_sha256]))
    app = create_app(home, ServeSettings(watch_s=0))
    with TestClient(app, base_url=LOOPBACK, raise_server_exceptions=False) as client:
        until = time.monotonic() + 60
        while list((home.path / "uploads").iterdir()) and time.monotonic() < until:
            time.sleep(0.05)
        found = client.post("/v1/search", json={"image": data_url(kept), "k": 1}).json()
        known = client.get(f"/v1/items/{found['hits'][0]['id']}").json()
    assert known["uri"].endswith("/kept.png")
    assert not home.media.has(lost_sha256)
