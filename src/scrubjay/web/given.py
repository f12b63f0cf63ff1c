"""What a request gives: a text, a picture or a sound, not yet decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scrubjay.core.errors import WrongUse
from scrubjay.search.question import is_unicode

MAX_TEXT: Final = 65_536
"""Characters of one text; models read far fewer."""


@dataclass(frozen=True, slots=True)
class Given:
    """One piece of a request: exactly one of text, picture and sound.

    Attributes:
        name: such as `input[3]` or `messages[0].content[2]`, for messages.
        picture: bytes of a picture file.
        sound: bytes of a sound file.
    """

    name: str
    text: str | None = None
    picture: bytes | None = None
    sound: bytes | None = None


def checked_text(text: str, name: str) -> str:
    """The same text.

    Raises:
        WrongUse: too long, or not Unicode; the message names it.
    """
    if len(text) > MAX_TEXT:
        raise WrongUse(f"{name} has {len(text)} characters; send at most {MAX_TEXT}")
    if not is_unicode(text):
        raise WrongUse(f"{name} is not Unicode text; write it as UTF-8")
    return text
