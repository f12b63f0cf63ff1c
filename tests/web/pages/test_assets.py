"""Assets: addresses that name their bytes, kept for a year and never mixed."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from scrubjay.core.errors import UnknownName
from scrubjay.web.pages.assets import assets, media_type

KIND_ICONS = ("picture", "sound", "video", "text")
REPOSITORY = Path(__file__).resolve().parents[3]


def test_an_asset_is_served_with_its_type_and_kept_for_a_year(shared_client: TestClient) -> None:
    for name, data in assets().files.items():
        answer = shared_client.get(assets().address(name))
        assert answer.status_code == 200
        assert answer.content == data
        assert answer.headers["content-type"] == media_type(name)
        assert "immutable" in answer.headers["cache-control"]


def test_an_old_address_gives_todays_bytes_but_is_not_kept(shared_client: TestClient) -> None:
    answer = shared_client.get("/static/000000000000/page.js")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


def test_what_a_browser_has_already_is_not_sent_again(shared_client: TestClient) -> None:
    address = assets().address("tokens.css")
    tag = shared_client.get(address).headers["etag"]
    again = shared_client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fpages%2Fassets.py", ".secret"])
def test_nothing_else_is_served(shared_client: TestClient, name: str) -> None:
    assert shared_client.get(f"/static/{assets().digest}/{name}").status_code in {400, 404}


def test_a_page_cannot_name_an_asset_that_is_not_there() -> None:
    with pytest.raises(UnknownName, match=r"page\.js"):
        assets().address("pagee.js")


def test_scripts_import_only_each_other_and_write_no_markup() -> None:
    for name, data in assets().files.items():
        if not name.endswith(".js") or name == "htmx.min.js":
            continue
        text = data.decode()
        for wanted in re.findall(r"""(?:from|import\()\s*["']([^"']+)["']""", text):
            assert wanted.removeprefix("./") in assets().files, f"{name} imports {wanted}"
        for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "http"):
            assert forbidden not in text, f"{name} uses {forbidden}"


def test_style_sheets_use_only_tokens_that_there_are() -> None:
    text = "".join(data.decode() for name, data in assets().files.items() if name.endswith(".css"))
    used = set(re.findall(r"var\((--[\w-]+)\)", text))
    assert used <= set(re.findall(r"(--[\w-]+):", text))


def test_icons_a_template_names_are_drawn() -> None:
    templates = files("scrubjay.web").joinpath("templates")
    text = "".join(one.read_text() for one in templates.iterdir() if one.name.endswith(".html"))
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', assets().files["icons.svg"].decode()))
    assert set(re.findall(r'\bicon\("([\w-]+)"', text)) | set(KIND_ICONS) <= drawn


def test_what_came_from_others_has_its_licence_beside_it() -> None:
    assert b"Zero-Clause BSD" in assets().files["htmx.LICENSE.txt"]


def test_templates_and_assets_are_in_the_package() -> None:
    config = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    (package,) = config["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    for folder in ("templates", "static"):
        assert (REPOSITORY / package / "web" / folder).is_dir()
