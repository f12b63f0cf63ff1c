"""The search page without scripts, and the parts its scripts ask for."""

from __future__ import annotations

import html
import io
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from scrubjay.core.config import Settings
from scrubjay.core.types import Kind
from scrubjay.search.cutoff import Judged
from scrubjay.store.home import Home
from scrubjay.web.server import create_app
from scrubjay.web.settings import ServeSettings
from tests.web.conftest import LOOPBACK, PICTURES, TONES, ServedHome
from tests.web.routes.pages.conftest import Visitor
from tests.web.routes.pages.markup import Markup


def ids(page: Markup) -> list[str]:
    return [one.attributes["data-id"] for one in page.all("li") if "data-id" in one.attributes]


def headings(page: Markup) -> list[str]:
    return [one.text for one in page.all("h2")]


def item_of(home: ServedHome, name: str) -> str:
    (found,) = [one.id for one in home.open().catalog.items() if Path(one.uri).name == name]
    return found


def test_what_was_put_away_last_is_shown_before_anything_is_asked(visitor: Visitor) -> None:
    page = visitor.page("/")
    assert "Put away last" in headings(page)
    assert 0 < len(ids(page)) <= PICTURES + len(TONES)


def test_words_find_their_picture_first(visitor: Visitor, served_home: ServedHome) -> None:
    page = visitor.page(f"/?q={served_home.captions[3]}&kind=image&all=1")
    assert item_of(served_home, "3.png") in ids(page)[:3]
    assert served_home.captions[3] in headings(page)[0]
    first = page.all("li")[
        [one.attributes.get("data-id") for one in page.all("li")].index(ids(page)[0])
    ]
    assert "closeness" in first.text
    assert "November 2026" in first.text


def test_the_box_keeps_what_was_asked(visitor: Visitor) -> None:
    page = visitor.page('/?q=a+"red"+<star>&kind=image&where=price+<+5')
    assert page.with_id("q").attributes["value"] == 'a "red" <star>'
    assert page.with_id("where").attributes["value"] == "price < 5"
    chosen = [one for one in page.all("input") if "checked" in one.attributes]
    assert [one.attributes["value"] for one in chosen] == ["image"]


def test_filters_hold_for_every_hit(visitor: Visitor, served_home: ServedHome) -> None:
    prices = {one.id: one.attributes["price"] for one in served_home.open().catalog.items()}
    found = ids(visitor.page("/?q=a+star&kind=image&where=price+<+5&all=1"))
    assert {prices[one] for one in found} == set(range(5))
    kinds = {one.id: one.kind for one in served_home.open().catalog.items()}
    sounds = ids(visitor.page("/?q=a+tone&kind=speech&all=1"))
    assert len(sounds) == len(TONES)
    assert {kinds[one] for one in sounds} == {"speech"}


def test_recordings_play_where_they_are_found(visitor: Visitor) -> None:
    page = visitor.page("/?q=a+tone&kind=speech&all=1")
    players = page.all("audio")
    assert len(players) == len(TONES)
    for one in players:
        assert "controls" in one.attributes
        assert visitor.client.get(one.attributes["src"]).headers["content-type"] == "audio/wav"


def test_every_hit_leads_to_what_is_like_it_and_not_to_itself(visitor: Visitor) -> None:
    page = visitor.page("/?q=a+star&all=1")
    links = [one.attributes["href"] for one in page.all("a") if "like=" in one.attributes["href"]]
    assert len(links) == len(ids(page))
    alike = visitor.page(links[0] + "&all=1")
    assert ids(page)[0] not in ids(alike)
    assert alike.with_id("like") is not None


def test_the_next_page_goes_on_and_never_repeats(visitor: Visitor) -> None:
    page, seen = visitor.page("/?q=a+star&kind=image&all=1"), []
    while True:
        seen += ids(page)
        further = [one for one in page.all("a") if one.text == "Show more"]
        if not further:
            break
        page = visitor.page(further[0].attributes["href"])
    assert len(seen) == len(set(seen)) == PICTURES


