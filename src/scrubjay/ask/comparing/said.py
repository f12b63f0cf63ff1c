"""What a point said to one question, and how long it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, as it is kept.

    Attributes:
        told: False: it said that it cannot tell.
        confidence: chance in [0, 1] that it is right; None: it does not say.
        seconds: from the question to the answer, pictures being decoded.
        model_s: of them, those the model that answers took.
        tokens_in: that it read; None: not said.
        tokens_out: that it wrote; None: not said.
        error: why there is no answer; None: there is one.
    """

    text: str
    told: bool
    seconds: float = 0.0
    model_s: float | None = None
    confidence: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        told = {
            "text": self.text,
            "told": self.told,
            "seconds": round(self.seconds, 6),
            "model_s": None if self.model_s is None else round(self.model_s, 6),
            "confidence": self.confidence,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
        }
        return told if self.error is None else {**told, "error": self.error}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Said:
        """What was kept; a piece that failed is an answer that tells nothing."""
        if "text" not in told:
            return cls("", told=False, error=str(told.get("error", "it is not known why")))
        names = cls.__dataclass_fields__
        return cls(**{key: value for key, value in told.items() if key in names})


def failure_of(measuring: str | None, said: Sequence[Said]) -> str | None:
    """Why a point has no figures: it could not be measured, or every answer failed."""
    errors = [one.error for one in said if one.error is not None]
    return measuring or (errors[0] if errors and len(errors) == len(said) else None)
