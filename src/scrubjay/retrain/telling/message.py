"""A month in the words of a message: the decision, the figures, what was set aside, where to read.

Plain text. Names that strangers chose (of files, mostly) are made harmless: no line breaks, no
control characters, nothing a chat service takes for a mention.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scrubjay.retrain.telling.masks import Masks
from scrubjay.retrain.telling.settings import Told

SHOWN = 10
"""Reasons, notes, figures and files listed; the report has them all."""
LONGEST = 240
"""Characters of one line a stranger may have written."""
LONGEST_ERROR = 2000
"""An error says what to do next at its end."""

_KINDS = {
    "promoted": Told.SUCCESS,
    "refused": Told.WARNING,
    "stopped": Told.WARNING,
    "no-change": Told.NO_CHANGE,
    "failed": Told.FAILURE,
}
_TAME = str.maketrans({"<": "‹", ">": "›", "`": "'"})  # noqa: RUF001 - that is the point
_MENTION = re.compile(r"@(?=[^\W\d])")


def message(result: Mapping[str, Any]) -> tuple[Told, str, str]:
    """What to tell of a run.

    A promoted or unchanged month with `warnings`, such as drift, is told as a warning.

    Args:
        result: the run's result; what a failed run does not hold may be absent.

    Returns:
        Kind, title of one line, body of plain text.
    """
    status = str(result.get("status"))
    kind = _KINDS.get(status, Told.FAILURE)
    if result.get("warnings") and kind in {Told.SUCCESS, Told.NO_CHANGE}:
        kind = Told.WARNING
    sections = [
        _decision(result),
        _listed("Warnings", result.get("warnings")),
        _listed("Why", result.get("reasons")),
        _data(result.get("data") or {}),
        _figures(result.get("figures") or {}),
        _quarantined(result),
        _listed("Notes", result.get("notes")),
        _where(result),
    ]
    body = "\n\n".join("\n".join(lines) for lines in map(list, sections) if lines)
    return kind, Masks().text(_title(result, status)), Masks().text(body)


def _title(result: Mapping[str, Any], status: str) -> str:
    month = _tame(result.get("month") or "the month")
    said = {
        "promoted": f"promoted {_tame(result.get('version'))}",
        "refused": "challenger refused, the champion stays",
        "stopped": "stopped before training, the champion stays",
        "no-change": "no change",
        "failed": "the run FAILED",
    }
    warned = ", with warnings" if result.get("warnings") else ""
    return f"Scrubjay {month}: {said.get(status, 'the run FAILED')}{warned}"


def _decision(result: Mapping[str, Any]) -> Iterator[str]:
    champion, version = _tame(result.get("champion")), _tame(result.get("version"))
    match result.get("status"):
        case "promoted":
            yield f"{version} was promoted and serves now."
        case "refused":
            yield f"{version or 'The challenger'} was refused; {champion or 'no version'} serves."
            yield "Its items can be searched and are not learned from until they are accepted:"
            yield f"scrubjay retrain --accept {_tame(result.get('month'))}"
        case "stopped":
            yield f"The new data are not fit to learn from; {champion or 'no version'} serves."
            yield "Look at the report, mend the data, or accept them as they are:"
            yield f"scrubjay retrain --accept {_tame(result.get('month'))}"
        case "no-change":
            yield f"Nothing new to learn from; {champion or 'no version'} serves."
        case _:
            error = _tame(result.get("error"), LONGEST_ERROR)
            yield f"It failed: {error or 'it did not say why'}"
            yield f"{champion or 'No version'} serves; `scrubjay retrain` goes on from there."


def _listed(name: str, lines: Sequence[object] | None) -> Iterator[str]:
    if not lines:
        return
    yield f"{name}:"
    yield from (f"- {_tame(one)}" for one in lines[:SHOWN])
    yield from _more(len(lines) - SHOWN)


def _data(data: Mapping[str, Any]) -> Iterator[str]:
    counts = [f"{data[name]:,} {name}" for name in data if isinstance(data[name], int)]
    if counts:
        yield f"Data: {', '.join(counts)}"


def _figures(figures: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    if not figures:
        return
    yield "Figures (champion, challenger):"
    for name, of in list(figures.items())[:SHOWN]:
        old, new = of.get("champion"), of.get("challenger")
        change = (
            f" ({new - old:+.3f})"
            if isinstance(old, float | int) and isinstance(new, float | int)
            else ""
        )
        yield f"- {_tame(name)}: {_figure(old)}, {_figure(new)}{change}"
    yield from _more(len(figures) - SHOWN)


def _quarantined(result: Mapping[str, Any]) -> Iterator[str]:
    shown: Sequence[Mapping[str, Any]] = result.get("quarantined") or ()
    if not shown:
        return
    count = max(int((result.get("data") or {}).get("quarantined") or 0), len(shown))
    yield f"Quarantined, {count:,}:"
    yield from (f"- {_tame(one.get('path'))}: {_tame(one.get('reason'))}" for one in shown[:SHOWN])
    yield from _more(count - len(shown[:SHOWN]))


def _where(result: Mapping[str, Any]) -> Iterator[str]:
    if result.get("report"):
        yield f"Report: {_line(result['report'])}"
    took = sum(float(one) for one in (result.get("took_s") or {}).values())
    yield f"Run: {_tame(result.get('run'))}" + (f", {_duration(took)}" if took else "")


def _more(left: int) -> Iterator[str]:
    if left > 0:
        yield f"- and {left:,} more, in the report"


def _figure(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float | int) else "none"


def _duration(seconds: float) -> str:
    minutes, hours = seconds / 60, seconds / 3600
    if hours >= 2:
        return f"{hours:.1f} h"
    return f"{minutes:.0f} min" if minutes >= 2 else f"{seconds:.0f} s"


def _tame(text: object, longest: int = LONGEST) -> str:
    """One harmless line of what a stranger may have written; empty for None."""
    return _MENTION.sub("＠", _line(text, longest).translate(_TAME))  # noqa: RUF001 - a look-alike


def _line(text: object, longest: int = LONGEST) -> str:
    if text is None:
        return ""
    line = " ".join(str(text).split())
    line = "".join("?" if unicodedata.category(one)[0] == "C" else one for one in line)
    return line if len(line) <= longest else f"{line[:longest]}..."
