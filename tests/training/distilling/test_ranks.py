"""Several processes are taught what one would be from all their batches together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.training.distilling.ranked import gradients, towers


def test_two_processes_have_the_loss_and_the_gradient_of_one(tmp_path: Path) -> None:
    """Rows differ in number, and one process holds no speech at all."""
    command = [sys.executable, "-m", "tests.training.distilling.ranked", str(tmp_path)]
    started = [
        subprocess.Popen(command, env={**os.environ, "RANK": str(rank)}) for rank in range(2)
    ]
    assert [one.wait(timeout=600) for one in started] == [0, 0]
    found = [dict(np.load(tmp_path / f"{rank}.npz")) for rank in range(2)]
    alone, wanted = gradients((0, 1), towers())
    apart = [gradients((rank,), towers())[0] for rank in range(2)]
    assert abs(np.mean(apart) - alone) > 1e-3  # who looks at his own rows alone has another loss
    for one in found:
        assert one.pop("loss") == pytest.approx(alone, abs=1e-5)
    assert found[0].keys() == wanted.keys()
    for part, gradient in wanted.items():
        mean = (found[0][part] + found[1][part]) / 2
        np.testing.assert_allclose(mean, gradient, atol=1e-5, err_msg=part)
    assert max(np.abs(one).max() for one in wanted.values()) > 0.01
