"""Models: what answers, what could; promoting and rolling back are asked about, then happen."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from scrubjay.core.types import Champion
from scrubjay.web.pages.models import Job
from tests.web.conftest import ServedHome
from tests.web.routes.pages.conftest import Visitor
from tests.web.routes.pages.markup import Markup, faults

OTHER = "2026-10-other"


@pytest.fixture
def two_versions(own_home: ServedHome) -> ServedHome:
    """A second version of the same encoder, registered beside the first."""
    home = own_home.open()
    folder = home.registry.folder(own_home.version)

    def build(staging):
        import shutil

        for one in folder.iterdir():
            if one.name in {"manifest.json", "metrics.json", "card.md"}:
                continue
            copy = shutil.copytree if one.is_dir() else shutil.copy
            copy(one, staging / one.name)
        (staging / "note.txt").write_text("another")

    sets = {"2026-10": {"part": "held-out", "queries": 9, "challenger": 0.9, "champion": None}}
    home.registry.register(
        build,
        month="2026-10",
        lineage={"items": 120, "months": ["2026-09", "2026-10"], "parent": own_home.version},
        metrics={"sets": sets},
        card="",
    )
    return own_home


def other_of(home: ServedHome) -> str:
    (other,) = [one for one in home.open().registry.ids() if one != home.version]
    return other


def waited_for(visitor: Visitor) -> Markup:
    """The job's part once it has ended."""
    for _ in range(1200):
        page = Markup.of(visitor.get("/models/job", part=True).text)
        if "hx-get" not in page.with_id("job").attributes:
            return page
        time.sleep(0.1)
    raise AssertionError("it never ended")


def test_versions_are_told_with_what_they_learned_from_and_how_good_they_are(
    visiting: Callable[..., Visitor], two_versions: ServedHome
) -> None:
    page = visiting(two_versions).page("/models")
    told = page.all("main")[0].text
    for text in (
        two_versions.version,
        other_of(two_versions),
        "120 items up to October 2026",
        "90.0%",
    ):
        assert text in told
    assert "No month was measured yet" in told


def test_promoting_asks_then_swaps_and_rolling_back_swaps_again(
    visiting: Callable[..., Visitor], two_versions: ServedHome
) -> None:
    visitor, other = visiting(two_versions), other_of(two_versions)
    question = visitor.page(f"/models/{other}/promote")
    assert other in question.all("h1")[0].text
    assert "90.0% of October 2026" in question.all("main")[0].text
    answer = visitor.post(f"/models/{other}/promote")
    assert faults(Markup.of(answer.text)) == []
    assert f"{other} answers now" in waited_for(visitor).elements[0].text
    assert other in visitor.page("/?q=a+star").all("footer")[0].text

    page = visitor.page("/models")
    assert f"Roll back to {two_versions.version}" in page.all("main")[0].text
    visitor.post("/models/rollback")
    assert "answers again" in waited_for(visitor).elements[0].text
    assert two_versions.version in visitor.page("/").all("footer")[0].text
    champion = two_versions.open().registry.champion()
    assert champion == Champion(two_versions.version, two_versions.version)


def test_one_thing_at_a_time(visiting: Callable[..., Visitor], two_versions: ServedHome) -> None:
    visitor = visiting(two_versions)
    visitor.client.app.state.job = Job("Promoting something", "done")
    answer = visitor.post(f"/models/{other_of(two_versions)}/promote")
    assert answer.status_code == 409
    assert "under way already" in Markup.of(answer.text).all("main")[0].text
    page = visitor.page("/models")
    assert page.with_id("job").attributes["hx-get"] == "/models/job"


def test_what_fails_is_said(visiting: Callable[..., Visitor], two_versions: ServedHome) -> None:
    visitor, other = visiting(two_versions), other_of(two_versions)
    graph = next((two_versions.open().registry.folder(other) / "export").glob("*"))
    graph.write_bytes(b"not this")
    visitor.post(f"/models/{other}/promote")
    job = waited_for(visitor)
    assert "did not work" in job.elements[0].text
    assert two_versions.version in visitor.page("/?q=a+star").all("footer")[0].text


def test_progress_is_shown_in_percent_where_it_is_known() -> None:
    job = Job("Promoting", "done")
    job.progress("embedding", 3, 12)
    assert (job.doing, job.share) == ("Embedding", 25)
    job.progress("embedding", 3, None)
    assert job.share is None


@pytest.mark.parametrize("path", ["/models/rollback", "/models/x/promote"])
def test_nothing_changes_without_the_pages_token(visitor: Visitor, path: str) -> None:
    answer = visitor.client.post(path, headers={"Accept": "text/html"})
    assert answer.status_code == 403


def test_months_are_a_plot_and_a_table(
    visiting: Callable[..., Visitor], own_home: ServedHome
) -> None:
    for month, status, before, after in (
        ("2026-09", "promoted", 0.5, 0.75),
        ("2026-10", "refused", 0.75, 0.7),
    ):
        folder = own_home.path / "runs" / f"month-{month.replace('-', '')}01-000000-abcd"
        folder.mkdir(parents=True)
        (folder / "month.json").write_text(json.dumps({"month": month, "config": {}}))
        one = {"part": "held-out", "queries": 40, "challenger": after, "champion": before}
        result = {"run": folder.name, "month": month, "status": status, "figures": {month: one}}
        (folder / "result.json").write_text(json.dumps(result))
    page = visiting(own_home).page("/models")
    assert faults(page) == []
    (plot,) = [one for one in page.all("svg") if one.attributes.get("role") == "img"]
    assert "from 75.0% to 70.0%" in plot.text
    told = page.all("table")[0].text
    for text in ("September 2026", "refused", "50.0%", "75.0%", "70.0%"):
        assert text in told
    runs = visiting(own_home).page("/runs").all("main")[0].text
    assert "October 2026" in runs
