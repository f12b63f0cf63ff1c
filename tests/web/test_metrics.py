"""What `/metrics` says: what happened, what is there, and nothing that grows without end."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from scrubjay import services
from scrubjay.core.errors import NotReady
from scrubjay.core.protocols import silent
from scrubjay.core.types import Modality
from scrubjay.web import metrics as counted
from scrubjay.web.metrics import METRICS, Metrics
from tests.web.conftest import PICTURES, TONES, Serve, ServedHome

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _read_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "FRESH_S", 0.0)


class Page:
    """The samples of one answer."""

    def __init__(self, text: str) -> None:
        self.families = list(text_string_to_metric_families(text))
        self.samples = [sample for family in self.families for sample in family.samples]

    def of(self, name: str, **labels: str) -> float:
        (found,) = [
            one.value
            for one in self.samples
            if one.name == name and labels.items() <= one.labels.items()
        ]
        return float(found)

    def labels(self, name: str) -> list[Mapping[str, str]]:
        return [one.labels for one in self.samples if one.name == name]


def scraped(client) -> Page:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return Page(answer.text)


def ours(page: Page) -> Iterator[tuple[str, set[str]]]:
    for family in page.families:
        if family.name.startswith("scrubjay_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            for sample in family.samples:
                if not sample.name.endswith("_created"):
                    yield name, set(sample.labels) - {"le"}


def test_requests_batches_index_and_champion_are_counted(
    serve: Serve, served_home: ServedHome
) -> None:
    client = serve(served_home)
    before = scraped(client)
    for _ in range(3):
        found = client.post("/v1/search", json={"text": "a red circle"}).json()
    assert client.post("/v1/search", json={"text": " "}).status_code == 400
    page = scraped(client)
    route = {"route": "/v1/search", "method": "POST"}
    assert page.of("scrubjay_http_requests_total", **route, status="200") == 3
    assert page.of("scrubjay_http_requests_total", **route, status="400") == 1
    assert page.of("scrubjay_http_request_seconds_count", route="/v1/search") == 4
    assert page.of("scrubjay_http_requests_under_way") == 1, "the scrape itself"
    assert page.of("scrubjay_encode_seconds_count", tower="text") == 3
    assert page.of("scrubjay_batch_size_sum", tower="text") == 3
    for tower in ("text", "image", "speech"):
        assert page.of("scrubjay_queue_depth", tower=tower) == 0
    assert page.labels("scrubjay_champion_info") == [
        {"version": found["version"], "generation": found["generation"]}
    ]
    assert page.of("scrubjay_champion_behind") == 0
    assert page.of("scrubjay_index_rows", modality="image") == PICTURES
    assert page.of("scrubjay_index_rows", modality="speech") == len(TONES)
    assert page.of("scrubjay_index_rows_mapped") == 0
    assert page.of("scrubjay_items") == PICTURES + len(TONES)
    assert page.of("process_resident_memory_bytes") > 1e7
    read_at = "scrubjay_holdings_timestamp_seconds"
    assert page.of(read_at) >= before.of(read_at) > 1.7e9


def test_every_metric_is_in_the_table_with_its_labels_and_every_one_in_the_table_is_served(
    serve: Serve, own_home: ServedHome
) -> None:
    broken = own_home.path.parent / "broken"
    shutil.copytree(own_home.folder, broken)
    (broken / "half.png").write_bytes(b"\x89PNG\r\n\x1a\n no picture")
    services.add_folder(own_home.open(), broken, month="2026-11", progress=silent)
    client = serve(own_home)
    for caption in own_home.captions:
        client.post("/v1/search", json={"text": caption})
    scraped(client)
    while not (page := scraped(client)).labels("scrubjay_query_drift_p"):
        pass
    assert page.of("scrubjay_quarantined_files", source=str(broken)) == 1
    assert page.of("scrubjay_query_drift_queries", tower="text") == PICTURES
    assert page.of("scrubjay_query_drift_warning", tower="text", reference="collection") == 0
    assert page.of("scrubjay_query_drift_told_apart", tower="text") < 0.7
    found = dict(ours(page))
    assert found == {name: set(labels) for name, (_, labels) in METRICS.items()}
    assert all(family.documentation for family in page.families)


def test_the_documentation_lists_every_metric_with_its_labels() -> None:
    text = (REPOSITORY / "docs" / "service.md").read_text()
    rows = dict(re.findall(r"^\| `(scrubjay_\w+)` \|([^|]*)\|", text, re.MULTILINE))
    assert {name: re.findall(r"`(\w+)`", labels) for name, labels in rows.items()} == {
        name: list(labels) for name, (_, labels) in METRICS.items()
    }


def test_a_champion_that_was_published_and_not_taken_yet_is_told(
    serve: Serve, own_home: ServedHome
) -> None:
    client = serve(own_home)
    assert scraped(client).of("scrubjay_champion_behind") == 0
    home = own_home.open()
    now = services.current_champion(home)
    home.generations.create("later", dim=4, attribute_types={}, version=now.version)
    home.registry.publish(type(now)(now.version, "later"), expected=now)
    assert scraped(client).of("scrubjay_champion_behind") == 1


def test_a_home_that_cannot_be_read_leaves_the_figures_and_their_time(
    serve: Serve, served_home: ServedHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = serve(served_home)
    before = scraped(client)

    def cannot(*_: object) -> None:
        raise NotReady("the bucket does not answer")

    monkeypatch.setattr(counted, "hold", cannot)
    after = scraped(client)
    for name in ("scrubjay_items", "scrubjay_holdings_timestamp_seconds"):
        assert after.of(name) == before.of(name)


def test_scrapes_read_the_home_at_most_every_so_often(
    serve: Serve, served_home: ServedHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    real = counted.hold
    monkeypatch.setattr(counted, "FRESH_S", 3600.0)
    monkeypatch.setattr(counted, "hold", lambda *given: reads.append(1) or real(*given))
    client = serve(served_home)
    for _ in range(3):
        scraped(client)
    assert len(reads) == 1


def test_labels_do_not_grow_with_what_strangers_send(serve: Serve, served_home: ServedHome) -> None:
    client = serve(served_home)
    for number in range(30):
        client.get(f"/{number}.php")
        client.request(f"M{number}", "/healthz")
    labels = scraped(client).labels("scrubjay_http_requests_total")
    assert {(one["method"], one["route"]) for one in labels} <= {
        ("GET", "other"),
        ("other", "other"),
        ("GET", "/metrics"),
    }


def test_an_answer_is_counted_in_microseconds() -> None:
    import timeit

    metrics = Metrics()
    metrics.on_request("POST", "/v1/search", 200, 0.01)
    metrics.on_batch("text", 4, 0.01)
    each = timeit.timeit(lambda: metrics.on_request("POST", "/v1/search", 200, 0.01), number=2000)
    assert each / 2000 < 50e-6
    assert Modality.TEXT.value == "text"
