"""Promoted or refused, with every check that was made, in words and in figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from scrubjay.retrain.gating.settings import GateSettings


class Outcome(StrEnum):
    """What one check says."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing the gate looked at.

    Attributes:
        name: the set's, or what was measured.
        rule: `gain`, `no loss`, `floor`, `embeddings`, `size` or `latency`.
        statement: the outcome in words, with its figures.
        refuses: whether it keeps the challenger from being promoted.
        figures: everything it was decided on, as JSON values.
    """

    name: str
    rule: str
    outcome: Outcome
    statement: str
    refuses: bool
    figures: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "name": self.name,
            "rule": self.rule,
            "outcome": self.outcome.value,
            "refuses": self.refuses,
            "statement": self.statement,
            "figures": dict(self.figures),
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """Promoted or refused, and why."""

    promoted: bool
    checks: tuple[Check, ...]
    settings: GateSettings

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it was refused; when it was promoted, what spoke for it."""
        wanted = [one for one in self.checks if one.refuses is not self.promoted]
        if self.promoted:
            wanted = [one for one in wanted if one.rule == "gain"]
        return tuple(one.statement for one in wanted)

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be decided and did not refuse."""
        left = [one for one in self.checks if one.outcome is Outcome.UNDECIDED and not one.refuses]
        return tuple(one.statement for one in left)

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "promoted": self.promoted,
            "reasons": list(self.reasons),
            "notes": list(self.notes),
            "checks": [one.to_json() for one in self.checks],
            "settings": self.settings.to_json(),
        }
