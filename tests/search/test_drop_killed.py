"""Killed at every durable write of a look or a taking, the next call finishes what was begun."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scrubjay.core.config import Settings
from scrubjay.search.drop import look, take
from scrubjay.store.home import Home
from tests.conftest import REPOSITORY
from tests.search.test_scan import png

pytestmark = pytest.mark.slow

PLACES = [
    ("media.before_create", 2),
    ("media.after_create", 2),
    ("look.before_replace", 1),
    ("look.after_replace", 1),
    ("source.before_catalog", 1),
    ("catalog.before_commit", 1),
    ("catalog.after_commit", 1),
    ("catalog.after_commit", 2),
    ("source.after_catalog", 1),
    ("quarantine.after_commit", 1),
    ("source.before_replace", 1),
    ("source.after_replace", 1),
]


def opened(path: Path) -> Home:
    return Home(Settings(home=path, threads=1))


def run(home: Path, url: str, s3, *, die_at: str = "", nth: int = 1) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "tests.search.taking", str(home), url, "2026-12", str(nth)],
        cwd=REPOSITORY,
        env={**os.environ, **s3.environment(), "OMP_NUM_THREADS": "1", "KILL_AT": die_at},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode


def state(home: Path) -> tuple[object, ...]:
    """Everything a person or the next look can see of a home, and all bytes of the source's."""
    there = opened(home)
    return (
        list(there.catalog.items()),
        [(one.root, one.path, one.reason) for one in there.quarantine.all()],
        there.media.kept(),
        {
            str(path.relative_to(home)): path.read_bytes()
            for path in (home / "sources").rglob("*")
            if path.is_file()
        },
    )


@pytest.fixture(scope="module")
def before(object_store, tmp_path_factory) -> tuple[Path, str]:
    """A home that took a bucket's first month, and the bucket as it is a month later."""
    object_store.begin()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in object_store.environment().items():
            patch.setenv(name, value)
        for seed in range(4):
            object_store.put(f"drops/{seed}.png", png(seed))
        object_store.put("drops/0.txt", b"")
        path = tmp_path_factory.mktemp("before") / "home"
        url = object_store.url("drops")
        take(opened(path), look(opened(path), url, month="2026-11"))
    object_store.delete("drops/0.png")
    object_store.delete("drops/1.png")
    object_store.put("drops/moved/1.png", png(1))
    object_store.put("drops/2.png", png(12))
    for seed in range(5, 8):
        object_store.put(f"drops/{seed}.png", png(seed))
    object_store.put("drops/bad.png", b"no picture")
    return path, url


@pytest.fixture(scope="module")
def undisturbed(before, object_store, tmp_path_factory) -> tuple[object, ...]:
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    shutil.copytree(before[0], home)
    assert run(home, before[1], object_store) == 0
    return state(home)


@pytest.mark.parametrize(("place", "nth"), PLACES)
def test_killed_there_the_next_call_ends_as_if_nothing_had_happened(
    before, undisturbed, object_store, tmp_path, place, nth
) -> None:
    home = tmp_path / "home"
    shutil.copytree(before[0], home)
    assert run(home, before[1], object_store, die_at=place, nth=nth) == -signal.SIGKILL
    earlier = {item.id: item for item in opened(before[0]).catalog.items()}
    brought = {item.id: item for item in undisturbed[0]}
    for item in opened(home).catalog.items():
        assert item in (earlier.get(item.id), brought.get(item.id))
    assert run(home, before[1], object_store) == 0
    assert state(home) == undisturbed


def test_a_look_that_was_killed_does_not_fetch_again_what_it_had(
    before, object_store, tmp_path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(before[0], home)
    assert run(home, before[1], object_store, die_at="look.before_replace") == -signal.SIGKILL
    object_store.proxy.asked.clear()
    assert run(home, before[1], object_store) == 0
    assert object_store.proxy.bodies() == []
