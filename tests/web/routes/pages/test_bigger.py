"""Big targets without a browser: a cookie that every page reads."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scrubjay.web.bigger import COOKIE
from tests.web.conftest import ServedHome
from tests.web.routes.pages.conftest import HTML, Visitor
from tests.web.routes.pages.markup import Markup

PATHS = ("/", "/ask", "/items", "/upload", "/models", "/runs", "/nowhere", "/items/nobody")


@pytest.fixture
def own(visiting: Callable[..., Visitor], served_home: ServedHome) -> Visitor:
    return visiting(served_home)


def is_bigger(own: Visitor, path: str) -> bool:
    page = Markup.of(own.get(path).text)
    return page.all("html")[0].attributes.get("class") == "bigger"


def test_the_switch_holds_for_every_page_until_it_is_taken_back(own: Visitor) -> None:
    assert not any(is_bigger(own, path) for path in PATHS)
    own.client.follow_redirects = False
    answer = own.post("/bigger", on="1", next="/ask?question=x%26y")
    assert (answer.status_code, answer.headers["location"]) == (303, "/ask?question=x%26y")
    said = answer.headers["set-cookie"]
    assert "Max-Age=31536000" in said
    assert "HttpOnly" in said
    assert "SameSite=Lax" in said
    assert all(is_bigger(own, path) for path in PATHS)
    own.post("/bigger", on="0", next="/")
    assert not any(is_bigger(own, path) for path in PATHS)


def test_every_page_has_the_switch_and_it_leads_back(own: Visitor) -> None:
    for path in (*PATHS, "/?q=a+star&all=1"):
        page = Markup.of(own.get(path).text)
        (there,) = [
            one.attributes["value"]
            for one in page.all("input")
            if one.attributes.get("name") == "next" and one.inside("header")
        ]
        assert there == path


@pytest.mark.parametrize(
    "next", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_it_leads_nowhere_else(own: Visitor, next: str) -> None:
    own.client.follow_redirects = False
    assert own.post("/bigger", on="1", next=next).headers["location"] == "/"


def test_another_page_cannot_switch_it(own: Visitor) -> None:
    answer = own.client.post("/bigger", data={"on": "1"}, headers=HTML)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers or COOKIE not in answer.headers["set-cookie"]


@pytest.mark.parametrize("value", ["", "0", "2", "true", "1 1", "<b>"])
def test_other_values_of_the_cookie_mean_nothing(own: Visitor, value: str) -> None:
    page = own.client.get("/ask", headers={**HTML, "Cookie": f"{COOKIE}={value}"})
    assert "class" not in Markup.of(page.text).all("html")[0].attributes