def test_a_part_is_only_what_changes(visitor: Visitor) -> None:
    answer = visitor.get("/?q=a+star&all=1", part=True)
    page = Markup.of(answer.text)
    assert page.unbalanced == []
    assert page.all("html") == page.all("h1") == []
    assert ids(page)
    said = [
        one.attributes["data-announce"]
        for one in page.elements
        if "data-announce" in one.attributes
    ]
    assert len(said) == 1
    assert "a star" in said[0]
    assert "HX-Request" in answer.headers["vary"]


def test_a_further_part_is_hits_and_the_way_on(visitor: Visitor) -> None:
    whole = visitor.page("/?q=a+star&all=1")
    (further,) = [one for one in whole.all("a") if one.text == "Show more"]
    answer = visitor.get(further.attributes["hx-get"], part=True)
    page = Markup.of(answer.text)
    assert (answer.headers["hx-retarget"], answer.headers["hx-reswap"]) == ("#hits", "beforeend")
    assert page.all("ol") == []
    assert not set(ids(page)) & set(ids(whole))
    assert page.with_id("more").attributes["hx-swap-oob"] == "true"


def test_a_picture_is_searched_with_by_a_plain_form(
    visitor: Visitor, served_home: ServedHome
) -> None:
    data = (served_home.folder / "7.png").read_bytes()
    answer = visitor.post("/", files={"example": ("mine & yours.png", data, "image/png")})
    page = Markup.of(answer.text)
    assert answer.status_code == 200
    assert ids(page)[0] == item_of(served_home, "7.png")
    assert "mine & yours.png" in headings(page)[0]


def test_a_recording_finds_itself(visitor: Visitor, served_home: ServedHome) -> None:
    data = (served_home.folder / "high.wav").read_bytes()
    answer = visitor.post(
        "/", files={"example": ("recording.wav", data, "audio/wav")}, kind="speech", all="1"
    )
    page = Markup.of(answer.text)
    assert ids(page)[0] == item_of(served_home, "high.wav")
    assert "what you said" in headings(page)[0]


def test_an_example_pages_by_its_own_form(visitor: Visitor, served_home: ServedHome) -> None:
    files = {"example": ("7.png", (served_home.folder / "7.png").read_bytes(), "image/png")}
    first = Markup.of(visitor.post("/", part=True, files=files, all="1").text)
    (more,) = [one for one in first.all("button") if one.text == "Show more"]
    assert (more.attributes["form"], more.attributes["name"]) == ("show", "after")
    after = more.attributes["value"]
    second = Markup.of(visitor.post("/", part=True, files=files, all="1", after=after).text)
    assert ids(second)
    assert not set(ids(first)) & set(ids(second))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("notes.txt", b"hello"),
        ("broken.png", b"\x89PNG\r\n\x1a\n nothing more"),
        ("<b>bad</b>.png", b"no picture"),
    ],
)
def test_a_file_that_cannot_be_searched_with_is_named_in_words(
    visitor: Visitor, name: str, data: bytes
) -> None:
    answer = visitor.post("/", files={"example": (name, data, "image/png")})
    assert answer.status_code == 422
    assert html.escape(name, quote=False) in answer.text
    assert "<b>" not in answer.text
    assert "cannot be searched with" in answer.text


def test_a_form_without_the_pages_token_is_refused_as_a_page(visitor: Visitor) -> None:
    answer = visitor.client.post("/", data={"q": "x"}, headers={"Accept": "text/html"})
    assert answer.status_code == 403
    assert "reload the page" in Markup.of(answer.text).all("main")[0].text


