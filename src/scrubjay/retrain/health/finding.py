"""What one look at an installation found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what.
        says: what was found, in one line.
        do: what to do about it; empty when all is well.
    """

    name: str
    state: State
    says: str
    do: str = ""

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {"name": self.name, "state": self.state.value, "says": self.says, "do": self.do}
