"""Rows of made-up films for the store's tests, and what a search of them must find."""

from __future__ import annotations

import numpy as np

from scrubjay.core.types import Clue, Kind, Modality
from scrubjay.store.index import Generation, Row
from scrubjay.store.rows import CLUE_FIELDS, row_schema
from scrubjay.store.table import StoredTable
from tests.store.made import item

TOWER = {
    Clue.SEEN: Modality.IMAGE,
    Clue.HEARD: Modality.SPEECH,
    Clue.SAID: Modality.TEXT,
    Clue.READ: Modality.TEXT,
}


def film(n, **fields):
    return item(n, **{"kind": Kind.VIDEO, "uris": (f"/films/{n}.mp4",), **fields})


def film_rows(n, moments, random, version="v1", **fields):
    """Rows of a film of so many moments of ten seconds: two keys each, other clues in some."""
    one, rows = film(n, **fields), []
    for moment in range(moments):
        begin, end = 10.0 * moment, 10.0 * (moment + 1)
        clues = [Clue.SEEN, Clue.SEEN, *(c for c in list(Clue)[1:] if random.random() < 0.5)]
        for turn, clue in enumerate(clues):
            text = f"{clue.value} in {moment}" if TOWER[clue] is Modality.TEXT else None
            start = begin + 2 * turn
            rows.append(Row(one, TOWER[clue], version, start, start + 2, clue, text, (begin, end)))
    return rows


def some_rows(seed, *, films=3, pictures=20, moments=8):
    """Rows of films and pictures, in no order of kind."""
    random = np.random.default_rng(seed)
    rows = [Row(item(1000 + n), Modality.IMAGE, "v1") for n in range(pictures)]
    for n in range(films):
        rows += film_rows(n, int(random.integers(1, moments + 1)), random)
    return rows


def naive(rows, vectors, query, k, *, keeps=lambda row: True):
    """(id, where its moment begins, cosine, place) of the best rows, every row looked at."""
    scores = vectors.astype(np.float64) @ query.astype(np.float64)
    best = {}
    for place in np.argsort(-scores, kind="stable"):
        row = rows[place]
        one = (row.item.id, None if row.moment is None else row.moment[0])
        if keeps(row):
            best.setdefault(one, (*one, scores[place], int(place)))
    return list(best.values())[:k]


def begun_earlier(path, dim, settings, version="v1"):
    """An empty generation as it was written before there were videos."""
    schema = row_schema(dim, {}, version=version)
    for name in CLUE_FIELDS:
        schema = schema.remove(schema.get_field_index(name))
    path.parent.mkdir(parents=True, exist_ok=True)
    table = StoredTable(path, point="generation")
    with table.writing():
        table.create(schema)
    return Generation(path, settings)
