"""Items: listed page by page, told completely, deleted after a question; names are text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image

from scrubjay import services
from scrubjay.core.protocols import silent
from tests.web.conftest import PICTURES, TONES, ServedHome
from tests.web.routes.pages.conftest import Visitor
from tests.web.routes.pages.markup import Markup, faults, written_in

HOSTILE = '"><img src=x onerror=alert(1)> {{ 7*7 }} <script>alert(2)</script>'


def listed(page: Markup) -> list[str]:
    return [
        one.attributes["href"] for one in page.all("a") if one.attributes.get("class") == "title"
    ]


def test_the_list_holds_every_item_once(visitor: Visitor) -> None:
    page, seen = visitor.page("/items"), []
    while True:
        seen += listed(page)
        further = [one for one in page.all("a") if one.attributes.get("rel") == "next"]
        if not further:
            break
        page = visitor.page(further[0].attributes["href"])
    assert len(seen) == len(set(seen)) == PICTURES + len(TONES)


def test_the_list_is_filtered_without_scripts(visitor: Visitor) -> None:
    assert len(listed(visitor.page("/items?kind=speech&month=2026-11"))) == len(TONES)
    page = visitor.page("/items?month=1999-01")
    assert "Nothing passes these filters" in page.all("main")[0].text


def test_an_items_page_tells_all_that_is_known(visitor: Visitor, served_home: ServedHome) -> None:
    item = next(one for one in served_home.open().catalog.items() if one.uri.endswith("/7.png"))
    told = visitor.page(f"/items/{item.id}").all("main")[0].text
    for text in (item.id, item.sha256, item.uri, item.captions[0], "November 2026", "price"):
        assert text in told
    assert f"{item.width} x {item.height}" in told
    assert served_home.version in told


def test_deleting_asks_and_then_it_is_gone_everywhere(
    visiting: Callable[..., Visitor], own_home: ServedHome
) -> None:
    visitor = visiting(own_home)
    item = next(one for one in own_home.open().catalog.items() if one.uri.endswith("/7.png"))
    question = visitor.page(f"/items/{item.id}/delete")
    assert "cannot be undone" in question.all("main")[0].text
    (form,) = [one for one in question.all("form") if one.attributes["action"].endswith("/delete")]
    answer = visitor.post(form.attributes["action"])
    assert "Deleted" in answer.text
    assert answer.url.path == "/items"
    assert visitor.get(f"/items/{item.id}").status_code == 404
    found = visitor.page(f"/?q={item.captions[0]}&all=1")
    assert item.id not in {one.attributes.get("data-id") for one in found.all("li")}
    assert visitor.post(form.attributes["action"]).status_code == 404


def test_deleting_needs_the_pages_token(visitor: Visitor, served_home: ServedHome) -> None:
    item = next(iter(served_home.open().catalog.items()))
    answer = visitor.client.post(f"/items/{item.id}/delete", headers={"Accept": "text/html"})
    assert answer.status_code == 403
    assert visitor.get(f"/items/{item.id}").status_code == 200


@pytest.fixture
def hostile(own_home: ServedHome, tmp_path: Path) -> ServedHome:
    """A home in which names, captions, tags and columns hold markup."""
    folder = tmp_path / "hostile"
    folder.mkdir()
    Image.effect_noise((64, 64), 80).convert("RGB").save(folder / "x.png")
    said = {"file_name": "x.png", "text": HOSTILE, "tags": [HOSTILE], "<b>note": HOSTILE}
    (folder / "metadata.jsonl").write_text(json.dumps(said) + "\n")
    services.add_folder(own_home.open(), folder, month="2026-12", progress=silent)
    return own_home


def test_names_and_captions_are_text_wherever_they_are_shown(
    visiting: Callable[..., Visitor], hostile: ServedHome
) -> None:
    visitor = visiting(hostile)
    (item,) = [one for one in hostile.open().catalog.items() if one.month == "2026-12"]
    for path in (
        "/",
        f"/?like={item.id}",
        f"/?q=x&month=2026-12&all=1&tag={quote(HOSTILE)}",
        "/items?month=2026-12",
        f"/items/{item.id}",
        f"/items/{item.id}/delete",
    ):
        page = visitor.page(path)
        assert faults(page) == [], path
        assert written_in(page) == [], path
        assert "onerror" in page.all("main")[0].text, path
        assert "49" not in page.all("title")[0].text
    told = visitor.page(f"/items/{item.id}").all("main")[0].text
    assert told.count(HOSTILE) >= 3