def test_what_is_not_here_is_said_with_a_way_to_the_nearest(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NothingIsClose:
        def judge(self, asked: object, vector: object, **_: object) -> Judged:
            return Judged(far=frozenset(Kind))

    pair = visitor.client.app.state.context.serving._pair
    monkeypatch.setattr(pair.searcher, "cutoff", NothingIsClose())
    page = visitor.page("/?q=a+submarine")
    assert "Nothing here is close enough" in headings(page)
    (anyway,) = [one for one in page.all("a") if one.text == "See the nearest anyway"]
    assert ids(visitor.page(anyway.attributes["href"]))


def test_kinds_that_are_not_cut_are_named_while_the_cutoff_is_on(visitor: Visitor) -> None:
    def said(address: str) -> list[str]:
        notes = [one.text for one in visitor.page(address).all("p")]
        return [one for one in notes if "cannot be told here" in one]

    (recordings,) = said("/?q=a+star")
    assert recordings.startswith("All recordings are shown, the nearest first")
    assert said("/?q=a+star&kind=image") == [], "typed questions for pictures have a law here"
    assert said("/?q=a+star&all=1") == []
    like = ids(visitor.page("/?q=a+star"))[0]
    assert said(f"/?like={like}") == [], "the like of an item is what was asked for, near or far"


def test_filters_that_let_nothing_through_offer_to_be_dropped(visitor: Visitor) -> None:
    page = visitor.page("/?q=a+star&month=1999-01")
    assert "Nothing passes these filters" in headings(page)
    (without,) = [one for one in page.all("a") if one.text == "Search without filters"]
    assert ids(visitor.page(without.attributes["href"] + "&all=1"))


@pytest.mark.parametrize(
    "bad", ["<script>alert(1)</script>", '"><img src=x onerror=y>', "{{ 7*7 }}"]
)
def test_whatever_is_asked_comes_back_as_text(visitor: Visitor, bad: str) -> None:
    for name in ("q", "where", "month", "tag", "like", "after"):
        answer = visitor.client.get(
            "/", params={"q": "x", name: bad}, headers={"Accept": "text/html"}
        )
        page = Markup.of(answer.text)
        assert page.unbalanced == []
        assert [one for one in page.all("script") if not one.attributes.get("src")] == []
        assert not [one for one in page.all("img") if one.attributes.get("src") == "x"]
        assert "49" not in page.all("title")[0].text


def test_a_home_with_nothing_in_it_says_what_to_do(tmp_path: Path) -> None:
    home = Home(Settings(home=tmp_path / "home", builtin=False))
    visitor = Visitor(TestClient(create_app(home, ServeSettings(watch_s=0)), base_url=LOOPBACK))
    for path in ("/", "/?q=a+star"):
        page = visitor.page(path)
        assert "Nothing is hidden here yet" in headings(page)
        assert "/upload" in {one.attributes["href"] for one in page.all("a")}
    for path, words in (
        ("/items", "Nothing is hidden"),
        ("/models", "No model"),
        ("/runs", "No month"),
    ):
        assert words in visitor.page(path).all("main")[0].text


def test_a_page_says_which_version_answers(visitor: Visitor, served_home: ServedHome) -> None:
    assert served_home.version in visitor.page("/").all("footer")[0].text


def test_pictures_are_shown_small_with_their_caption(visitor: Visitor) -> None:
    page = visitor.page("/?q=a+star&kind=image&all=1")
    shown = [one for one in page.all("img") if "/thumb" in one.attributes["src"]]
    assert len(shown) == len(ids(page))
    for one in shown[:3]:
        assert one.attributes["alt"]
        small = Image.open(io.BytesIO(visitor.client.get(one.attributes["src"]).content))
        assert max(small.size) <= 512


def test_addresses_of_hits_lead_to_their_items(visitor: Visitor) -> None:
    page = visitor.page("/?q=a+star&all=1")
    hrefs = [one.attributes["href"] for one in page.all("a") if one.inside("h3")]
    assert len(hrefs) == len(ids(page))
    assert all(re.fullmatch(r"/items/[^/]+", one) for one in hrefs)
    assert visitor.page(hrefs[0]).all("h1")
