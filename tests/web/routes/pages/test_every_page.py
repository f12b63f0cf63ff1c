"""What holds of every page: whole markup, one heading, names for everything, nothing written in."""

from __future__ import annotations

import pytest

from tests.web.conftest import ServedHome
from tests.web.routes.pages.conftest import Visitor
from tests.web.routes.pages.markup import Markup, faults, written_in

PAGES = (
    "/",
    "/?q=a+red+star",
    "/?q=a+red+star&kind=image&month=2026-11&all=1",
    "/?q=a+tone&kind=speech",
    "/?like={item}",
    "/?like={item}&q=at+night&words=80",
    "/?q=a+star&month=1999-01",
    "/?q=a+star&where=colour+~",
    "/?q=a+star&after=nonsense",
    "/?like=nobody",
    "/ask",
    "/ask?item={item}&question=what+is+it",
    "/ask?item={recording}",
    "/ask?item=nobody",
    "/items",
    "/items?kind=speech",
    "/items?month=1999-01",
    "/items/{item}",
    "/items/{recording}",
    "/items/{item}/delete",
    "/items/nobody",
    "/upload",
    "/review",
    "/review?q=a+red+star",
    "/review?q=%1b",
    "/models",
    "/models/{version}/promote",
    "/models/nothing/promote",
    "/models/rollback",
    "/runs",
    "/runs/none",
    "/nowhere",
)


@pytest.fixture(scope="module")
def names(served_home: ServedHome) -> dict[str, str]:
    items = list(served_home.open().catalog.items())
    kinds = {item.kind.value: item.id for item in items}
    return {"item": kinds["image"], "recording": kinds["speech"], "version": served_home.version}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_and_everything_on_it_has_a_name(
    visitor: Visitor, names: dict[str, str], path: str
) -> None:
    answer = visitor.get(path.format(**names))
    assert answer.headers["content-type"].startswith("text/html")
    assert faults(Markup.of(answer.text)) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_only_assets_that_exist(
    visitor: Visitor, names: dict[str, str], path: str
) -> None:
    page = Markup.of(visitor.get(path.format(**names)).text)
    loaded = [
        one.attributes.get("src") or one.attributes.get("href") or ""
        for one in page.elements
        if one.tag in {"link", "script", "img", "use"}
    ]
    assert any(one.endswith("/page.js") for one in loaded)
    for address in {one.partition("#")[0] for one in loaded}:
        assert address.startswith(("/static/", "/v1/items/"))
        assert visitor.client.get(address).status_code == 200, address


def test_every_page_but_one_says_where_one_is(visitor: Visitor) -> None:
    for path, name in (
        ("/", "Search"),
        ("/ask", "Ask"),
        ("/items", "Items"),
        ("/review", "Review"),
        ("/models", "Models"),
    ):
        links = [one for one in visitor.page(path).all("a") if "aria-current" in one.attributes]
        assert [one.text for one in links] == [name]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nowhere", 404, "It is not here"),
        ("/items/nobody", 404, "no item"),
        ("/models/nothing/promote", 404, "unknown version"),
        ("/runs/none", 404, "unknown run"),
        ("/models/rollback", 503, "nothing to go back to"),
        ("/?q=a&where=colour+~", 400, "condition is not understood"),
        ("/review?q=%1b", 400, "control character"),
        ("/?like=nobody", 404, "no item"),
    ],
)
def test_what_is_wrong_is_said_in_words_with_its_status(
    visitor: Visitor, path: str, status: int, words: str
) -> None:
    answer = visitor.get(path)
    assert answer.status_code == status
    assert words.lower() in Markup.of(answer.text).all("main")[0].text.lower()


def test_a_program_gets_json_where_a_person_gets_a_page(visitor: Visitor) -> None:
    answer = visitor.client.get("/nowhere", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_part_that_fails_is_a_part(visitor: Visitor) -> None:
    answer = visitor.get("/runs/none/progress", part=True)
    assert answer.status_code == 404
    page = Markup.of(answer.text)
    assert page.all("html") == []
    assert "alert" in {one.attributes.get("role") for one in page.elements}


def test_the_policy_of_a_page_allows_nothing_written_into_it(visitor: Visitor) -> None:
    answer = visitor.get("/")
    assert "'unsafe-inline'" not in answer.headers["content-security-policy"]
    assert written_in(Markup.of(answer.text)) == []
