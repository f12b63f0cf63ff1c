"""The weights that come with Scrubjay: config.json, model.safetensors, figures.json, card.md."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
FIGURES = "figures.json"
CARD = "card.md"
WEIGHTS = "model.safetensors"


def figures() -> dict[str, Any]:
    """What was measured of these weights, and the month they were trained in."""
    return dict(json.loads((FOLDER / FIGURES).read_text(encoding="utf-8")))


def digest() -> str:
    """sha256 of the weights, hexadecimal."""
    return hashlib.sha256((FOLDER / WEIGHTS).read_bytes()).hexdigest()


def card() -> str:
    """Their model card, Markdown."""
    return (FOLDER / CARD).read_text(encoding="utf-8")
