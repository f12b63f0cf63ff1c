"""What validation says of a month: bad rows with their reasons, and every rule's finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scrubjay.media.layout import Problem


@dataclass(frozen=True, slots=True)
class BadRow:
    """One new object that cannot be used.

    Attributes:
        id: its item's, or None when it never became an item (it could not be read).
        path: what it is called in the source, or its item's first uri.
        reason: short enough for a table.
    """

    id: str | None
    path: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {"id": self.id, "path": self.path, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule over all new objects, and what came of it.

    Attributes:
        rule: one of `RULES`.
        statement: the outcome in words, with its figures.
        figures: everything it was decided on, as JSON values.
        stops: the rule is broken and stops the run before training.
        warns: the rule is broken and the run goes on.
        judged: whether the rule was held against the objects at all: it may be turned off, or
            they too few.
    """

    rule: str
    statement: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    stops: bool = False
    warns: bool = False
    judged: bool = True

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "rule": self.rule,
            "statement": self.statement,
            "stops": self.stops,
            "warns": self.warns,
            "judged": self.judged,
            "figures": dict(self.figures),
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """May the month be trained on, and which of its rows may not.

    Attributes:
        bad: sorted by path; an object is listed once.
        findings: one a rule and column, in the order of `RULES`.
        n_new: new and changed objects looked at, those that could not be read included.
        share_bad: bad objects of these, 0 to 1.
        stopped: whether the run ends before training.
    """

    bad: tuple[BadRow, ...]
    findings: tuple[Finding, ...]
    n_new: int
    share_bad: float
    stopped: bool

    @property
    def without(self) -> frozenset[str]:
        """Ids of the items that must not enter the catalog as they are."""
        return frozenset(row.id for row in self.bad if row.id is not None)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Items that could be read and are bad all the same, as the quarantine takes them."""
        return tuple(Problem(row.path, row.reason) for row in self.bad if row.id is not None)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the run was stopped; nothing when it goes on."""
        return tuple(one.statement for one in self.findings if one.stops)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should look at although the run goes on."""
        return tuple(one.statement for one in self.findings if one.warns)

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "stopped": self.stopped,
            "share_bad": self.share_bad,
            "n_new": self.n_new,
            "reasons": list(self.reasons),
            "warnings": list(self.warnings),
            "findings": [one.to_json() for one in self.findings],
            "bad": [row.to_json() for row in self.bad],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Verdict:
        """Read what `to_json` wrote.

        Raises:
            KeyError: a field is missing.
        """
        return cls(
            bad=tuple(BadRow(row["id"], row["path"], row["reason"]) for row in value["bad"]),
            findings=tuple(
                Finding(**{name: one[name] for name in Finding.__dataclass_fields__})
                for one in value["findings"]
            ),
            n_new=value["n_new"],
            share_bad=value["share_bad"],
            stopped=value["stopped"],
        )
