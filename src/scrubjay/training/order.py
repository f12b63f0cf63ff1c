"""In which order batches come, each to one of the processes that train."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from torch.utils.data.distributed import DistributedSampler

from scrubjay.training.ranks import rank_of_world


class _Divided(DistributedSampler[Any]):
    """Positions 0 to n - 1 dealt out in turn; the first ones twice where they do not divide.

    Lightning leaves a DistributedSampler as it is.
    """

    def __init__(self, n_batches: int) -> None:
        rank, world = rank_of_world()
        positions: Any = range(n_batches)  # all that it asks of a data set is how long it is
        super().__init__(positions, num_replicas=world, rank=rank, shuffle=False)
        self._n_batches = n_batches

    def __len__(self) -> int:
        """Batches of this process."""
        return math.ceil(self._n_batches / self.num_replicas)

    def _mine(self) -> Iterator[int]:
        for at in range(len(self)):
            yield (at * self.num_replicas + self.rank) % self._n_batches


class EpochOrder(_Divided):
    """(epoch, position) keys of one epoch; Lightning says which epoch it is.

    The shuffling is the batches' own.
    """

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """The keys of this process, in order."""
        return ((self.epoch, position) for position in self._mine())


class OneOrder(_Divided):
    """Positions, the same in every epoch."""

    def __iter__(self) -> Iterator[int]:
        """The positions of this process, in order."""
        return self._mine()
