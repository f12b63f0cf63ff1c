"""The question model that comes with Scrubjay: two graphs, model.json, figures.json, card.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
FIGURES = "figures.json"
CARD = "card.md"


def figures() -> dict[str, Any]:
    """What was measured of it."""
    return dict(json.loads((FOLDER / FIGURES).read_text(encoding="utf-8")))


def card() -> str:
    """Its model card, Markdown."""
    return (FOLDER / CARD).read_text(encoding="utf-8")
