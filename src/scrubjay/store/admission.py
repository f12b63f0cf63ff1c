"""What rows and vectors must be before a generation takes them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Item
from scrubjay.store.attributes import storable_text
from scrubjay.store.catalog_schema import checked
from scrubjay.store.rows import Row

Current: TypeAlias = Callable[[Sequence[str]], Iterable[Item]]
"""Ids to those of the items that are still wanted, as they are now."""


def check_rows(rows: Sequence[Row], *, version: str, generation: str) -> None:
    """Refuse rows another version made, two of one span, and what no column can hold.

    Raises:
        WrongUse: there is such a row; the message names its item.
    """
    seen: set[str] = set()
    for row in rows:
        if row.version != version:
            raise WrongUse(
                f"version {row.version!r} made the row of item {row.item.id!r}, and generation "
                f"{generation!r} is searched with {version!r}; embed the item with that version, "
                f"or carry its row over with a bridge"
            )
        if row.key in seen:
            raise WrongUse(
                f"two rows of item {row.item.id!r} have the modality {row.modality.value} and "
                f"start at {row.start_s}; write each span once"
            )
        seen.add(row.key)
        if reason := _unstorable(row):
            raise WrongUse(f"a row of item {row.item.id!r} cannot be stored: {reason}")


def _unstorable(row: Row) -> str | None:
    """Why what a row of a video says cannot be stored, or None."""
    begin, end = (0.0, 0.0) if row.moment is None else row.moment
    if not (math.isfinite(begin) and math.isfinite(end) and begin <= end):
        return f"its moment lasts from {begin} to {end}"
    try:
        storable_text(row.text or "")
    except (ValueError, UnicodeError) as error:
        return f"its words: {error}"
    return None


def unit_vectors(
    rows: Sequence[Row], vectors: NDArray[np.float32], *, dim: int, generation: str
) -> NDArray[np.float32]:
    """(n, dim) float32, of exactly unit length.

    Raises:
        WrongUse: their shape, or a length that is off by 1e-3 or more.
    """
    if vectors.shape != (len(rows), dim):
        raise WrongUse(
            f"{len(rows)} rows need vectors of shape {(len(rows), dim)} in generation "
            f"{generation!r}, not {vectors.shape}"
        )
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    wrong = np.flatnonzero(~(np.abs(lengths - 1) < 1e-3))
    if len(wrong):
        raise WrongUse(
            f"the vector of item {rows[wrong[0]].item.id!r} has length "
            f"{lengths[wrong[0]]:.4g}; an encoder must give unit vectors"
        )
    units: NDArray[np.float32] = (vectors / lengths[:, None]).astype(np.float32)
    return units


def still_wanted(rows: Sequence[Row], current: Current | None) -> tuple[list[int], list[Row]]:
    """Places of the rows whose items are wanted as they were embedded, and those rows.

    Args:
        current: None wants them all; else each row says what it says of its item.

    Raises:
        WrongUse: an item that cannot be stored.
    """
    given = {row.item.id: row.item for row in rows}
    now = given.values() if current is None else current(list(given))
    clean = {
        one.id: checked(one)
        for one in now
        if one.id in given and one.sha256 == given[one.id].sha256
    }
    places = [place for place, row in enumerate(rows) if row.item.id in clean]
    return places, [replace(rows[place], item=clean[rows[place].item.id]) for place in places]


def unit_query(vector: NDArray[np.float32], *, dim: int, generation: str) -> NDArray[np.float32]:
    """(dim,) float32 of unit length.

    Raises:
        WrongUse: it has another shape, is zero, or is not finite.
    """
    query = np.array(vector, np.float32).reshape(-1)
    length = float(np.linalg.norm(query))
    if query.shape != (dim,) or not math.isfinite(length) or length == 0:
        raise WrongUse(
            f"generation {generation!r} is searched with {dim} finite numbers that are not "
            f"all zero; the query has shape {np.shape(vector)}"
        )
    unit: NDArray[np.float32] = query / np.float32(length)
    return unit
