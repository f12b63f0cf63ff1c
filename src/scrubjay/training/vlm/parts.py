"""Which rows are learned from, which choose the weights, and which measure: by their pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadConfig, BadMedia, NotReady, TrainingFailed
from scrubjay.core.protocols import Progress
from scrubjay.core.types import Split
from scrubjay.media.image import decode_picture
from scrubjay.media.phash import near_pairs, perceptual_hash
from scrubjay.training.vlm.table import Row, Table

HASHED_SIDE = 128
"""Pixels of a picture's shorter side that its perceptual hash needs."""
SHOWN = 3
"""Rows that a message names."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Rows by what they are used for.

    Attributes:
        rows: part -> its rows, in the table's order.
        groups: line -> number of the group of pictures that are alike.
        left_out: line -> why a row is not used.
    """

    rows: Mapping[Split, tuple[Row, ...]]
    groups: Mapping[int, int]
    left_out: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class _Look:
    sha256: str
    phash: int | None


def divide(
    table: Table,
    *,
    val: float,
    test: float,
    tolerate: float,
    limits: MediaLimits,
    progress: Progress,
) -> Parts:
    """Look at every picture once and deal the rows out.

    Rows whose pictures are equal or nearly so (`media/phash.py`) belong together, whatever they
    say: to the part the table gives one of them, the most held-out where it gives several, else to
    the part that the first of their contents' hashes draws, the same for ever.

    Args:
        table: as it was read.
        val: share of what chooses the weights, where the table does not say.
        test: share of what measures.
        tolerate: share of the rows that may be unusable.
        limits: what one picture may cost.
        progress: told of every picture.

    Raises:
        BadConfig: shares that leave nothing.
        TrainingFailed: more rows are unusable than that.
        NotReady: no row is left to learn from, or none is held out.
    """
    if min(val, test) < 0 or not val + test < 1 or not 0 <= tolerate < 1:
        raise BadConfig(
            f"datamodule.val ({val:g}) and .test ({test:g}) are shares that leave some to learn "
            f"from, and datamodule.tolerate ({tolerate:g}) is one below 1"
        )
    looks, bad = _look(table, limits, progress)
    left_out = dict(table.problems)
    left_out |= {row.line: bad[row.picture] for row in table.rows if row.picture in bad}
    _tolerated(table, left_out, tolerate)
    rows = [row for row in table.rows if row.line not in left_out]
    groups = _groups(rows, looks)
    parts = _parts(rows, groups, looks, val, test)
    dealt = {
        split: tuple(row for row in rows if parts[groups[row.line]] is split) for split in Split
    }
    if not dealt[Split.TRAIN] or not (dealt[Split.VAL] or dealt[Split.TEST]):
        raise NotReady(
            f"{table.path}: {len(rows)} rows with {len(set(groups.values()))} different pictures "
            f"leave {len(dealt[Split.TRAIN])} to learn from and "
            f"{len(dealt[Split.VAL]) + len(dealt[Split.TEST])} held out; add rows, set "
            f"datamodule.val and .test, or give the table a split column"
        )
    return Parts(dealt, groups, left_out)


def _look(
    table: Table, limits: MediaLimits, progress: Progress
) -> tuple[dict[str, _Look], dict[str, str]]:
    """What each picture looks like, and what is wrong with the others."""
    looks: dict[str, _Look] = {}
    bad: dict[str, str] = {}
    names = list(dict.fromkeys(row.picture for row in table.rows))
    for done, name in enumerate(names, start=1):
        try:
            data = table.bytes_of(name)
            picture = decode_picture(data, limits=limits, min_side=HASHED_SIDE)
        except BadMedia as error:
            bad[name] = f"its picture {name!r}: {error.reason}"
        else:
            looks[name] = _Look(hashlib.sha256(data).hexdigest(), perceptual_hash(picture))
        progress("looking at pictures", done, len(names))
    return looks, bad


def _tolerated(table: Table, left_out: Mapping[int, str], tolerate: float) -> None:
    total = len(table.rows) + len(table.problems)
    if not total:
        raise NotReady(f"{table.path} has no rows")
    if len(left_out) <= tolerate * total:
        return
    shown = "; ".join(f"row {line}: {left_out[line]}" for line in sorted(left_out)[:SHOWN])
    more = f"; and {len(left_out) - SHOWN} more" if len(left_out) > SHOWN else ""
    raise TrainingFailed(
        f"{len(left_out)} of {total} rows of {table.path} cannot be used ({shown}{more}); mend "
        f"them, or raise datamodule.tolerate (now {tolerate:g})"
    )


def _groups(rows: Sequence[Row], looks: Mapping[str, _Look]) -> dict[int, int]:
    """Line to group: connected by equal bytes or near perceptual hashes, in however many steps."""
    parent: dict[object, object] = {}

    def root(one: object) -> object:
        parent.setdefault(one, one)
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for row in rows:
        look = looks[row.picture]
        first = root(look.sha256)
        if look.phash is not None:
            parent[root(look.phash)] = first
    known = sorted({one.phash for one in looks.values() if one.phash is not None})
    hashes = np.array(known, np.uint64)
    for left, right in near_pairs(hashes):
        for one, other in zip(hashes[left].tolist(), hashes[right].tolist(), strict=True):
            parent[root(one)] = root(other)
    numbers: dict[object, int] = {}
    return {
        row.line: numbers.setdefault(root(looks[row.picture].sha256), len(numbers)) for row in rows
    }


def _parts(
    rows: Sequence[Row],
    groups: Mapping[int, int],
    looks: Mapping[str, _Look],
    val: float,
    test: float,
) -> dict[int, Split]:
    given: dict[int, set[Split]] = {}
    first: dict[int, str] = {}
    for row in rows:
        group = groups[row.line]
        if row.split is not None:
            given.setdefault(group, set()).add(row.split)
        mark = looks[row.picture].sha256
        first[group] = min(first.get(group, mark), mark)
    parts: dict[int, Split] = {}
    for group, mark in first.items():
        told = given.get(group, set())
        place = int.from_bytes(hashlib.sha256(mark.encode()).digest()[:8], "big") / 2**64
        drawn = Split.TEST if place >= 1 - test else Split.VAL if place >= 1 - test - val else None
        for split in (Split.TEST, Split.VAL, Split.TRAIN):
            if split in told:
                parts[group] = split
                break
        else:
            parts[group] = drawn or Split.TRAIN
    return parts
