"""Which way a model is talked to, by its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scrubjay.models.pretrained.files import read_json
from scrubjay.models.pretrained.source import find_model
from scrubjay.models.pretrained.ways.blip2 import KIND as BLIP2
from scrubjay.models.pretrained.ways.blip2 import Blip2
from scrubjay.models.pretrained.ways.conversation import Conversation
from scrubjay.models.pretrained.ways.git import KIND as GIT
from scrubjay.models.pretrained.ways.git import Git
from scrubjay.models.pretrained.ways.vilt import KIND as VILT
from scrubjay.models.pretrained.ways.vilt import Vilt
from scrubjay.models.pretrained.ways.way import Way

OWN: Final[Mapping[str, type[Way]]] = {BLIP2.kind: Blip2, GIT.kind: Git, VILT.kind: Vilt}
"""Kinds that a family of their own asks; all others take part in conversations."""


def way_of(source: str) -> type[Way]:
    """That of the model in a directory, or of a hub id that is in the hub's cache.

    Raises:
        ModelNotFound, Damaged: there is no model.
    """
    kind = read_json(find_model(source, download=None) / "config.json").get("model_type")
    return OWN.get(str(kind), Conversation)
