"""Requests made from the OpenAPI document, right and wrong: none breaks the service or its word."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from scrubjay.web.server import create_app
from scrubjay.web.settings import ServeSettings
from tests.web.conftest import FAKES, ServedHome
from tests.web.live import listening

schemathesis = pytest.importorskip("schemathesis")
from schemathesis import GenerationMode  # noqa: E402 - after the skip
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi import checks  # noqa: E402

HELD_TO = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
"""What is promised of every answer. That a request of the right shape is accepted is not: a text
may be empty, a picture damaged, an item unknown. That JSON of a wrong shape is refused is; in an
address or a form, every number is a text as well."""


@contextmanager
def served(home: ServedHome, folder: Path) -> Iterator[str]:
    shutil.copytree(home.path, folder / "home")
    mine = ServedHome(folder / "home", home.version, home.folder, home.captions)
    settings = ServeSettings(watch_s=0, access_log=False, max_body=1 << 20)
    app = create_app(mine.open(), settings, asking=FAKES)
    with listening(app) as url:
        yield url


def fuzzed(url: str, mode: Any, examples: int) -> dict[str, Counter[int]]:
    """Operation -> how often it answered with which status."""
    document = schemathesis.openapi.from_url(f"{url}/openapi.json")
    answers: dict[str, Counter[int]] = {}
    for found in document.get_all_operations():
        operation = found.ok()
        answers[f"{operation.method.upper()} {operation.path}"] = seen = Counter[int]()
        if mode is GenerationMode.POSITIVE or operation.body or operation.query:
            fuzz(operation.as_strategy(generation_mode=mode), url, examples, seen)
    return answers


def fuzz(cases: Any, url: str, examples: int, seen: Counter[int]) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def ask(case: Any) -> None:
        answer = case.call(base_url=url, timeout=30)
        seen[answer.status_code] += 1
        is_json = case.media_type == "application/json"
        held_to = [*HELD_TO, *([checks.negative_data_rejection] if is_json else [])]
        case.validate_response(answer, checks=held_to)

    ask()


def test_requests_of_the_right_shape_are_answered_as_documented(
    served_home: ServedHome, tmp_path: Path
) -> None:
    with served(served_home, tmp_path) as url:
        answers = fuzzed(url, GenerationMode.POSITIVE, 8)
    assert len(answers) >= 14
    assert answers["GET /readyz"][200] > 0
    assert answers["GET /v1/items"][200] > 0


def test_requests_of_a_wrong_shape_are_refused_as_documented(
    served_home: ServedHome, tmp_path: Path
) -> None:
    with served(served_home, tmp_path) as url:
        answers = fuzzed(url, GenerationMode.NEGATIVE, 8)
    for name in ("POST /v1/search", "POST /v1/embeddings", "POST /v1/chat/completions"):
        assert answers[name][400] > 0
        assert answers[name][200] == 0


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_many_more_of_either(served_home: ServedHome, tmp_path: Path, mode: Any) -> None:
    with served(served_home, tmp_path) as url:
        assert sum(map(Counter.total, fuzzed(url, mode, 60).values())) > 300
