"""One page about a month: decision, figures, checks, what was set aside, how long it took."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scrubjay.store.durable import write_durably


def month_html(result: Mapping[str, Any], decision: Mapping[str, Any] | None) -> str:
    """Render the page; it loads nothing and shows no picture.

    Args:
        result: as `scrubjay retrain --json` prints it.
        decision: the gate's, with its checks; None when the gate was not reached.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("scrubjay.retrain", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page: str = environment.get_template("month.html.j2").render(
        result=result,
        checks=(decision or {}).get("checks", []),
        percent=lambda value: "-" if value is None else f"{100 * value:.1f}%",
    )
    return page


def write_month_report(path: Path, result: Mapping[str, Any], decision: Path) -> None:
    """Write the page.

    Args:
        decision: the gate's file, there or not.
    """
    decided = json.loads(decision.read_bytes()) if decision.exists() else None
    page = month_html(result, decided).encode("utf-8", "backslashreplace")
    write_durably(path, page, point="month")
