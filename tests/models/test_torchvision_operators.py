"""A torchvision that does not fit torch stops nothing that does not need its operators."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("torchvision", reason="nothing to declare without it: pip install torchvision")

IMPORTS = "import torchvision, transformers; transformers.CLIPImageProcessor"


def runs(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)


def test_what_imports_torchvision_works_after_the_declaration() -> None:
    declared = (
        "from scrubjay.models.torchvision_operators import declare_missing_operators as declare\n"
        f"declare(); declare()\n{IMPORTS}\n"
        "from lightning.pytorch import Trainer"
    )
    done = runs(declared)
    assert done.returncode == 0, done.stderr


def test_training_imports_with_any_torchvision() -> None:
    done = runs(f"import scrubjay.training.fit\n{IMPORTS}")
    assert done.returncode == 0, done.stderr


def test_operators_that_load_are_the_real_ones() -> None:
    """Where torchvision fits torch nothing is declared in its place."""
    fits = runs("import torchvision").returncode == 0
    done = runs(
        "from scrubjay.models.torchvision_operators import declare_missing_operators as declare\n"
        "declare()\nimport torch, torchvision\n"
        "boxes = torch.tensor([[0., 0., 1., 1.], [0., 0., 1., 1.]])\n"
        "print(torchvision.ops.nms(boxes, torch.tensor([1., .5]), .5).tolist())"
    )
    assert (done.returncode == 0) == fits, done.stderr
    if fits:
        assert done.stdout.strip() == "[0]"
