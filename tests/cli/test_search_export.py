"""Searching and measuring with an exported version: real graphs, and torch never imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scrubjay.core.config import Settings
from scrubjay.core.types import Champion
from scrubjay.models.load import load_version
from scrubjay.search.ingest import ingest
from scrubjay.store.home import Home
from tests.cli.conftest import collection

pytest.importorskip("torch")

EXPORT = """
import sys
from pathlib import Path
from scrubjay.models.load import load_trainable
encoder = load_trainable("builtin")
encoder.save_pretrained(Path(sys.argv[1]))
(Path(sys.argv[1]) / "export").mkdir()
encoder.export(Path(sys.argv[1]) / "export")
"""

COMMANDS = """
import json, sys
from scrubjay.cli.main import app
for arguments in json.loads(sys.argv[1]):
    app(arguments, standalone_mode=False)
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""

TRAINING = {"torch", "lightning", "transformers", "hydra", "wandb"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    root = tmp_path_factory.mktemp("exported")
    shelf = collection(root / "media")
    home = Home(Settings(home=root / "home", threads=1))
    home.catalog.upsert(shelf.items)
    home.catalog.snapshot()

    def build(staging):
        subprocess.run([sys.executable, "-c", EXPORT, str(staging)], check=True, timeout=280)

    version = home.registry.register(build, month="2026-11", lineage={}, metrics={}, card="x")
    encoder = load_version(home.registry.folder(version), version=version, threads=1)
    generation = home.generations.create(
        version, dim=encoder.spec.dim, attribute_types=home.catalog.attribute_types()
    )
    done = ingest(home.catalog.items(), generation, encoder, read=shelf.read, threads=1)
    assert (done.items, done.skipped) == (len(shelf.items), {})
    home.registry.publish(Champion(version, version), expected=None)
    return home


def scrubjay(home, *commands):
    """What each command told as JSON, and every package the process imported."""
    asked = [[*command, "--home", str(home.path), "--json"] for command in commands]
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps(asked)],
        capture_output=True,
        text=True,
        timeout=280,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    told = json.loads("[" + done.stdout.replace("\n}\n{", "\n},\n{") + "]")
    return told, set(done.stderr.split())


def test_searching_never_imports_torch(home):
    folder = Path(home.catalog.get(next(home.catalog.items()).id).uri).parent
    told, loaded = scrubjay(
        home,
        ["search", "something red"],
        ["search", "--image", str(folder / "green.png")],
        ["search", "--speech", str(folder / "low.wav")],
    )
    assert [len(one["hits"]) for one in told] == [5, 5, 5]
    for one, name in zip(told[1:], ("green.png", "low.wav"), strict=True):
        best = one["hits"][0]
        assert Path(best["uri"]).name == name
        assert best["score"] == pytest.approx(1, abs=5e-3)
    assert not loaded & TRAINING


def test_measuring_never_imports_torch(home, tmp_path):
    told, loaded = scrubjay(
        home, ["evaluate", "--split", "all", "--report", str(tmp_path / "report.html")]
    )
    assert len(told[0]["directions"]) == 6
    assert not loaded & TRAINING
