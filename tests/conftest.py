"""What every test runs under: no network but loopback, quiet libraries, one thread each."""

from __future__ import annotations

import os
import random
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import numpy as np
import pytest

if TYPE_CHECKING:
    from tests.bucket import ObjectStore

os.environ.setdefault("WANDB_MODE", "offline")
os.environ.setdefault("WANDB_SILENT", "true")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("SCRUBJAY_BUILTIN", "0")  # tests that want the shipped encoder say so
os.environ.pop("SCRUBJAY_HOME", None)

# Timings never fail a test, and neither does chance: the same examples are tried every time. With
# `--hypothesis-profile=explore` they are other ones.
UNHURRIED = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("scrubjay", **UNHURRIED, derandomize=True, database=None)
hypothesis.settings.register_profile("explore", **UNHURRIED, max_examples=1000)
hypothesis.settings.load_profile("scrubjay")

LOOPBACK = ("127.", "::1", "localhost")
REPOSITORY = Path(__file__).resolve().parents[1]


class NetworkRefusedError(RuntimeError):
    """A test tried to leave this machine."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """What fixtures draw without a seed does not depend on the tests before them."""
    _draw_anew()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call() -> None:
    """Nor does what a test draws, on which of its fixtures were there already."""
    _draw_anew()


def _draw_anew() -> None:
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - other libraries draw from it
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def check(address: object) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            raise NetworkRefusedError(f"a test tried to reach {address!r}")

    def guarded(self: socket.socket, address: object) -> None:
        check(address)
        connect(self, address)

    def guarded_ex(self: socket.socket, address: object) -> int:
        check(address)
        return connect_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real collections beside the checkout; tests that need them skip without."""
    root = Path(os.environ.get("SCRUBJAY_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not root.is_dir():
        pytest.skip("no real data beside the checkout (set SCRUBJAY_SHARED_DATA)")
    return root


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    """One S3 server a session; ask for `s3` instead."""
    pytest.importorskip("moto.server", reason="no S3 server to talk to: pip install 'moto[server]'")
    pytest.importorskip("obstore")
    from tests.bucket import ObjectStore

    with ObjectStore() as store:
        yield store


@pytest.fixture
def s3(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    """A new bucket on loopback, named by the environment, behind a proxy that can misbehave."""
    object_store.begin()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in object_store.environment().items():
        monkeypatch.setenv(name, value)
    return object_store
