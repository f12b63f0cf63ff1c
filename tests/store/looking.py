"""Looking for bytes in everything a folder holds, and for words in every retained version."""

from __future__ import annotations

import lancedb
import numpy as np


def holding(folder, needle):
    """Files that contain some bytes."""
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and needle in path.read_bytes()
    ]


def tables_of(folder):
    return sorted(one.parent for one in folder.rglob("_versions") if one.is_dir())


def retained(folder):
    """Rows of every retained version of every table below a folder."""
    rows = []
    for path in tables_of(folder):
        table = lancedb.connect(str(path.parent)).open_table(path.stem)
        for version in table.list_versions():
            table.checkout(version["version"])
            rows += table.to_arrow().to_pylist()
    return rows


def vector_of(generation, item_id):
    """The bytes of an item's vector, as they are on the disk."""
    path = generation._table.path
    table = lancedb.connect(str(path.parent)).open_table(path.stem)
    (row,) = table.search().where(f"id = '{item_id}'").limit(None).to_arrow().to_pylist()
    return np.array(row["vector"], np.float32).tobytes()
