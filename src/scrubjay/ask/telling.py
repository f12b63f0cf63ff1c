"""When it is not known: how that is said, and how it is noticed that a model says so."""

from __future__ import annotations

import re
from typing import Final

from scrubjay.ask.writing import percent
from scrubjay.core.looking import Reply

CANNOT_TELL: Final = "I can't tell"

_UNTOLD: Final = re.compile(
    r"^\W*(?:(?:i(?:'m| am) (?:sorry|afraid)|sorry|unfortunately)\b[^.]{0,40}[,.]?\s*)?"
    r"(?:but )?(?:i |it |that |this )?(?:can['\u2019]?t|can ?not|could ?n['\u2019]t|could not|"
    r"am not able to|am unable to|do(?:es)? ?n['\u2019]t|do(?:es)? not|is not|is ?n['\u2019]t) ?"
    r"(?:be )?(?:tell|told|know|known|see|say|said|determined?|possible|answer(?:ed)?|"
    r"clear|visible|shown|mentioned)\b|^\W*(?:unanswerable|unknown|not sure|no idea)\W*$",
    re.IGNORECASE,
)


def cannot_tell(why: str = "") -> str:
    """`I can't tell`, with the reason."""
    return f"{CANNOT_TELL}: {why}" if why else CANNOT_TELL


def says_untold(text: str) -> bool:
    """Whether a text is no answer but says that there is none."""
    return not text.strip() or _UNTOLD.search(text.strip()) is not None


def is_told(reply: Reply) -> bool:
    """Whether a reply is an answer."""
    return reply.told and not says_untold(reply.text)


def too_unsure(reply: Reply, least: float) -> bool:
    """Whether a model is less sure of a reply than is asked for; one that does not say is not."""
    return reply.confidence is not None and reply.confidence < least


def unsure(by: str, confidence: float, least: float) -> str:
    """That an answer was held back."""
    return cannot_tell(
        f"{by} is only {percent(confidence)} sure of its answer, and {percent(least)} is asked for"
    )
