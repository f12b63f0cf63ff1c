"""One first month from a bucket, learned once a session by whoever needs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bucket import ObjectStore
from tests.retrain.prepared import Prepared, World, begin, prepare


@pytest.fixture(scope="session")
def prepared(object_store: ObjectStore, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(object_store, tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def world(prepared: Prepared, s3: ObjectStore, tmp_path: Path) -> World:
    """A bucket and a home with one month in them, both its own."""
    return begin(s3, prepared, tmp_path)
