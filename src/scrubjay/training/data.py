"""Items in, batches of pairs out: what training and validation read.

Batches depend on the seed, the epoch and the batch's position only: not on how many processes
load them, nor on where a killed run began again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadConfig, BadMedia, NotReady
from scrubjay.core.protocols import TrainableEncoder
from scrubjay.core.types import EncoderSpec, Item, Kind, Media, Modality, Split
from scrubjay.training.epochs import EpochData
from scrubjay.training.left_out import note_problems
from scrubjay.training.order import EpochOrder, OneOrder
from scrubjay.training.pairs import Anchor, Draw, anchors_of, draw, epoch_batches, group_items
from scrubjay.training.views import Decoded, View, views_of, window

Inputs = dict[str, Tensor]


class PairBatch(NamedTuple):
    """Training examples; a modality holds only the examples that have it.

    Attributes:
        inputs: modality to its tower's named inputs.
        groups: modality to (n,) int64 content groups.
        problems: (uri, reason) of what had to be left out.
    """

    inputs: dict[str, Inputs]
    groups: dict[str, Tensor]
    problems: list[tuple[str, str]]


class ViewBatch(NamedTuple):
    """Held-out views of one modality.

    Attributes:
        modality: a list of one name: plain strings are not told from fields when batches move.
        positions: (n,) int64 places in `PairData.held_out`.
    """

    modality: list[str]
    inputs: Inputs
    groups: Tensor
    positions: Tensor
    problems: list[tuple[str, str]]


Batch = TypeVar("Batch", PairBatch, ViewBatch)


class PairData(EpochData):
    """Pairs of the train split, views of the val split.

    Attributes:
        held_out: the views of the val split; empty when it holds no pair.
        problems: uri to reason of items that could not be used.
    """

    def __init__(
        self,
        items: Sequence[Item],
        read: Callable[[str], bytes],
        encoder: TrainableEncoder,
        *,
        batch_size: int = 64,
        workers: int = 0,
        seed: int = 0,
        cache_mb: int = 512,
        val_views: int = 5000,
        tolerate: float = 0.05,
        folder: str | None = None,
        limits: MediaLimits = MediaLimits(),  # noqa: B008 - frozen
    ) -> None:
        """Group the items; nothing is read yet.

        Args:
            items: of all splits; their split and content group decide what they are used for.
            read: uri to bytes.
            encoder: says which modalities count and how they become inputs.
            batch_size: examples in a batch, at most.
            workers: processes that read and decode; 0 does it in this one.
            seed: of order, partners and augmentation.
            cache_mb: decoded media kept in memory, all processes together.
            val_views: held-out views of a modality, at most.
            tolerate: share of the items that may turn out unreadable before training stops.
            folder: where the items came from, for messages.
            limits: what one file may cost.

        Raises:
            BadConfig: a setting that cannot be.
            NotReady: the train split holds no pair, or a single content group.
        """
        super().__init__()
        _check(batch_size >= 2, f"datamodule.batch_size must be 2 or more, not {batch_size}")
        _check(workers >= 0, f"datamodule.workers must be 0 or more, not {workers}")
        _check(cache_mb >= 0, f"datamodule.cache_mb must be 0 or more, not {cache_mb}")
        _check(val_views >= 1, f"datamodule.val_views must be 1 or more, not {val_views}")
        _check(0 <= tolerate <= 1, f"datamodule.tolerate must be in [0, 1], not {tolerate}")
        self._workers, self._seed, self._tolerate = workers, seed, tolerate
        self._encoder, self._batch_size = encoder, batch_size
        spec = encoder.spec  # once: a family may hash its weights for the fingerprint in it
        self._spec = spec
        self._decoded = Decoded(
            read,
            limits=limits,
            min_side=spec.image_size,
            max_bytes=cache_mb * 2**20 // max(1, workers),
        )
        self._items = len(items)
        self._anchors = _train_anchors(items, spec, folder)
        self.held_out = _held_out(items, spec, val_views)
        self.problems: dict[str, str] = {}

    def train_dataloader(self) -> DataLoader[PairBatch]:
        """Batches of the epoch that is next."""
        batches = self._train_batches()
        order = EpochOrder(len(batches))
        order.set_epoch(self.next_epoch)
        return self._loader(batches, order)

    def _train_batches(self) -> TrainBatches:
        """What an epoch is made of; a subclass may compose its batches otherwise."""
        return TrainBatches(
            self._anchors, self._encoder, self._spec, self._decoded, self._batch_size, self._seed
        )

    def val_dataloader(self) -> DataLoader[ViewBatch] | list[DataLoader[ViewBatch]]:
        """Every held-out view once; no loader when there is none."""
        if not self.held_out:
            return []
        batches = HeldOutBatches(
            self.held_out, self._encoder, self._spec, self._decoded, self._batch_size
        )
        return self._loader(batches, OneOrder(len(batches)))

    def _loader(self, dataset: Dataset[Batch], order: Sampler[Any]) -> DataLoader[Batch]:
        return DataLoader(
            dataset,
            batch_size=None,
            sampler=order,
            num_workers=self._workers,
            persistent_workers=self._workers > 0,
            # A forked copy of a process with Lance's and OpenVINO's threads may hang or crash.
            multiprocessing_context="spawn" if self._workers else None,
            pin_memory=torch.cuda.is_available(),
            generator=torch.Generator().manual_seed(self._seed),
        )

    def on_before_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Take note of what could not be used.

        Raises:
            TrainingFailed: it is more than `tolerate` of all items.
        """
        note_problems(batch.problems, self.problems, self._tolerate, self._items)
        return batch

    def shown(self, position: int) -> Media:
        """The media behind a held-out view.

        Raises:
            BadMedia: its file is gone or cannot be decoded.
        """
        return _media_of(self.held_out[position], self._decoded, self._spec.speech_window_s)


