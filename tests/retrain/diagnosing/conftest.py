"""One collection for all sections; nothing writes into it."""

from __future__ import annotations

import pytest

from tests.retrain.diagnosing import collected


@pytest.fixture(scope="session")
def asked(tmp_path_factory):
    return collected.material(collected.collection(tmp_path_factory.mktemp("diagnosed")))


@pytest.fixture
def graphs(monkeypatch):
    """The fake has no graphs to export: it stands where a version's graphs would be opened."""
    monkeypatch.setattr(collected.OPENED_BY, collected.opened)
