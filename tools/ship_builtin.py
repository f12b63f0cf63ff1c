"""Put a trained built-in encoder into the package: half-precision weights, figures and card.

    python tools/ship_builtin.py HOME/registry/versions/2026-11-3f2a91c

The folder is one that `scrubjay train experiment=builtin` registered.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from scrubjay.models.builtin.shipped import FOLDER

LARGEST_MB = 20


def main(version: Path) -> None:
    """Convert the weights; figures and card are written by tools/builtin_figures.py."""
    weights = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in load_file(version / "model.safetensors").items()
    }
    lost = max(
        float((tensor.float() - weights[name].float()).abs().max())
        for name, tensor in load_file(version / "model.safetensors").items()
    )
    target = FOLDER / "model.safetensors"
    save_file(weights, target)
    shutil.copy(version / "config.json", FOLDER / "config.json")
    size = target.stat().st_size / 1e6
    if size > LARGEST_MB:
        sys.exit(f"{target} takes {size:.1f} MB; the package has room for {LARGEST_MB}")
    if any(not bool(torch.isfinite(one).all()) for one in weights.values()):
        sys.exit("a weight is beyond half precision; nothing that uses it would work")
    sys.stdout.write(f"{target}: {size:.1f} MB, no weight moved by more than {lost:.2g}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