class TrainBatches(Dataset[PairBatch]):
    """One batch per (epoch, position); any process can make any of them."""

    def __init__(
        self,
        anchors: Sequence[Anchor],
        encoder: TrainableEncoder,
        spec: EncoderSpec,
        decoded: Decoded,
        batch_size: int,
        seed: int,
    ) -> None:
        """Take what batches are drawn from."""
        self._anchors, self._encoder, self._decoded = anchors, encoder, decoded
        self._modalities = sorted(spec.modalities)
        self._longest_s = spec.speech_window_s
        self._batch_size, self._seed = batch_size, seed
        self._epoch = -1
        self._plan: list[np.ndarray[tuple[int], np.dtype[np.int64]]] = []

    def __len__(self) -> int:
        """Batches in an epoch."""
        return math.ceil(len(self._anchors) / self._batch_size)

    def __getitem__(self, key: tuple[int, int]) -> PairBatch:
        """Draw, decode and preprocess one batch."""
        epoch, position = key
        if epoch != self._epoch:
            self._plan, self._epoch = self._planned(epoch), epoch
        random = np.random.default_rng([self._seed, epoch, position])
        draws = [draw(self._anchors[int(at)], random) for at in self._plan[position]]
        problems: list[tuple[str, str]] = []
        inputs: dict[str, Inputs] = {}
        groups: dict[str, Tensor] = {}
        with torch.random.fork_rng(devices=[]):
            # A family augments from torch's seed; set here, it is the same in every process.
            torch.manual_seed(int(random.integers(2**63)))
            for modality in self._modalities:
                media, numbers = self._media(modality, draws, random, problems)
                if media:
                    ready = self._encoder.preprocess(modality, train=True)(media)
                    inputs[modality.value] = _tensors(ready)
                    groups[modality.value] = torch.tensor(numbers)
        return PairBatch(inputs, groups, problems)

    def _planned(self, epoch: int) -> list[np.ndarray[tuple[int], np.dtype[np.int64]]]:
        """Positions of the anchors of each batch of an epoch."""
        size = len(self._anchors), self._batch_size
        return epoch_batches(*size, seed=self._seed, epoch=epoch)

    def _media(
        self,
        modality: Modality,
        draws: Sequence[Draw],
        random: np.random.Generator,
        problems: list[tuple[str, str]],
    ) -> tuple[list[Media], list[int]]:
        media: list[Media] = []
        numbers: list[int] = []
        longest = self._longest_s
        for one in draws:
            try:
                if modality is Modality.IMAGE and one.picture:
                    media.append(self._decoded.picture(one.picture))
                elif modality is Modality.SPEECH and one.recording:
                    media.append(window(self._decoded.sound(one.recording), longest, random))
                elif modality is Modality.TEXT and one.caption:
                    media.append(one.caption)
                else:
                    continue
                numbers.append(one.group)
            except BadMedia as error:
                problems.append((error.path, error.reason))
        return media, numbers


