"""What OpenAPI says of every route alike, so that no route need repeat it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI

from scrubjay.web.examples import ANSWERS
from scrubjay.web.schemas import Problem

OPEN: Final = frozenset({"/healthz"})
"""Routes that need no token."""

ABOUT: Final = """\
Embeddings, search and items over HTTP. Everything a client sends travels in the request: addresses
are never fetched. Every answer carries `X-Request-ID`; a client may send its own.

A server that other machines can reach asks for `Authorization: Bearer TOKEN`; one on loopback may
do without. Vectors of different versions never mix: keep the version an answer names beside every
vector.
"""

TAGS: Final = (
    {"name": "embeddings", "description": "Vectors, in the shape OpenAI's clients know."},
    {"name": "search", "description": "Find by words, pictures, recordings and items."},
    {"name": "asking", "description": "Questions about what is shown, said, or put away."},
    {"name": "items", "description": "What the home holds: add, look, forget."},
    {"name": "feedback", "description": "Hits marked right or wrong, and captions fixed."},
    {"name": "champion", "description": "Which version answers, and making another the one."},
    {"name": "operations", "description": "Alive, ready, counted."},
)

ALIKE: Final = {
    400: "The request is wrong; the message says how.",
    401: "The token is missing or wrong.",
    403: "A page of another site may not ask here, and a log-in cookie alone changes nothing.",
    413: "The body is larger than this server takes.",
    421: "The server does not go by this host name.",
    500: "Something went wrong inside; the server's log says what.",
}
"""Status -> when any route may answer so, in the shape of `Problem`."""

_OWN_INVALID: Final = "#/components/schemas/HTTPValidationError"
_DEFS: Final = re.compile(r"^#/\$defs/")


def describe(app: FastAPI) -> None:
    """Let an application's OpenAPI document say what its middleware and error handlers do."""
    generate = app.openapi

    def complete() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = completed(generate())
        return app.openapi_schema

    app.openapi = complete  # type: ignore[method-assign]


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """A document with tokens, common errors and shared schemas added."""
    document["info"]["description"] = ABOUT
    document["tags"] = list(TAGS)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    _hoist(document["paths"], schemas)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}), Problem=problem)
    components["responses"] = {f"Problem{status}": _problem(says) for status, says in ALIKE.items()}
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["security"] = [{}] if path in OPEN else [{"token": []}, {}]
            _answer(operation, path, method)
    for name, example in ANSWERS.items():
        schemas[name]["examples"] = [example]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return document


def _answer(operation: dict[str, Any], path: str, method: str) -> None:
    """Add how any route may answer; FastAPI's own 422 is a 400 of ours."""
    responses = operation["responses"]
    if _OWN_INVALID in str(responses.get("422")):
        del responses["422"]
    body = "requestBody" in operation
    left_out = {401} if path in OPEN else set()
    if not body:
        left_out.add(413)
    if not body and not operation.get("parameters"):
        left_out.add(400)
    for status in sorted(ALIKE.keys() - left_out):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/Problem{status}"})


def _problem(says: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": says, "content": {"application/json": {"schema": schema}}}


def _hoist(node: Any, schemas: dict[str, Any]) -> None:  # noqa: ANN401 - any JSON
    """Move schemas defined inside others to where all are, and let references follow."""
    for found in list(_objects(node)):
        for name, schema in found.pop("$defs", {}).items():
            _hoist(schema, schemas)
            schemas.setdefault(name, schema)
        if "$ref" in found:
            found["$ref"] = _DEFS.sub("#/components/schemas/", found["$ref"])


def _objects(node: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - any JSON
    if isinstance(node, dict):
        yield node
    if isinstance(node, dict | list):
        for inner in node.values() if isinstance(node, dict) else node:
            yield from _objects(inner)
