"""One collection for all sections; nothing writes into it."""

from __future__ import annotations

import json

import pytest

from tests.retrain.diagnosing import collected


@pytest.fixture(scope="session")
def asked(tmp_path_factory):
    return collected.material(collected.collection(tmp_path_factory.mktemp("diagnosed")))


@pytest.fixture
def graphs(monkeypatch):
    """The fake has no graphs to export: it stands where a version's graphs would be opened."""

    def opened(folder, *, version="", threads=0):
        name = json.loads((folder / "export" / "encoder.json").read_text())["fingerprint"]
        towers = ("image", "text") if name == "deaf" else ("image", "speech", "text")
        return collected.Registered(version, towers)

    monkeypatch.setattr("scrubjay.retrain.diagnosing.material.load_version", opened)