class HeldOutBatches(Dataset[ViewBatch]):
    """The held-out views in order, a batch never mixing modalities."""

    def __init__(
        self,
        views: Sequence[View],
        encoder: TrainableEncoder,
        spec: EncoderSpec,
        decoded: Decoded,
        batch_size: int,
    ) -> None:
        """Cut the views into batches."""
        self._views, self._encoder, self._decoded = views, encoder, decoded
        self._longest_s = spec.speech_window_s
        self._batches: list[list[int]] = []
        for modality in dict.fromkeys(view.modality for view in views):
            places = [at for at, view in enumerate(views) if view.modality is modality]
            for start in range(0, len(places), batch_size):
                self._batches.append(places[start : start + batch_size])

    def __len__(self) -> int:
        """Batches in all."""
        return len(self._batches)

    def __getitem__(self, position: int) -> ViewBatch:
        """Decode and preprocess one batch; what cannot be decoded is left out."""
        modality = self._views[self._batches[position][0]].modality
        media: list[Media] = []
        kept: list[int] = []
        problems: list[tuple[str, str]] = []
        for at in self._batches[position]:
            try:
                media.append(_media_of(self._views[at], self._decoded, self._longest_s))
                kept.append(at)
            except BadMedia as error:
                problems.append((error.path, error.reason))
        ready = self._encoder.preprocess(modality, train=False)(media) if media else {}
        numbers = torch.tensor([self._views[at].group for at in kept], dtype=torch.int64)
        positions = torch.tensor(kept, dtype=torch.int64)
        return ViewBatch([modality.value], _tensors(ready), numbers, positions, problems)


def _media_of(view: View, decoded: Decoded, longest_s: float | None) -> Media:
    if view.item is None:
        return view.text
    if view.modality is Modality.IMAGE:
        return decoded.picture(view.item)
    return window(decoded.sound(view.item), longest_s, None)


def _check(holds: bool, message: str) -> None:
    if not holds:
        raise BadConfig(message)


def _tensors(batch: Mapping[str, np.ndarray]) -> Inputs:
    return {
        name: torch.from_numpy(np.require(array, requirements=("C", "W")))
        for name, array in batch.items()
    }


def _train_anchors(items: Sequence[Item], spec: EncoderSpec, folder: str | None) -> list[Anchor]:
    train = [item for item in items if item.split is Split.TRAIN]
    anchors = anchors_of(group_items(train, spec.modalities))
    if len({anchor.group.number for anchor in anchors}) > 1:
        return anchors
    where = f"folder {folder}" if folder else "this collection"
    kinds = Counter(item.kind for item in train)
    captions = sum(len(item.captions) for item in train)
    towers = ", ".join(sorted(modality.value for modality in spec.modalities))
    have = (
        f"its train split has {kinds[Kind.IMAGE]} pictures, {kinds[Kind.SPEECH]} recordings and "
        f"{captions} captions (of {len(items)} items in all), the encoder has towers for {towers}"
    )
    if anchors:
        raise NotReady(
            f"too little to train on in {where}: only one thing is seen in two ways, and learning "
            f"needs two to tell apart; {have}. Add more pairs"
        )
    raise NotReady(
        f"no pairs to train on in {where}: {have}, and nothing is seen in two of these ways. Give "
        f"pictures descriptions (descriptions.json, or a caption column in a manifest) or "
        f"recordings that name them, then add the folder again"
    )


def _held_out(items: Sequence[Item], spec: EncoderSpec, limit: int) -> list[View]:
    val = [item for item in items if item.split is Split.VAL]
    groups = group_items(val, spec.modalities)
    if not any(len(group.modalities()) > 1 for group in groups):
        return []
    return views_of(groups, limit=limit)
