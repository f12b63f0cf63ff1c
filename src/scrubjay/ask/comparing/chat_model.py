"""The model of a point that is talked to."""

from __future__ import annotations

from scrubjay.ask.comparing.points import Point
from scrubjay.ask.models import Models
from scrubjay.core.protocols import VisionLanguage
from scrubjay.models.load import load_chat


def chat_model(point: Point) -> VisionLanguage:
    """Of a family that only talks where the point names one, else what looks; raises as `load`."""
    if point.chat is not None:
        return load_chat(point.chat.family, **point.chat.options)
    return Models(point.settings).vlm()
