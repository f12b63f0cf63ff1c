"""`/v1/embeddings`: OpenAI's route, for texts, pictures and recordings alike."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response
from pydantic_core import to_json

from scrubjay.core.errors import WrongUse
from scrubjay.core.protocols import CountsTokens
from scrubjay.core.types import Modality
from scrubjay.search.embed import middle
from scrubjay.web.batcher import Vectors
from scrubjay.web.context import ContextDep
from scrubjay.web.given import Given
from scrubjay.web.going import unless_gone
from scrubjay.web.inputs import decode_inputs, read_inputs
from scrubjay.web.schemas import Embeddings, EmbeddingsAsked, Problem
from scrubjay.web.towers import Towers

router = APIRouter(prefix="/v1", tags=["embeddings"])

INLINE_CHARACTERS = 4096
"""Texts up to here are counted on the event loop: a thread would take longer."""


@router.post(
    "/embeddings",
    response_model=Embeddings,
    summary="Vectors of texts, pictures and recordings in one space",
    responses={
        404: {"model": Problem, "description": "No such version."},
        422: {"model": Problem, "description": "An input that cannot be read."},
        429: {"model": Problem, "description": "Too much waits; `Retry-After` says how long."},
        503: {"model": Problem, "description": "Nothing serves yet."},
    },
)
async def embeddings(request: Request, asked: EmbeddingsAsked, context: ContextDep) -> Response:
    """Unit vectors, one an input, in order; the cosine of two is their dot product.

    A recording longer than the encoder hears at once has one vector, the middle of its windows'.
    """
    inputs = read_inputs(asked.input, most=context.settings.max_inputs)
    async with context.serving.version(asked.model) as towers:
        _check_dimensions(asked.dimensions, towers)
        vectors = await unless_gone(request, towers, _encode(towers, inputs))
        tokens = await _tokens(towers, inputs)
        version = towers.version
    embed = _floats if asked.encoding_format == "float" else _base64
    data = [
        {"object": "embedding", "index": at, "embedding": one}
        for at, one in enumerate(embed(vectors))
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    told = {"object": "list", "data": data, "model": version, "usage": usage}
    return Response(to_json(told), media_type="application/json")


def _check_dimensions(wanted: int | None, towers: Towers) -> None:
    dim = towers.encoder.spec.dim
    if wanted is not None and wanted != dim:
        raise WrongUse(
            f"dimensions={wanted} cannot be had: version {towers.version} makes vectors of {dim} "
            f"and was not taught to be cut short; leave dimensions out"
        )


async def _encode(towers: Towers, inputs: Sequence[Given]) -> Vectors:
    """(n, dim), in the order of the inputs."""
    if all(one.text is not None for one in inputs):
        return await towers.encode(Modality.TEXT, [one.text or "" for one in inputs])
    spec = towers.encoder.spec
    media = await asyncio.to_thread(decode_inputs, inputs, spec)
    made = await towers.encode_all(media.media)
    out = np.empty((len(inputs), spec.dim), np.float32)
    for at, (modality, rows) in enumerate(media.places):
        out[at] = middle(made[modality][rows])
    return out


async def _tokens(towers: Towers, inputs: Sequence[Given]) -> int:
    """Tokens of text that were read; an encoder that has none counts none."""
    texts = [one.text for one in inputs if one.text is not None]
    encoder = towers.encoder
    if not texts or not isinstance(encoder, CountsTokens):
        return 0
    if sum(map(len, texts)) <= INLINE_CHARACTERS:
        return encoder.count_tokens(texts)
    return await asyncio.to_thread(encoder.count_tokens, texts)


def _floats(vectors: Vectors) -> list[Any]:
    """Numbers, exactly."""
    numbers: list[Any] = vectors.tolist()
    return numbers


def _base64(vectors: Vectors) -> list[Any]:
    little = np.ascontiguousarray(vectors, "<f4")
    return [base64.b64encode(row.tobytes()).decode("ascii") for row in little]
