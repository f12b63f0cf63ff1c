"""What watches a fit."""

from __future__ import annotations

import logging

import torch
from lightning.pytorch import Callback

from scrubjay.training.callbacks import StepSeeds
from tests.training.collection import make
from tests.training.configured import configured, fit_tiny


class Rolls(Callback):
    """Notes a random number at each training batch."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def on_before_zero_grad(self, trainer, pl_module, optimizer) -> None:
        self.seen.append(float(torch.rand(1)))


def rolled(tmp_path, seed: int) -> list[float]:
    config = configured(
        "trainer.max_epochs=2", "datamodule.batch_size=4", "keep=last", f"seed={seed}"
    )
    rolls = Rolls()
    config["callbacks"] = {"rolls": {"_ref_": "rolls"}}
    made = make(8, val_every=0)
    from scrubjay.training.fit import fit
    from tests.training.tiny import TinyEncoder

    provided = {"items": made.items, "read": made.read, "encoder": TinyEncoder(), "rolls": rolls}
    fit(config, run=tmp_path / f"{seed}-{torch.initial_seed()}", provided=provided)
    return rolls.seen


def test_each_batch_of_each_epoch_has_randomness_of_its_own_and_always_the_same(tmp_path) -> None:
    torch.manual_seed(1)
    first = rolled(tmp_path, 5)
    torch.manual_seed(2)
    assert rolled(tmp_path, 5) == first
    assert len(set(first)) == len(first) == 4
    assert rolled(tmp_path, 6) != first
    assert StepSeeds(5)._seed == 5


def test_a_line_an_epoch_says_how_it_goes(tmp_path, caplog) -> None:
    with caplog.at_level(logging.INFO, logger="scrubjay.training"):
        fit_tiny(configured("trainer.max_epochs=2"), make(12), tmp_path)
    lines = [one.getMessage() for one in caplog.records]
    assert len(lines) == 2
    assert lines[0].startswith("epoch 1 of 2: train/loss ")
    assert "val/recall" in lines[1]
