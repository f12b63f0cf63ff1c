"""A pair's cutoff is written whole, belongs to it, and is fitted anew when that is due."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scrubjay.core.config import Settings
from scrubjay.core.types import Champion
from scrubjay.retrain import calibration
from scrubjay.retrain.calibration import refit, refit_if_grown
from scrubjay.search.cutoff import read_calibration
from scrubjay.store.home import Home
from tests.search.naming import DIM, NamingEncoder, pictures

PAIR = Champion("v1", "v1")
REPOSITORY = Path(__file__).parents[2]


def filled(path: Path, n: int, seed: int = 0) -> Home:
    """A home with pictures in its catalog and in a generation of `v1`."""
    home = Home(Settings(home=path, builtin=False))
    rows, vectors = pictures(n, seed=seed)
    home.catalog.upsert([row.item for row in rows])
    if "v1" not in home.generations.names():
        home.generations.create("v1", dim=DIM, attribute_types={})
    home.generations.open("v1").add(rows, vectors)
    return home


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> NamingEncoder:
    one = NamingEncoder()
    monkeypatch.setattr(calibration, "_encoder", lambda home, pair: one)
    return one


def test_the_file_is_what_was_fitted_and_the_same_every_time(
    tmp_path: Path, encoder: NamingEncoder
) -> None:
    home = filled(tmp_path / "home", 300)
    path = home.generations.cutoff("v1")
    fitted = refit(home, PAIR, progress=lambda *_: None)
    assert read_calibration(path) == fitted
    assert fitted.laws["text->image"]
    first = path.read_bytes()
    refit(home, PAIR, progress=lambda *_: None)
    assert path.read_bytes() == first
    assert b"kordast" not in first, "no words of any item"


def test_what_was_learned_from_does_not_ask(tmp_path: Path, encoder: NamingEncoder) -> None:
    home = filled(tmp_path / "home", 300)
    refit(home, PAIR, progress=lambda *_: None)
    learned = {item.captions[1] for item in home.catalog.items() if item.split.value == "train"}
    asked = {item.captions[1] for item in home.catalog.items() if item.split.value == "test"}
    # Other captions are shown, hence read, so only those that are asked with tell.
    assert set(encoder.read) & (asked - learned)
    assert not set(encoder.read) & (learned - asked)


def test_it_is_fitted_anew_when_the_collection_has_grown_and_not_before(
    tmp_path: Path, encoder: NamingEncoder
) -> None:
    home = filled(tmp_path / "home", 300)
    path = home.generations.cutoff("v1")

    def rows() -> int:
        refit_if_grown(home, PAIR, progress=lambda *_: None)
        return int(json.loads(path.read_bytes())["rows"])

    assert rows() == 300
    filled(tmp_path / "home", 50, seed=1)
    assert rows() == 300
    filled(tmp_path / "home", 50, seed=2)
    assert rows() == 400
    encoder.read.clear()
    refit_if_grown(home, PAIR, changed=80, progress=lambda *_: None)
    assert not encoder.read
    refit_if_grown(home, PAIR, changed=81, progress=lambda *_: None)
    assert encoder.read, "a fifth says other things now"
    path.write_bytes(b"half a fi")
    assert rows() == 400
    encoder.spec = NamingEncoder(fingerprint="other").spec
    filled(tmp_path / "home", 1, seed=3)
    assert rows() == 401, "other weights under the same name"


KILLED = """
import sys
from pathlib import Path
from scrubjay.retrain import calibration
from tests.retrain.test_calibration import PAIR, filled
from tests.search.naming import NamingEncoder
calibration._encoder = lambda home, pair: NamingEncoder()
from scrubjay.core.config import Settings
from scrubjay.store.home import Home
home = Home(Settings(home=Path(sys.argv[1]), builtin=False))
calibration.refit(home, PAIR, progress=lambda *_: None)
"""


def refitted(home: Path, failpoint: str) -> int:
    import os

    return subprocess.run(
        [sys.executable, "-c", KILLED, str(home)],
        cwd=REPOSITORY,
        env={**os.environ, "SCRUBJAY_FAILPOINT": failpoint, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        timeout=280,
        check=False,
    ).returncode


@pytest.mark.slow
def test_killed_while_it_is_written_the_old_one_or_the_new_one_is_there(
    tmp_path: Path, encoder: NamingEncoder
) -> None:
    home = filled(tmp_path / "home", 300)
    path = home.generations.cutoff("v1")
    refit(home, PAIR, progress=lambda *_: None)
    old = path.read_bytes()
    filled(tmp_path / "home", 100, seed=1)
    assert refitted(home.path, "cutoff.before_replace") == -signal.SIGKILL
    assert path.read_bytes() == old
    assert refitted(home.path, "cutoff.after_replace") == -signal.SIGKILL
    new = path.read_bytes()
    assert new != old
    assert json.loads(new)["rows"] == 400
    refit(home, PAIR, progress=lambda *_: None)
    assert path.read_bytes() == new
    assert [one.name for one in path.parent.glob(".*.part")] == [], "what was left is swept"
