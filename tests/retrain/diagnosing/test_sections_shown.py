"""How sections look: every text escaped, nothing loaded, readable without script or pictures."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pytest

from scrubjay.core.types import Kind
from scrubjay.evaluate.bootstrap import Estimate
from scrubjay.evaluate.learning_curve import outlook
from scrubjay.retrain.diagnosing import advice, confusions, curve, data, geometry, probes
from scrubjay.retrain.diagnosing import map as drawn
from scrubjay.retrain.diagnosing.diagnose import Diagnosis
from scrubjay.retrain.diagnosing.page import diagnosis_html
from tests.retrain.diagnosing import collected

EVIL = 'red </title><script>alert(1)</script> "><img src=x onerror=alert(2)> two dogs'


class _Shelf:
    def __init__(self, items, read):
        self.items, self.read = items, read


def known_curve() -> curve.Section:
    rng = np.random.default_rng(0)
    sizes = [250, 500, 750, 1000]
    hard = rng.random((300, 4)) * 0.4 + rng.random((300, 1)) * 0.6
    table = np.stack(
        [hard[:, i] < np.quantile(hard[:, i], 0.1 + 8 * n**-0.5) for i, n in enumerate(sizes)], 1
    ).astype(float)
    found = outlook(sizes, table, [f"g{i}" for i in range(300)], n=1200)
    trained = tuple(curve.Trained(n, n, 3.0) for n in sizes)
    return curve.Section(found, "content groups", 200, 5, trained, command="scrubjay diagnose")


@pytest.fixture(scope="module")
def evil(asked):
    """A collection whose words try to be markup, with one wrong and one empty caption."""
    items = list(asked.items)
    pictures = [at for at, one in enumerate(items) if one.kind is Kind.IMAGE]
    for at in pictures[:20]:
        items[at] = dataclasses.replace(items[at], captions=(f"{EVIL} {at}",))
    items[pictures[30]] = dataclasses.replace(items[pictures[30]], captions=("IMG_<b>1.jpg",))
    items[pictures[31]] = dataclasses.replace(items[pictures[31]], captions=("untitled",))
    return collected.material(_Shelf(items, asked.read))


@pytest.fixture(scope="module")
def page(evil) -> str:
    found = {
        "probes": probes.measure(evil, evil),
        "confusions": confusions.measure(evil, evil),
        "geometry": geometry.measure(evil, evil),
        "map": drawn.measure(evil),
        "data": data.measure(evil),
        "curve": known_curve(),
    }
    told = {name: one.to_json() for name, one in found.items()}
    return diagnosis_html(
        Diagnosis(
            version="v1",
            against="v1",
            when=datetime(2026, 11, 22, tzinfo=UTC),
            part="test",
            n_items=len(evil.items),
            directions=evil.evaluation.directions,
            sections={**found, "advice": advice.measure(evil, told)},
        ),
        evil.read,
    )


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def tags(page):
    seen = _Seen()
    seen.feed(page)
    return seen.tags


def test_no_caption_becomes_markup(page, tags):
    scripts = [attrs for tag, attrs in tags if tag == "script"]
    assert len(scripts) == 1
    assert scripts[0]["nonce"]
    assert "alert(1)" in page  # it is shown, as text
    assert not [attrs for _, attrs in tags if any(name.startswith("on") for name in attrs)]


def test_nothing_is_loaded_from_elsewhere(page, tags):
    for tag, attrs in tags:
        for name in ("src", "href", "xlink:href"):
            if name in attrs:
                assert (attrs[name] or "").startswith(("data:", "#")), (tag, attrs)
    assert "url(" not in page
    assert len(page) < 6_000_000


def test_pictures_have_words_and_the_map_a_list_for_who_sees_none(page, tags):
    assert all(attrs.get("alt") for tag, attrs in tags if tag == "img")
    assert all(attrs.get("aria-label") for tag, attrs in tags if tag in {"svg", "audio"})
    listed = page[page.index("The pictures of the map as a list") :]
    assert listed.count('<th scope="row">') >= 10
    tools = re.search(r'<p class="tools"[^>]*>', page)
    assert tools is not None
    assert "hidden" in tools.group()  # buttons appear with the script that they need


def test_every_section_says_its_figures(page):
    for name in ("probes", "confusions", "geometry", "map", "data", "curve", "advice"):
        assert f'id="{name}"' in page
    assert "one more month" in page
    assert "Effective rank" in page
    assert "scrubjay feedback fix" in page


def test_a_curve_that_was_not_trained_says_what_it_costs(evil):
    def shown(section) -> str:
        return diagnosis_html(
            Diagnosis(
                version="v1",
                against=None,
                when=datetime(2026, 11, 22, tzinfo=UTC),
                part="test",
                n_items=1,
                directions=(),
                sections={"curve": section, "advice": advice.Section("v1", (), {})},
            ),
            evil.read,
        )

    costs = shown(curve.Section(cost_s=600.0, command="scrubjay diagnose v1 --curve"))
    assert "about 10 minutes" in costs
    assert "scrubjay diagnose v1 --curve" in costs
    assert "calls for a change" in costs
    assert "four times as long as this version's own" in costs.replace("&#39;", "'")
    month = shown(curve.Section(as_month=True, command="scrubjay diagnose v1 --curve"))
    assert "four times as long as a month" in month
    assert "too few" in shown(curve.Section(why="too few"))
    known = known_curve()
    assert "as it stands" not in shown(known)
    stands = Estimate(0.7, 0.66, 0.74), Estimate(0.36, 0.31, 0.42)
    goes_on = dataclasses.replace(
        known, recipe="model.lr=<b>2", untrained=stands[0], brought=stands[1], as_month=True
    )
    page = shown(goes_on)
    assert "model.lr=&lt;b&gt;2" in page
    assert "error is 70.0%" in page
    assert "brings +36.0" in page
    assert "0: as it stands" in page
    assert "not shown to be a gain" not in page
    nothing = dataclasses.replace(goes_on, brought=Estimate(0.01, -0.02, 0.03))
    assert "not shown to be a gain" in shown(nothing)
