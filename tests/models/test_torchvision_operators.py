"""A torchvision that does not fit torch stops nothing that does not need its operators."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("torchvision", reason="nothing to mend without it: pip install torchvision")

MEND = "from scrubjay.models.torchvision_operators import mend_torchvision as mend; mend(); mend()"
IMPORTS = "import torchvision, transformers; transformers.CLIPImageProcessor"


def runs(*program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "\n".join(program)], capture_output=True, text=True
    )


@pytest.mark.slow
def test_what_imports_torchvision_works_once_mended() -> None:
    done = runs(MEND, IMPORTS, "from lightning.pytorch import Trainer")
    assert done.returncode == 0, done.stderr


def test_training_imports_with_any_torchvision_and_without_torch() -> None:
    done = runs(
        "import scrubjay.training.run_files, sys",
        "assert 'torch' not in sys.modules",
        "import scrubjay.training.fit",
        IMPORTS,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_operators_that_load_are_the_real_ones() -> None:
    """Where torchvision fits torch nothing is declared in its place."""
    fits = runs("import torchvision").returncode == 0
    done = runs(
        MEND,
        "import torch, torchvision",
        "boxes = torch.tensor([[0., 0., 1., 1.], [0., 0., 1., 1.]])",
        "print(torchvision.ops.nms(boxes, torch.tensor([1., .5]), .5).tolist())",
    )
    assert (done.returncode == 0) == fits, done.stderr
    if fits:
        assert done.stdout.strip() == "[0]"
