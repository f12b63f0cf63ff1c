"""Which models answer, and how they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scrubjay.core.errors import BadConfig
from scrubjay.core.looking import Sampling


@dataclass(frozen=True, slots=True)
class Choice:
    """A family and its options, as a configuration names them."""

    family: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AskSettings:
    """The models of the chains. The defaults work offline, in English.

    Attributes:
        vlm: what looks at pictures.
        ocr: what reads text in them.
        asr: what hears questions and recordings.
        tts: what speaks answers.
        prompt: name of the template a question is put into (`ask/prompt.py`).
        sampling: how answers are drawn.
        k: items of the collection that are looked at for a question without a picture.
        least_confidence: an answer its model is less sure of becomes "I can't tell".
    """

    vlm: Choice = Choice("builtin")
    ocr: Choice = Choice("rapidocr")
    asr: Choice = Choice("pocketsphinx")
    tts: Choice = Choice("espeak")
    prompt: str = "plain"
    sampling: Sampling = field(default_factory=Sampling)
    k: int = 5
    least_confidence: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be followed.

        Raises:
            BadConfig: a value out of its range.
        """
        if not 1 <= self.k <= 100:
            raise BadConfig(f"k must be from 1 to 100, not {self.k}")
        if not 0 <= self.least_confidence <= 1:
            raise BadConfig(f"least_confidence must be from 0 to 1, not {self.least_confidence}")
