"""Batches of several processes as one: every process compares with what all of them hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed
from torch.nn import functional

T = TypeVar("T")


def several() -> bool:
    """Whether more than one process trains."""
    ready = distributed.is_available() and distributed.is_initialized()
    return ready and distributed.get_world_size() > 1


def rank_of_world() -> tuple[int, int]:
    """Which of how many processes this is."""
    return (distributed.get_rank(), distributed.get_world_size()) if several() else (0, 1)


def gathered(
    vectors: Mapping[str, Tensor], groups: Mapping[str, Tensor], modalities: Sequence[str], dim: int
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The rows of all processes, in order of rank; alone, what was given.

    A loss over them is the same in every process. Its gradient flows back to whoever made a row, as
    the sum over processes, so that the mean of their gradients, which is what distributed training
    takes, is the gradient one process would have.

    Args:
        vectors: modality to (n, dim) rows; n and the modalities present may differ by process.
        groups: modality to (n,) content groups.
        modalities: all there may be, alike in every process.
        dim: of a row.
    """
    if not several():
        return dict(vectors), dict(groups)
    like = next(iter(vectors.values()), torch.zeros((0, dim)))
    # Always part of the graph: backwards, too, all processes must meet.
    anchor = like.new_zeros((0, dim), requires_grad=True)
    mine = torch.cat([anchor, *(vectors[one] for one in modalities if one in vectors)])
    nobody = torch.zeros(0, dtype=torch.int64, device=like.device)
    named = torch.cat([nobody, *(groups[one] for one in modalities if one in groups)])
    own = torch.tensor([len(vectors.get(one, ())) for one in modalities], device=like.device)
    counts = torch.stack(_everyone(own)).tolist()
    spare = max(sum(one) for one in counts) - len(mine)
    padded: Tensor = _Gathered.apply(  # type: ignore[no-untyped-call]
        functional.pad(mine, (0, 0, 0, spare))
    )
    filled = torch.stack(_everyone(functional.pad(named, (0, spare))))
    rows: dict[str, list[Tensor]] = {one: [] for one in modalities}
    numbers: dict[str, list[Tensor]] = {one: [] for one in modalities}
    for process, lengths in enumerate(counts):
        start = 0
        for modality, length in zip(modalities, lengths, strict=True):
            rows[modality].append(padded[process, start : start + length])
            numbers[modality].append(filled[process, start : start + length])
            start += length
    there = [one for at, one in enumerate(modalities) if any(each[at] for each in counts)]
    return (
        {one: torch.cat(rows[one]) for one in there},
        {one: torch.cat(numbers[one]) for one in there},
    )


def everyones(one: Sequence[T]) -> list[T]:
    """What all processes have of something that is not learned from, in order of rank."""
    if not several():
        return list(one)
    found: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(found, list(one))
    return [member for part in found for member in part]


def _everyone(mine: Tensor) -> list[Tensor]:
    """The tensors of all processes, which have one shape."""
    found = [torch.empty_like(mine) for _ in range(distributed.get_world_size())]
    distributed.all_gather(found, mine.contiguous())
    return found


class _Gathered(torch.autograd.Function):
    """(n, dim) of each process to (processes, n, dim) in all of them."""

    @staticmethod
    def forward(ctx: Any, mine: Tensor) -> Tensor:  # noqa: ANN401 - torch's signature
        return torch.stack(_everyone(mine))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ANN401
        total = gradient.contiguous()
        distributed.all_reduce(total)
        return total[distributed.get_rank()]
