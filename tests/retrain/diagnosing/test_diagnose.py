from __future__ import annotations

import json

import pytest

from scrubjay.core.config import Settings
from scrubjay.core.errors import NotReady
from scrubjay.retrain.diagnosing.diagnose import TITLES, Unmeasured, diagnose
from scrubjay.retrain.diagnosing.page import diagnosis_html
from scrubjay.store.home import Home
from tests.retrain.diagnosing import collected
from tests.retrain.diagnosing.collected import registered


@pytest.fixture
def home(tmp_path, graphs):
    made = Home(Settings(home=tmp_path / "home", threads=1))
    shelf = collected.collection(tmp_path / "media")
    made.catalog.upsert(shelf.items)
    made.catalog.snapshot()
    return made


def test_every_section_is_in_the_page_and_the_json_and_what_is_not_measured_says_why(
    home, monkeypatch
):
    own, other = registered(home, "hears", "deaf")
    steps = []

    def broken(*_, **__):
        raise NotReady("the tones were lost; record them again")

    monkeypatch.setattr("scrubjay.retrain.diagnosing.noise.measure", broken)
    found = diagnose(home, against=other, progress=lambda what, done, total: steps.append(what))
    assert list(found.sections) == list(TITLES)
    assert (found.version, found.against, found.part) == (own, other, "test")
    assert isinstance(found.sections["noise"], Unmeasured)
    told = json.loads(json.dumps(found.to_json()))
    assert told["sections"]["noise"] == {"why": "the tones were lost; record them again"}
    assert told["n_items"] == 92
    assert told["notes"] == [
        f"{other} has no speech tower: nothing is said of the collection's recordings."
    ]
    assert told["directions"][0]["recall"]["1"]["value"] >= 0
    page = diagnosis_html(found, home.reader())
    for name, title in TITLES.items():
        assert f'<h2 id="{name}">{title}</h2>' in page
    assert "Not measured: the tones were lost; record them again" in page
    assert {"embedding", "measuring slices", "comparing slices"} <= set(steps)


def test_a_page_loads_nothing_and_escapes_what_owners_wrote(home, tmp_path):
    registered(home, "hears")
    evil = collected.Shelf(tmp_path / "media")
    evil.picture("evil.png", (220, 40, 40), captions=("<script>stolen()</script>",), tags=("<b>",))
    home.catalog.upsert(evil.items)
    home.catalog.snapshot()
    page = diagnosis_html(diagnose(home), home.reader())
    assert "<script>stolen" not in page
    assert "<b>" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    assert "default-src 'none'" in page


def test_an_empty_part_has_a_page_too(tmp_path, graphs):
    home = Home(Settings(home=tmp_path / "home", threads=1))
    shelf = collected.Shelf(tmp_path)
    shelf.picture("alone.png", (1, 2, 3))
    home.catalog.upsert(shelf.items)
    home.catalog.snapshot()
    registered(home, "hears")
    found = diagnose(home)
    assert found.part == "all"
    page = diagnosis_html(found, home.reader())
    assert "Nothing could be asked" in page
    assert "Not measured: no content group of the 1 items" in page
