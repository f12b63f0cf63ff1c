"""Items and vectors for the store's tests."""

from __future__ import annotations

import hashlib

import numpy as np

from scrubjay.core.types import Item, Kind, Modality, Split
from scrubjay.store.index import Row


def sha(text):
    return hashlib.sha256(str(text).encode()).hexdigest()


def names_in(folder):
    return sorted(one.name for one in folder.iterdir())


def item(n, **fields):
    given = {
        "id": f"item-{n:06d}",
        "kind": Kind.IMAGE,
        "uris": (f"/pictures/{n}.png",),
        "sha256": sha(n),
        "group": f"group-{n}",
        "split": Split.TRAIN,
        "month": "2026-11",
        "size": 100 + n,
    }
    return Item(**{**given, **fields})


def rows_of(items, version="v1", modality=Modality.IMAGE):
    return [Row(one, modality, version) for one in items]


def units(n, dim, seed=0):
    vectors = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
