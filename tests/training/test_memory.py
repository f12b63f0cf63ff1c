"""Out of memory halves the batch, doubles accumulation, and goes on from where it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from scrubjay.core.errors import BadConfig, Damaged, TrainingFailed
from scrubjay.training.checkpoints import load_checkpoint
from scrubjay.training.memory import ATTEMPTS, Attempt, fit_within_memory
from tests.training.collection import make
from tests.training.configured import configured
from tests.training.out_of_memory import Hungry
from tests.training.tiny import TinyEncoder

REPOSITORY = Path(__file__).resolve().parents[2]
MADE = make(16, val_every=0)


def hungry(*overrides: str, most: int, from_epoch: int = 0) -> dict[str, Any]:
    """A configuration whose batches of more than `most` do not fit from an epoch on."""
    config = configured(
        "trainer.max_epochs=3", "datamodule.batch_size=16", "keep=last", "trust=[tests]", *overrides
    )
    config["encoder"] = {"_target_": "tests.training.tiny.TinyEncoder"}
    eater = {
        "_target_": "tests.training.out_of_memory.Hungry",
        "run": {"_ref_": "run"},
        "most": most,
        "from_epoch": from_epoch,
    }
    return {**config, "callbacks": {**config["callbacks"], "eater": eater}}


def fitted(config: dict[str, Any], run: Path, **more: Any) -> tuple[Any, tuple[Attempt, ...]]:
    provided = {"items": MADE.items, "read": MADE.read}
    return fit_within_memory(config, run=run, provided=provided, **more)


def weights(found: Any) -> dict[str, torch.Tensor]:
    encoder = found.objects["encoder"]
    assert isinstance(encoder, TinyEncoder)
    return {
        f"{modality}.{name}": value
        for modality, tower in encoder.towers.items()
        for name, value in tower.state_dict().items()
    }


def same(one: Any, other: Any) -> bool:
    mine, theirs = weights(one), weights(other)
    return all(torch.equal(value, theirs[name]) for name, value in mine.items())


def test_each_time_memory_runs_out_the_batch_halves_and_accumulation_doubles(tmp_path) -> None:
    found, attempts = fitted(hungry(most=4), tmp_path)
    assert attempts == (Attempt(16, 1), Attempt(8, 2), Attempt(4, 4))
    assert found.epochs == 3
    trained = Hungry.notes(tmp_path)
    assert [size for _, size, _ in trained] == [4] * 12
    assert [steps for _, _, steps in trained] == [0] * 4 + [1] * 4 + [2] * 4, "one step an epoch"


def test_it_ends_as_a_fit_that_was_configured_so(tmp_path) -> None:
    found, _ = fitted(hungry(most=4), tmp_path / "found")
    asked, attempts = fitted(
        hungry("datamodule.batch_size=4", "trainer.accumulate_grad_batches=4", most=4),
        tmp_path / "asked",
    )
    assert attempts == (Attempt(4, 4),)
    assert same(found, asked)


def test_epochs_before_memory_ran_out_are_not_repeated(tmp_path) -> None:
    found, attempts = fitted(hungry(most=8, from_epoch=2), tmp_path)
    assert attempts == (Attempt(16, 1), Attempt(8, 2))
    assert [note[:2] for note in Hungry.notes(tmp_path)] == [(0, 16), (1, 16), (2, 8), (2, 8)]
    assert [note[2] for note in Hungry.notes(tmp_path)] == [0, 1, 2, 2]
    assert found.epochs == 3


def test_what_an_attempt_held_is_free_before_the_next_begins(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(Hungry, "models", [])
    monkeypatch.setattr(Hungry, "alive", [])
    fitted(hungry(most=4), tmp_path)
    assert Hungry.alive == [0, 0, 0]


def test_three_halvings_are_the_most(tmp_path) -> None:
    config = hungry("datamodule.batch_size=32", most=1)
    with pytest.raises(TrainingFailed, match=r"ran out with batches of 32, 16, 8, 4; .*bf16"):
        fitted(config, tmp_path)


def test_a_batch_of_two_is_not_halved(tmp_path) -> None:
    with pytest.raises(TrainingFailed, match="with batches of 4, 2; "):
        fitted(hungry("datamodule.batch_size=4", most=1), tmp_path)


def test_when_it_gives_up_the_last_good_checkpoint_is_intact(tmp_path) -> None:
    with pytest.raises(TrainingFailed, match="ran out"):
        fitted(hungry(most=1, from_epoch=2), tmp_path, halvings=1)
    kept = load_checkpoint(tmp_path / "checkpoints" / "last.ckpt")
    assert kept["epoch"] == 1
    assert all(torch.isfinite(one).all() for one in kept["state_dict"].values())


def test_another_failure_is_not_tried_again(tmp_path) -> None:
    config = hungry(most=99)
    config["loss"] = {"_target_": "tests.training.poison.Poisoned", "at": 2}
    with pytest.raises(TrainingFailed, match="the loss became nan in epoch 2"):
        fitted(config, tmp_path)
    assert not (tmp_path / ATTEMPTS).exists()


def test_a_datamodule_without_a_batch_size_is_told_so(tmp_path) -> None:
    config = hungry(most=4)
    del config["datamodule"]["batch_size"]
    with pytest.raises(BadConfig, match=r"datamodule\.batch_size must be a whole number"):
        fitted(config, tmp_path)


def test_a_resumed_fit_is_held_to_the_batches_it_began_with(tmp_path) -> None:
    fitted(hungry(most=8), tmp_path)
    with pytest.raises(BadConfig, match="began with other batches than 32 of 1 a step"):
        fitted(hungry("datamodule.batch_size=32", most=8), tmp_path, resume=True)
    with pytest.raises(BadConfig, match=r"model\.lr: 0\.001 then, 0\.01 now"):
        fitted(hungry("model.lr=0.01", most=8), tmp_path, resume=True)


def test_a_list_of_attempts_nobody_wrote_is_refused(tmp_path) -> None:
    fitted(hungry(most=8), tmp_path)
    (tmp_path / ATTEMPTS).write_text('{"batch_size": 8}')
    with pytest.raises(Damaged, match=r"attempts\.json does not list"):
        fitted(hungry(most=8), tmp_path, resume=True)


KILLED = """
import json, sys
from pathlib import Path
from tests.training.test_memory import fitted
fitted(json.loads(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "attempts"),
    [
        ("fit.before_attempt", (Attempt(16, 1), Attempt(8, 2))),
        ("fit.after_attempt", (Attempt(16, 1), Attempt(8, 2))),
    ],
)
def test_killed_between_two_attempts_it_goes_on_with_the_newest(tmp_path, place, attempts) -> None:
    config = hungry(most=8, from_epoch=2)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, json.dumps(config), str(tmp_path / "killed")],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1", "SCRUBJAY_FAILPOINT": place},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    found, tried = fitted(config, tmp_path / "killed", resume=True)
    undisturbed, _ = fitted(config, tmp_path / "undisturbed")
    assert tried == attempts
    assert found.resumed
    assert same(found, undisturbed)
    trained = [note[:2] for note in Hungry.notes(tmp_path / "killed")]
    assert trained == [(0, 16), (1, 16), (2, 8), (2, 8)]
