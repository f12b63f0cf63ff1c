"""Messages and pictures that tests of looking share."""

from __future__ import annotations

import numpy as np

from scrubjay.core.looking import Message, Part, Role
from tests.models.pretrained_models import pictures

PICTURES = pictures()


def user(*parts: Part) -> Message:
    return Message(Role.USER, parts)


def assistant(text: str) -> Message:
    return Message(Role.ASSISTANT, (text,))


def system(text: str) -> Message:
    return Message(Role.SYSTEM, (text,))


ONE = (user(PICTURES[0], "What colour is this?"),)
TWO = (user("What is", PICTURES[0], "and what is", PICTURES[1], "?"),)
FEW_SHOT = (
    user(PICTURES[1], "Which shape is it?"),
    assistant("a circle"),
    user(PICTURES[2], "Which shape is it?"),
    assistant("a square"),
    user(PICTURES[0], "Which shape is it?"),
)


def plain(side: int = 24) -> np.ndarray:
    return np.full((side, side, 3), (220, 40, 40), np.uint8)
