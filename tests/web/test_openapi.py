"""What OpenAPI says is whole, and is what the service does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from fastapi.testclient import TestClient

from tests.web.conftest import Serve, ServedHome

JSON = "application/json"


@pytest.fixture(scope="module")
def document(shared_client: TestClient) -> dict[str, Any]:
    answer = shared_client.get("/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        assert node["$ref"].startswith("#/")
        target: Any = document
        for part in node["$ref"][2:].split("/"):
            target = target[part]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def json_contents(
    document: dict[str, Any],
) -> Iterator[tuple[str, dict[str, Any], list[Any]]]:
    """(where, schema, examples) of every JSON body that is sent or answered."""
    for name, operation in operations(document):
        bodies = [("body", operation["requestBody"])] if "requestBody" in operation else []
        bodies += operation["responses"].items()
        for where, body in bodies:
            for kind, content in resolved(document, body).get("content", {}).items():
                if kind == JSON:
                    schema = resolved(document, content.get("schema", {}))
                    if inner := schema.get("anyOf", schema.get("oneOf")):
                        schema = resolved(document, inner[0])
                    yield f"{name} {where}", content["schema"], schema.get("examples", [])


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def test_every_route_for_programs_is_in_it_with_words_a_tag_and_its_errors(
    document: dict[str, Any], shared_client: TestClient
) -> None:
    tags = {one["name"] for one in document["tags"]}
    for name, operation in operations(document):
        assert operation["summary"], name
        assert operation["description"].rstrip().endswith("."), name
        assert set(operation["tags"]) <= tags, name
        assert "500" in operation["responses"], name
        assert ("401" in operation["responses"]) == (name != "GET /healthz"), name
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], name
    served = {
        path
        for route in shared_client.app.routes  # type: ignore[attr-defined]
        if (path := getattr(route, "path", "")).startswith("/v1/")
    }
    assert served <= {path.replace("{item_id}", "{item_id:path}") for path in document["paths"]}


def test_every_reference_leads_somewhere_and_every_schema_is_used(
    document: dict[str, Any],
) -> None:
    found = set(references(document))
    for one in found:
        resolved(document, {"$ref": one})
    named = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert named <= found


def test_every_body_and_answer_has_examples_and_each_fits_its_schema(
    document: dict[str, Any],
) -> None:
    checked = 0
    for where, schema, examples in json_contents(document):
        assert examples, f"{where} has no example"
        whole = {**schema, "components": document["components"]}
        for example in examples:
            jsonschema.Draft202012Validator(whole).validate(example)
            checked += 1
    assert checked > 30


def test_every_example_of_a_request_is_answered(
    serve: Serve, own_home: ServedHome, document: dict[str, Any]
) -> None:
    client = serve(own_home)
    answers: dict[str, list[int]] = {}
    for where, _, examples in json_contents(document):
        if where.endswith(" body"):
            method, path, _ = where.split(" ")
            for example in examples:
                told = client.request(method, path, json=example)
                answers.setdefault(f"{method} {path}", []).append(told.status_code)
    assert answers == {
        "POST /v1/embeddings": [200, 200],
        "POST /v1/search": [200, 200],
        "POST /v1/chat/completions": [200, 200],
        "POST /v1/audio/speech": [200, 200],
        "POST /v1/items": [201],
        "POST /v1/feedback": [404, 404, 404],  # nor the item
        "POST /v1/champion": [404],  # the example names a version this home does not have
    }
