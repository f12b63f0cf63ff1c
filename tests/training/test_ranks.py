"""Several processes learn what one would from all their batches together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scrubjay.training.order import EpochOrder, OneOrder
from scrubjay.training.ranks import everyones, gathered
from tests.training.ranked import DIM, MODALITIES, gradients, loss_of, towers


@pytest.mark.parametrize("name", ["infonce", "siglip"])
def test_two_processes_have_the_loss_and_the_gradient_of_one(name: str, tmp_path: Path) -> None:
    """Rows differ in number, and one process holds no speech at all."""
    command = [sys.executable, "-m", "tests.training.ranked", str(tmp_path), name]
    started = [
        subprocess.Popen(command, env={**os.environ, "RANK": str(rank)}) for rank in range(2)
    ]
    assert [one.wait(timeout=280) for one in started] == [0, 0]
    found = [dict(np.load(tmp_path / f"{rank}.npz")) for rank in range(2)]
    alone, wanted = gradients((0, 1), loss_of(name), towers())
    for one in found:
        assert one.pop("loss") == pytest.approx(alone, abs=1e-5)
        assert one.pop("order").tolist() == [0, 1, 10, 11]
    assert found[0].keys() == wanted.keys()
    for part, gradient in wanted.items():
        mean = (found[0][part] + found[1][part]) / 2
        np.testing.assert_allclose(mean, gradient, atol=1e-5, err_msg=part)
    assert max(np.abs(one).max() for one in wanted.values()) > 0.01


def test_alone_everything_is_ones_own() -> None:
    loss, network = loss_of("infonce"), towers()
    assert everyones([3, 1]) == [3, 1]
    assert gathered({}, {}, MODALITIES, DIM) == ({}, {})
    assert gradients((0,), loss, network)[0] > 0


@pytest.mark.parametrize("n", [1, 2, 5, 6])
@pytest.mark.parametrize("world", [1, 2, 3])
def test_every_batch_goes_to_a_process_and_all_have_as_many(
    n: int, world: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dealt, plain = [], []
    for rank in range(world):
        monkeypatch.setattr("scrubjay.training.order.rank_of_world", lambda at=rank: (at, world))
        order = EpochOrder(n)
        order.set_epoch(7)
        assert len(list(order)) == len(order)
        dealt.append(list(order))
        plain.append(list(OneOrder(n)))
    assert len({len(one) for one in dealt}) == 1
    assert {key for one in dealt for key in one} == {(7, at) for at in range(n)}
    assert sum(len(one) for one in dealt) < n + world
    assert [[at for _, at in one] for one in dealt] == plain
