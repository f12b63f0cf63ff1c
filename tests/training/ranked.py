"""One of several processes that share a batch: `python -m tests.training.ranked FOLDER LOSS`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import torch
from torch import distributed, nn
from torch.nn import functional

from scrubjay.training.losses import InfoNCE, PairLoss, SigLIP
from scrubjay.training.ranks import everyones, gathered

DIM = 6
MODALITIES = ("image", "speech", "text")
ROWS = {
    "image": ((0, 1, 2, 3), (4, 5)),
    "speech": ((), (0, 4, 4)),
    "text": ((0, 0, 1, 2, 3, -1), (4, 5, 6, -1, -1)),
}
"""Content groups of the rows of each process; -1: wrong captions, which are nobody's."""


def loss_of(name: str) -> PairLoss:
    loss = {"infonce": InfoNCE, "siglip": SigLIP}[name](logit_scale=1.5)
    loss.start_from(1.5, -3.0)
    return loss


def towers() -> nn.ModuleDict:
    torch.manual_seed(0)
    return nn.ModuleDict({name: nn.Linear(DIM, DIM) for name in MODALITIES})


def inputs(modality: str, rank: int) -> torch.Tensor:
    seed = [len(modality), rank]
    made = np.random.default_rng(seed).normal(size=(len(ROWS[modality][rank]), DIM))
    return torch.from_numpy(made.astype(np.float32))


def gradients(
    ranks: tuple[int, ...], loss: PairLoss, network: nn.ModuleDict
) -> tuple[float, dict[str, np.ndarray]]:
    """The loss over the rows of these processes as this one sees it, and its gradients."""
    vectors, groups = {}, {}
    for name in MODALITIES:
        numbers = [number for rank in ranks for number in ROWS[name][rank]]
        if numbers:
            given = torch.cat([inputs(name, rank) for rank in ranks])
            vectors[name] = functional.normalize(network[name](given), dim=-1)
            groups[name] = torch.tensor(numbers)
    whole = loss(*gathered(vectors, groups, MODALITIES, DIM))["loss"]
    whole.backward()
    named = [*network.named_parameters(), *loss.named_parameters()]
    found = {
        name: (torch.zeros_like(one) if one.grad is None else one.grad).numpy()
        for name, one in named
    }
    return float(whole.detach()), found


def main() -> None:
    folder, name = Path(sys.argv[1]), sys.argv[2]
    distributed.init_process_group(
        "gloo",
        init_method=f"file://{folder}/meet",
        rank=int(os.environ["RANK"]),
        world_size=2,
    )
    rank = distributed.get_rank()
    value, found = gradients((rank,), loss_of(name), towers())
    order = everyones([rank * 10, rank * 10 + 1])
    np.savez(folder / f"{rank}.npz", loss=value, order=order, **found)
    distributed.destroy_process_group()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
