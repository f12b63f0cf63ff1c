"""Words found in a sound, and words made into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Heard:
    """What is said in one stretch of a sound.

    Attributes:
        start_s: seconds from the sound's beginning.
        end_s: seconds from the sound's beginning.
        confidence: chance in [0, 1] that it is heard right, as the listener says; None: it does
            not.
    """

    text: str
    start_s: float
    end_s: float
    confidence: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "text": self.text,
            "start_s": round(self.start_s, 3),
            "end_s": round(self.end_s, 3),
            "confidence": None if self.confidence is None else round(self.confidence, 4),
        }


@dataclass(frozen=True, slots=True)
class Transcript:
    """What is said in a sound, in order of time; no segments where nobody speaks.

    Attributes:
        language: two-letter code, given or identified; None: not known.
        duration_s: of the whole sound, in seconds.
        listener: what heard it, for people.
        language_confidence: chance in [0, 1] of the language; None: it was given or is not known.
    """

    segments: tuple[Heard, ...]
    language: str | None
    duration_s: float
    listener: str
    language_confidence: float | None = None

    @property
    def text(self) -> str:
        """All of it, in one line."""
        return " ".join(one.text for one in self.segments if one.text)

    @property
    def confidence(self) -> float | None:
        """That of its least certain segment; None: none says."""
        known = [one.confidence for one in self.segments if one.confidence is not None]
        return min(known) if known else None

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "text": self.text,
            "language": self.language,
            "duration_s": round(self.duration_s, 3),
            "segments": [one.to_json() for one in self.segments],
            "listener": self.listener,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Transcript:
        """What `to_json` told.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        segments = [
            Heard(one["text"], one["start_s"], one["end_s"], one["confidence"])
            for one in told["segments"]
        ]
        return cls(
            tuple(segments), told["language"], float(told["duration_s"]), str(told["listener"])
        )


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text as a sound.

    Attributes:
        samples: (n,) float32 mono in [-1, 1].
        rate: samples a second.
        language: two-letter code of the voice.
        voice: what spoke, for people.
    """

    samples: NDArray[np.float32]
    rate: int
    language: str
    voice: str

    @property
    def duration_s(self) -> float:
        """Seconds."""
        return len(self.samples) / self.rate
