"""Vectors made once: what was made before somebody was stopped is not made again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from scrubjay.core.config import MediaLimits
from scrubjay.core.types import Kind, Media, Modality
from scrubjay.training import known
from scrubjay.training.known import KnownVectors, Thing, encode_once
from scrubjay.training.views import Decoded
from tests.training.collection import Collection, make
from tests.training.tiny import TinyEncoder

REPOSITORY = Path(__file__).resolve().parents[2]
KEPT = 8
"""Rows after which these tests put what is made on the disk."""


class Stopped(Exception):
    """As Ctrl-C would."""


class Counted(TinyEncoder):
    """Counts the things it encodes, and may be stopped at some."""

    def __init__(self, stop_at: int | None = None) -> None:
        torch.manual_seed(7)
        super().__init__()
        self.seen, self._stop_at = 0, stop_at

    def encode(self, modality: Modality, batch: Sequence[Media]) -> np.ndarray:
        if self._stop_at is not None and self.seen + len(batch) > self._stop_at:
            raise Stopped
        self.seen += len(batch)
        return super().encode(modality, batch)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "ROWS_AT_ONCE", KEPT // 2)
    monkeypatch.setattr(known, "ROWS_KEPT", KEPT)


def made_of(made: Collection, folder: Path, encoder: TinyEncoder, **more: str) -> KnownVectors:
    pictures = [item for item in made.items if item.kind is Kind.IMAGE]
    return encode_once(
        folder / "image.npy",
        encoder,
        Modality.IMAGE,
        [Thing(Modality.IMAGE, item.sha256, item) for item in pictures],
        Decoded(made.read, limits=MediaLimits(), min_side=None, max_bytes=0),
        fingerprint=more.get("fingerprint", "1"),
    )


def rows_of(made: Collection, found: KnownVectors) -> np.ndarray:
    return found.rows([item.sha256 for item in made.items if item.sha256 in found])


def test_whoever_was_stopped_goes_on_from_what_is_on_the_disk(tmp_path: Path) -> None:
    made = make(22, captions=False)
    gone = made.items[3]
    del made.files[gone.uri]
    whole = made_of(made, tmp_path / "whole", Counted())
    with pytest.raises(Stopped):
        made_of(made, tmp_path / "part", Counted(stop_at=18))
    assert json.loads((tmp_path / "part" / "image.npy.made.json").read_bytes())["done"] == 2 * KEPT
    rest = Counted()
    found = made_of(made, tmp_path / "part", rest)
    assert rest.seen == 22 - 2 * KEPT
    assert gone.sha256 not in found
    assert len(found) == 21
    assert rows_of(made, found).tobytes() == rows_of(made, whole).tobytes()
    assert {one.name for one in (tmp_path / "part").iterdir()} == {"image.npy", "image.json"}


@pytest.mark.parametrize("change", ["fingerprint", "things", "lost", "short", "no json"])
def test_what_is_not_of_the_same_vectors_is_not_gone_on_from(tmp_path: Path, change: str) -> None:
    made = make(22, captions=False)
    with pytest.raises(Stopped):
        made_of(made, tmp_path, Counted(stop_at=18))
    part, told = tmp_path / "image.npy.part", tmp_path / "image.npy.made.json"
    if change == "things":
        del made.items[0]
    if change == "lost":
        part.unlink()
    if change == "short":
        part.write_bytes(part.read_bytes()[:200])
    if change == "no json":
        told.write_text("{")
    again = Counted()
    found = made_of(made, tmp_path, again, fingerprint="2" if change == "fingerprint" else "1")
    assert again.seen == len(made.items) == len(found)
    whole = made_of(made, tmp_path / "whole", Counted())
    assert rows_of(made, found).tobytes() == rows_of(made, whole).tobytes()


def test_stopped_between_the_rows_and_their_label_little_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(22, captions=False)

    def stop(path: Path, text: str) -> None:
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(known, "write_text", stop)
        with pytest.raises(Stopped):
            made_of(made, tmp_path, Counted())
    assert (tmp_path / "image.npy").exists()
    rest = Counted()
    assert len(made_of(made, tmp_path, rest)) == 22
    assert rest.seen == 22 - 2 * KEPT


SCRIPT = """
import sys
from pathlib import Path
from scrubjay.training import known
from tests.training.collection import make
from tests.training.test_known import KEPT, Counted, made_of
known.ROWS_AT_ONCE, known.ROWS_KEPT = KEPT // 2, KEPT
made_of(make(22, captions=False), Path(sys.argv[1]), Counted())
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "there"), [("training.before_vectors", 0), ("training.after_vectors", KEPT)]
)
def test_killed_around_a_durable_write_what_was_kept_is_whole(
    tmp_path: Path, place: str, there: int
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1", "SCRUBJAY_FAILPOINT": place},
        timeout=600,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    made = make(22, captions=False)
    rest = Counted()
    found = made_of(made, tmp_path, rest)
    assert rest.seen == 22 - there
    whole = made_of(made, tmp_path / "whole", Counted())
    assert rows_of(made, found).tobytes() == rows_of(made, whole).tobytes()
