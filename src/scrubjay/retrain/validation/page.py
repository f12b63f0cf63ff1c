"""A verdict for people: one HTML file that loads nothing."""

from __future__ import annotations

import json
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from scrubjay.retrain.validation.verdict import Finding, Verdict
from scrubjay.store.durable import write_durably

PAGE: Final = "validation.html"
RECORD: Final = "validation.json"

ROWS_SHOWN = 500
"""Bad rows of the page; all of them are in the JSON."""


def write_validation(
    folder: Path, verdict: Verdict, *, source: str, month: str, when: datetime
) -> Path:
    """Write the page and the JSON into an existing folder; arguments as in `validation_html`.

    Returns:
        The page.
    """
    record = json.dumps({"source": source, "month": month, **verdict.to_json()}, indent=1)
    write_durably(folder / RECORD, record.encode(), point="validation")
    page = validation_html(verdict, source=source, month=month, when=when)
    write_durably(folder / PAGE, page.encode(), point="validation")
    return folder / PAGE


def validation_html(verdict: Verdict, *, source: str, month: str, when: datetime) -> str:
    """Render the page.

    Args:
        verdict: what was found.
        source: where the objects came from.
        month: `YYYY-MM`.
        when: shown as given.
    """
    page: str = _template().render(
        verdict=verdict,
        source=visible(source),
        month=month,
        when=when,
        shown=verdict.bad[:ROWS_SHOWN],
        outcome=outcome,
        visible=visible,
        classes=_classes,
    )
    return page


def outcome(finding: Finding) -> str:
    """`stops`, `warns`, `passed` or `not judged`."""
    if finding.stops or finding.warns:
        return "stops" if finding.stops else "warns"
    return "passed" if finding.judged else "not judged"


def visible(text: str) -> str:
    """The text with marks that are not seen, or that turn it round, written as their number."""
    return "".join(
        mark
        if unicodedata.category(mark)[0] != "C"
        else mark.encode("ascii", "backslashreplace").decode()
        if mark > "\x7f"
        else f"\\x{ord(mark):02x}"
        for mark in text
    )


def _classes(finding: Finding) -> dict[str, Any]:
    classes: dict[str, Any] = finding.figures.get("classes", {})
    return classes


def _template() -> Any:  # noqa: ANN401 - a jinja2.Template
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("scrubjay.retrain", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("validation.html.j2")
