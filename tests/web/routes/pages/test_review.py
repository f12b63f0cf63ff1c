"""The review page without scripts: hits are marked, captions fixed, and both taken back."""

from __future__ import annotations

import json
from collections.abc import Callable

from scrubjay import services
from tests.web.conftest import ServedHome
from tests.web.routes.pages.conftest import Visitor
from tests.web.routes.pages.markup import Markup, faults, written_in

QUERY = "a red star"
HOSTILE = '"><img src=x onerror=alert(1)> {{ 7*7 }}'


def pressed(page: Markup) -> list[str]:
    return [one.text for one in page.all("button") if one.attributes.get("aria-pressed") == "true"]


def test_a_hit_is_marked_and_the_mark_is_kept_shown_and_taken_back(
    visiting: Callable[..., Visitor], own_home: ServedHome
) -> None:
    visitor = visiting(own_home)
    page = visitor.page("/review?q=a+red+star")
    hits = [one.attributes["data-id"] for one in page.all("li") if "data-id" in one.attributes]
    assert len(hits) == len(set(hits)) == 12
    assert pressed(page) == []
    answer = visitor.post("/review/hit", q=QUERY, item=hits[0], mark="wrong")
    assert [one.status_code for one in answer.history] == [303]
    assert answer.url.query == b"q=a+red+star"
    (one,) = pressed(visitor.page("/review?q=a+red+star"))
    assert one.strip().startswith("Wrong")
    assert pressed(visitor.page("/review?q=a+dog")) == [], "it is said of these words"
    assert "0 right, 1 wrong" in visitor.page("/review").all("main")[0].text

    part = visitor.post("/review/hit", part=True, q=QUERY, item=hits[0], mark="right")
    assert "<html" not in part.text
    assert 'data-announce="Marked right' in part.text
    home = own_home.open()
    assert [(said.item, said.right) for said in home.feedback.judgements()] == [(hits[0], True)]
    visitor.post("/review/hit", q=QUERY, item=hits[0], mark="undo")
    assert home.feedback.judgements() == []


def test_a_caption_is_fixed_on_both_pages_and_shown_as_text(
    visiting: Callable[..., Visitor], own_home: ServedHome
) -> None:
    visitor, home = visiting(own_home), own_home.open()
    item = next(one for one in home.catalog.items() if one.uri.endswith("/7.png"))
    answer = visitor.post("/review/caption", item=item.id, caption="a green star")
    assert answer.url.path == f"/items/{item.id}"
    assert "a green star" in Markup.of(answer.text).all("main")[0].text
    answer = visitor.post("/review/caption", item=item.id, caption=HOSTILE, q=QUERY)
    assert (answer.url.path, answer.url.query) == ("/review", b"q=a+red+star")
    assert home.feedback.captions() == {item.id: HOSTILE}
    page = visitor.page(f"/items/{item.id}")
    assert faults(page) == []
    assert written_in(page) == []
    assert "49" not in page.all("textarea")[0].text
    visitor.post("/review/caption", item=item.id, undo="1", caption="")
    assert home.feedback.captions() == {}
    assert home.catalog.get(item.id) == item


def test_what_cannot_be_said_is_answered_in_words(visitor: Visitor) -> None:
    for sent, status, words in (
        ({"q": QUERY, "item": "nobody", "mark": "right"}, 404, "No item"),
        ({"q": QUERY, "item": "nobody", "mark": "maybe"}, 400, "is no mark"),
        ({}, 400, "is no mark"),
    ):
        answer = visitor.post("/review/hit", **sent)
        assert answer.status_code == status
        assert words in Markup.of(answer.text).all("main")[0].text
    answer = visitor.post("/review/caption", item="nobody", caption="x")
    assert answer.status_code == 404


def test_what_is_worth_a_look_comes_from_the_diagnosis_then_from_what_is_held_out(
    own_home: ServedHome,
) -> None:
    home = own_home.open()
    held_out = {
        caption for one in home.catalog.items() if one.split != "train" for caption in one.captions
    }
    drawn = services.questions(home, limit=5, seed="a")
    assert {one.query for one in drawn} <= held_out
    assert drawn == services.questions(home, limit=5, seed="a")
    assert drawn != services.questions(home, limit=5, seed="b")
    pair = {"first": {"text": "a confused  star"}, "second": {"text": ""}}
    told = {"sections": {"confusions": {"pairs": [pair]}}}
    home.runs.mkdir(exist_ok=True)
    (home.runs / f"diagnose-{own_home.version}-test.json").write_text(json.dumps(told))
    first, second, *_ = services.questions(home, limit=5, seed="a")
    assert (first.query, first.confused) == ("a confused star", True)
    assert second == drawn[0]
    item = next(home.catalog.items())
    services.judge(home, first.query, item.id, right=False)
    services.judge(home, second.query, item.id, right=False)
    left = [one.query for one in services.questions(home, limit=5, seed="a")]
    assert not {first.query, second.query} & set(left)
    assert services.questions(home, limit=1000) == services.questions(home, limit=1000)
