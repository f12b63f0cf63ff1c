"""Handwritten digits in batches, the same in a resumed run as in one that was not killed."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from scrubjay.core.errors import BadConfig
from scrubjay.training.epochs import EpochData
from scrubjay.training.handwriting import DIGITS, Handwriting, find_handwriting
from scrubjay.training.order import EpochOrder

MULTIPLE: Final = 4
"""Of which the side of a picture must be one; a black frame makes it so."""
HELD_OUT: Final = 10
"""One of so many pictures of the training part is validated with."""
MOST_VALIDATED: Final = 2_000


class DigitBatch(NamedTuple):
    """Real digits.

    Attributes:
        pictures: (n, 1, side, side) float32 in [-1, 1].
        labels: (n,) int64.
    """

    pictures: Tensor
    labels: Tensor


class DigitData(EpochData):
    """Digits to learn from, to validate with and to test with.

    Attributes:
        side: of a picture in pixels.
        names: what each label is called.
        train: what is learned from.
        validation: of the same part, and not learned from.
        test: of the part that is held out.
    """

    def __init__(self, *, folder: str | None = None, batch_size: int = 32, seed: int = 0) -> None:
        """Read them.

        Args:
            folder: as `find_handwriting`; None: scikit-learn's digits.
            batch_size: pictures in a batch.
            seed: of their order.

        Raises:
            BadConfig: a batch of less than two, or of more pictures than there are.
            NotReady, BadMedia, MissingExtra: as `find_handwriting`.
        """
        super().__init__()
        train, test = find_handwriting(None if folder is None else Path(folder))
        if train.images.shape[1:] != test.images.shape[1:]:
            raise BadConfig("datamodule.folder holds pictures of two sizes")
        held = np.arange(len(train.labels)) % HELD_OUT == 0
        self.train = tensors(_part(train, ~held))
        self.validation = tensors(_part(train, held), most=MOST_VALIDATED)
        self.test = tensors(test)
        if not 2 <= batch_size <= len(self.train.labels):
            raise BadConfig(
                f"datamodule.batch_size must be from 2 to the {len(self.train.labels)} pictures "
                f"there are, not {batch_size}"
            )
        self.side = int(self.train.pictures.shape[-1])
        self.names = tuple(str(digit) for digit in range(DIGITS))
        self._batch_size, self._seed = batch_size, seed

    def train_dataloader(self) -> DataLoader[DigitBatch]:
        """The batches of the epoch that is next."""
        batches = _Shuffled(self.train, self._batch_size, self._seed)
        order = EpochOrder(len(batches))
        order.set_epoch(self.next_epoch)
        return DataLoader(batches, batch_size=None, sampler=order)

    def val_dataloader(self) -> DataLoader[DigitBatch]:
        """All that is validated with, in one batch."""
        return DataLoader(_Whole(self.validation), batch_size=None)

    def test_dataloader(self) -> DataLoader[DigitBatch]:
        """All that is tested with, in one batch."""
        return DataLoader(_Whole(self.test), batch_size=None)


def tensors(digits: Handwriting, *, most: int | None = None) -> DigitBatch:
    """Pictures as networks take them: square, in [-1, 1], black around what is not.

    Args:
        most: pictures taken, from the first on; None: all.
    """
    images = torch.from_numpy(digits.images[:most].copy())
    height, width = images.shape[1:]
    side = -(-max(height, width) // MULTIPLE) * MULTIPLE
    above, left = (side - height) // 2, (side - width) // 2
    around = (left, side - width - left, above, side - height - above)
    pictures = functional.pad(images, around)[:, None].float() / 127.5 - 1
    return DigitBatch(pictures, torch.from_numpy(digits.labels[:most].copy()))


def _part(digits: Handwriting, kept: np.ndarray) -> Handwriting:
    return Handwriting(digits.images[kept], digits.labels[kept])


class _Shuffled(Dataset[DigitBatch]):
    """Batches by (epoch, position): every picture once an epoch, but for an incomplete batch."""

    def __init__(self, digits: DigitBatch, batch_size: int, seed: int) -> None:
        self._digits, self._size, self._seed = digits, batch_size, seed

    def __len__(self) -> int:
        return len(self._digits.labels) // self._size

    def __getitem__(self, key: tuple[int, int]) -> DigitBatch:
        epoch, position = key
        order = np.random.default_rng([self._seed, epoch]).permutation(len(self._digits.labels))
        rows = torch.from_numpy(order[position * self._size : (position + 1) * self._size])
        return DigitBatch(self._digits.pictures[rows], self._digits.labels[rows])


class _Whole(Dataset[DigitBatch]):
    def __init__(self, digits: DigitBatch) -> None:
        self._digits = digits

    def __len__(self) -> int:
        return 1

    def __getitem__(self, at: int) -> DigitBatch:
        if at:
            raise IndexError(at)
        return self._digits
