"""May a month's new objects be trained on: rows one by one, and all of them together.

Rules see what a row says of itself and what the others say. Descriptions exchanged between
pictures pass them all: every row is in order. That is found by the gate, on held-out items.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from scrubjay.core.known import FORGOTTEN
from scrubjay.core.types import Item
from scrubjay.media.layout import Problem
from scrubjay.retrain.validation.blank import given_blank
from scrubjay.retrain.validation.duplicates import duplicates_finding
from scrubjay.retrain.validation.language import language_finding
from scrubjay.retrain.validation.row_rules import bad_items
from scrubjay.retrain.validation.settings import BAD_ROWS, ValidateSettings
from scrubjay.retrain.validation.shift import shift_findings
from scrubjay.retrain.validation.verdict import BadRow, Finding, Verdict
from scrubjay.search.drop_record import Drop

__all__ = ["BadRow", "Finding", "ValidateSettings", "Verdict", "validate"]

_REASONS_NAMED = 3
_REASONS_KEPT = 20


def validate(drop: Drop, *, before: Sequence[Item], settings: ValidateSettings) -> Verdict:
    """Hold new objects against every rule.

    Args:
        drop: what is new.
        before: the items the last snapshot lists; older states of the drop's own do not matter.
        settings: the owner's limits.

    Returns:
        The same verdict for the same arguments.

    Raises:
        MissingExtra: pydantic, or with `languages` py3langid, is not installed.
    """
    new = (*drop.added, *drop.changed)
    own = {item.id for item in new}
    known = [item for item in before if item.id not in own]
    changed = {item.id for item in drop.changed}
    older = {item.id: item for item in before if item.id in changed}
    unread = [one for one in drop.new_problems if not one.reason.startswith(FORGOTTEN)]
    blank = given_blank(new, known, layout=drop.layout, source=drop.source)
    bad = _bad_rows(unread, bad_items(new, settings, blank=blank))
    n_new = _objects(drop, bad)
    refused = {row.id for row in bad}
    good = [item for item in new if item.id not in refused]
    findings = (
        _share_finding(bad, n_new, settings),
        language_finding(good, settings),
        duplicates_finding(new, known=known, older=older, settings=settings),
        *shift_findings(good, known, settings),
    )
    return Verdict(
        bad=bad,
        findings=findings,
        n_new=n_new,
        share_bad=len(bad) / n_new if n_new else 0.0,
        stopped=any(one.stops for one in findings),
    )


def _bad_rows(problems: Sequence[Problem], items: Sequence[BadRow]) -> tuple[BadRow, ...]:
    """One row an object, whatever is wrong with it, sorted by path."""
    unread: dict[str, list[str]] = {}
    for problem in problems:
        unread.setdefault(problem.path, []).append(problem.reason)
    rows = [BadRow(None, path, "; ".join(reasons)) for path, reasons in unread.items()]
    return tuple(sorted([*rows, *items], key=lambda row: (row.path, row.id or "")))


def _objects(drop: Drop, bad: Sequence[BadRow]) -> int:
    """New objects, those included that only a manifest speaks of; what was forgotten is none."""
    forgotten = {one.path for one in drop.new_problems if one.reason.startswith(FORGOTTEN)}
    items = {item.id for item in (*drop.added, *drop.changed)}
    unread = sum(row.id is None for row in bad)
    return max(drop.looked_at - len(forgotten), len(items) + unread)


def _share_finding(bad: Sequence[BadRow], n_new: int, settings: ValidateSettings) -> Finding:
    share = len(bad) / n_new if n_new else 0.0
    reasons = Counter(row.reason for row in bad).most_common()
    broken = share > settings.max_bad
    statement = f"{len(bad)} of {n_new} new objects are bad"
    if bad:
        statement += f" ({share:.1%}; {settings.max_bad:.1%} are allowed): "
        statement += ", ".join(f"{n} x {reason}" for reason, n in reasons[:_REASONS_NAMED])
        left = len(reasons) - _REASONS_NAMED
        statement += f" and {left} other reasons" if left > 0 else ""
    figures = {
        "bad": len(bad),
        "new": n_new,
        "share": share,
        "limit": settings.max_bad,
        "reasons": dict(reasons[:_REASONS_KEPT]),
    }
    stops = BAD_ROWS in settings.stop_on
    return Finding(BAD_ROWS, statement, figures, stops=broken and stops, warns=broken and not stops)
