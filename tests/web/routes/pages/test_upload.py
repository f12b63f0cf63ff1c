"""Uploading by a plain form, and one file at a time as the page's script does."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from tests.web.conftest import ServedHome
from tests.web.routes.pages.conftest import Visitor
from tests.web.routes.pages.markup import Markup, faults


def picture(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (64, 64, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def test_files_are_taken_and_found_at_once_and_bad_ones_are_named(
    visiting: Callable[..., Visitor], own_home: ServedHome
) -> None:
    visitor = visiting(own_home)
    files = [
        ("files", ("one.png", picture(1), "image/png")),
        ("files", ("two.png", picture(2), "image/png")),
        ("files", ("<i>bad</i>.png", b"nothing", "image/png")),
    ]
    answer = visitor.post("/upload", files=files, caption="grains of sand", tags="beach, sand")
    page = Markup.of(answer.text)
    assert faults(page) == []
    assert "2 of 3 arrived" in page.all("main")[0].text
    assert page.all("i") == []
    links = [one for one in page.all("a") if one.attributes.get("class") == "file"]
    assert {one.text for one in links} == {"one.png", "two.png"}
    item = visitor.page(links[0].attributes["href"])
    assert item.all("h1")[0].text == "grains of sand"
    assert "beach" in item.all("main")[0].text
    own = links[0].attributes["href"].rpartition("/")[2]
    found = visitor.post("/", files={"example": ("q.png", picture(1), "image/png")}, all="1")
    assert f'data-id="{own}"' in found.text


def test_a_script_gets_the_line_of_its_file(
    visiting: Callable[..., Visitor], own_home: ServedHome
) -> None:
    visitor = visiting(own_home)
    files = {"files": ("one.png", picture(1), "image/png")}
    for state in ("added", "known already"):
        answer = visitor.post("/upload", part=True, files=files)
        page = Markup.of(answer.text)
        assert page.elements[0].tag == "li"
        assert state in page.all("li")[0].text
    bad = visitor.post("/upload", part=True, files={"files": ("bad.png", b"x", "image/png")})
    assert "not taken" in Markup.of(bad.text).all("li")[0].text


def test_a_form_without_a_file_says_so(visitor: Visitor) -> None:
    answer = visitor.post("/upload", files={"files": ("", b"", "application/octet-stream")})
    assert answer.status_code == 400
    assert "choose at least one" in Markup.of(answer.text).all("main")[0].text


def test_too_much_is_refused_as_a_page(
    visiting: Callable[..., Visitor], own_home: ServedHome
) -> None:
    visitor = visiting(own_home, max_body=100_000)
    answer = visitor.post("/upload", files={"files": ("big.png", bytes(200_000), "image/png")})
    assert answer.status_code == 413
    assert "too large" in Markup.of(answer.text).all("h1")[0].text
    assert "100" in visitor.get("/upload").text


def test_the_form_says_how_much_it_takes(visitor: Visitor) -> None:
    assert "67.1 MB" in visitor.page("/upload").all("main")[0].text
