"""Facets a person picks, as a condition: month, language, tag and what else was written."""

from __future__ import annotations

from collections.abc import Sequence


def narrowed(
    where: str | None = None,
    *,
    kinds: Sequence[str] = (),
    months: Sequence[str] = (),
    languages: Sequence[str] = (),
    tags: Sequence[str] = (),
) -> str | None:
    """A `--where` expression that asks for all of it; None when nothing is asked for.

    Args:
        where: an expression.
        kinds: any of these; so months and languages.
        tags: all of these.
    """
    parts = [] if where is None or not where.strip() else [f"({where})"]
    for column, values in (("kind", kinds), ("month", months), ("language", languages)):
        if values:
            parts.append(f"{column} IN ({', '.join(map(_written, values))})")
    parts += [f"tag = {_written(one)}" for one in tags]
    return " AND ".join(parts) or None


def _written(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
