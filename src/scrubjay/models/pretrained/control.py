"""Control tokens in texts: spelled apart, since a text is data and never an instruction."""

from __future__ import annotations

import re
from typing import Any

PLACEHOLDERS = ("image_token", "video_token", "audio_token")
"""Attributes of a processor with a token that stands for media."""


class ControlTokens:
    """What a tokenizer or a processor would not read as text."""

    def __init__(self, processor: Any, template: str = "") -> None:  # noqa: ANN401 - transformers
        """Find them.

        Args:
            processor: with its tokenizer.
            template: of conversations; added tokens that it writes are control tokens too.
        """
        added = processor.tokenizer.added_tokens_decoder.values()
        control = {one.content for one in added if one.special or one.content in template}
        control |= {placeholder(processor, name) for name in PLACEHOLDERS}
        marks = sorted((one for one in control if len(one) > 1 and not one.isspace()), key=len)
        # The longest first: one may begin with another.
        alternatives = "|".join(re.escape(one) for one in reversed(marks))
        self._marks = re.compile(alternatives or r"(?!)", re.IGNORECASE)

    def apart(self, text: str) -> str:
        """The text with a space inside each of them, so that none is left."""
        return self._marks.sub(lambda found: f"{found.group()[0]} {found.group()[1:]}", text)


def placeholder(processor: Any, name: str = "image_token") -> str:  # noqa: ANN401 - transformers
    """The token that stands for a picture (or other media) in a text; empty without one."""
    token = getattr(processor, name, None)
    return str(getattr(token, "content", token) or "")
