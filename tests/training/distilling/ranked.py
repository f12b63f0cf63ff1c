"""One of several processes that are taught together: `python -m tests.training.distilling.ranked`.

Given a folder; the process's number is in RANK.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import torch
from torch import distributed, nn
from torch.nn import functional

from scrubjay.training.distilling.loss import distillation, everyones_rows

DIM = 6
ROWS = {"image": (4, 2), "speech": (0, 3), "text": (5, 1)}
"""Things of each process; the first hears nothing."""
WEIGHTS = {"features": 1.0, "centred": 0.6, "relations": 0.7, "temperature": 0.1}


def towers() -> nn.ModuleDict:
    torch.manual_seed(0)
    return nn.ModuleDict({name: nn.Linear(DIM, DIM) for name in ROWS})


def things(modality: str, rank: int, kind: int) -> torch.Tensor:
    made = np.random.default_rng([len(modality), rank, kind]).normal(
        size=(ROWS[modality][rank], DIM)
    )
    return torch.from_numpy(made.astype(np.float32))


def gradients(
    ranks: tuple[int, ...], network: nn.ModuleDict
) -> tuple[float, dict[str, np.ndarray]]:
    """The loss over the things of these processes as this one sees it, and its gradients."""
    student, teacher = {}, {}
    for name in ROWS:
        if any(ROWS[name][rank] for rank in ranks):
            given, wanted = (
                torch.cat([things(name, rank, kind) for rank in ranks]) for kind in (0, 1)
            )
            student[name] = functional.normalize(network[name](given), dim=-1)
            teacher[name] = functional.normalize(wanted, dim=-1)
    loss = distillation(*everyones_rows(student, teacher, list(ROWS), DIM), **WEIGHTS)["loss"]
    loss.backward()
    return float(loss.detach()), {
        name: (torch.zeros_like(one) if one.grad is None else one.grad).numpy()
        for name, one in network.named_parameters()
    }


def main() -> None:
    folder = Path(sys.argv[1])
    distributed.init_process_group(
        "gloo",
        init_method=f"file://{folder}/meet",
        rank=int(os.environ["RANK"]),
        world_size=2,
    )
    value, found = gradients((distributed.get_rank(),), towers())
    np.savez(folder / f"{distributed.get_rank()}.npz", loss=value, **found)
    distributed.destroy_process_group()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
