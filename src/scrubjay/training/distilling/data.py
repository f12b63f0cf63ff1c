"""Every picture, caption and recording by itself, with what the teacher makes of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadConfig, BadMedia, NotReady
from scrubjay.core.protocols import Encoder, Progress, TrainableEncoder, silent
from scrubjay.core.types import EncoderSpec, Item, Media, Modality, Split
from scrubjay.training.data import HeldOutBatches, Inputs, ViewBatch
from scrubjay.training.epochs import EpochData
from scrubjay.training.known import KnownVectors, Thing, encode_once
from scrubjay.training.left_out import note_problems
from scrubjay.training.order import EpochOrder, OneOrder
from scrubjay.training.pairs import group_items
from scrubjay.training.views import Decoded, View, views_of

FOLDER = "teacher"
EVERY = 2**62


class ThingBatch(NamedTuple):
    """Things of each modality, and the teacher's vectors of them.

    Attributes:
        inputs: modality to its tower's named inputs.
        targets: modality to (n, dim) float32 unit rows.
        problems: (uri, reason) of what had to be left out.
    """

    inputs: dict[str, Inputs]
    targets: dict[str, Tensor]
    problems: list[tuple[str, str]]


class SingleThings(EpochData):
    """Everything of the train split by itself; held-out things to compare with the teacher.

    Attributes:
        held_out: the views of the val split.
        problems: uri to reason of items that could not be used.
    """

    def __init__(
        self,
        items: Sequence[Item],
        read: Callable[[str], bytes],
        encoder: TrainableEncoder,
        teacher: Encoder,
        *,
        run: str,
        batch_size: int = 128,
        augment: bool = True,
        workers: int = 0,
        seed: int = 0,
        cache_mb: int = 512,
        val_views: int = 5000,
        tolerate: float = 0.05,
        folder: str | None = None,
        limits: MediaLimits = MediaLimits(),  # noqa: B008 - frozen
        progress: Progress = silent,
    ) -> None:
        """List the things; nothing is read yet.

        Args:
            items: of all splits; captions need no picture, pictures no caption.
            read: uri to bytes.
            encoder: who learns; a tower of it without anything that learns is shown nothing.
            teacher: who teaches, in what both have towers for.
            run: the run's folder, which keeps the teacher's vectors (4 bytes a number).
            batch_size: things of the most frequent modality in a batch; the others in proportion.
            augment: vary what the student sees; the teacher saw it as it is.
            workers: processes that read and decode; 0 does it in this one.
            seed: of order and augmentation.
            cache_mb: decoded media kept in memory, all processes together.
            val_views: held-out things of a modality, at most.
            tolerate: share of the items that may turn out unreadable before training stops.
            folder: where the items came from, for messages.
            limits: what one file may cost.
            progress: told of things the teacher encodes.

        Raises:
            BadConfig: a setting that cannot be, or vectors of another length than the teacher's.
            NotReady: there is nothing to learn from.
        """
        super().__init__()
        if batch_size < 2 or workers < 0 or cache_mb < 0 or val_views < 1 or not 0 <= tolerate <= 1:
            raise BadConfig(
                "datamodule.batch_size is 2 or more, workers and cache_mb 0 or more, val_views 1 "
                "or more, tolerate in [0, 1]"
            )
        self._encoder, self._teacher, self._spec = encoder, teacher, encoder.spec
        if self._spec.dim != teacher.spec.dim:
            raise BadConfig(
                f"the teacher's vectors have {teacher.spec.dim} numbers, the student's "
                f"{self._spec.dim}: they share no space; choose a student with as many"
            )
        self._run, self._batch_size, self._augment = Path(run) / FOLDER, batch_size, augment
        self._workers, self._seed, self._tolerate = workers, seed, tolerate
        self._read, self._limits, self._progress = read, limits, progress
        self._items = len(items)
        both = self._spec.modalities & teacher.spec.modalities
        learning = frozenset(one for one in both if _learns(encoder, one))
        self._train = _things(items, Split.TRAIN, learning, EVERY)
        if not any(self._train.values()):
            where = f"folder {folder}" if folder else "this collection"
            raise NotReady(
                f"nothing to learn from in {where}: its train split shows none of "
                f"{', '.join(sorted(learning)) or 'what the student could learn'}; add pictures"
            )
        val = [item for item in items if item.split is Split.VAL]
        self.held_out: list[View] = views_of(group_items(val, both), limit=val_views)
        self._decoded = self._decoder(self._spec, cache_mb * 2**20 // max(1, workers))
        self._known: dict[Modality, KnownVectors] | None = None
        self.problems: dict[str, str] = {}

    def train_dataloader(self) -> DataLoader[ThingBatch]:
        """Batches of the epoch that is next."""
        batches = ThingBatches(
            {one: things for one, things in self._train.items() if things},
            self._taught(),
            self._encoder,
            self._decoded,
            self._batch_size,
            seed=self._seed,
            augment=self._augment,
            longest_s=self._longest_s,
        )
        order = EpochOrder(len(batches))
        order.set_epoch(self.next_epoch)
        return self._loader(batches, order)

    def val_dataloader(self) -> DataLoader[ViewBatch] | list[DataLoader[ViewBatch]]:
        """Every held-out thing once; no loader when there is none."""
        if not self.held_out:
            return []
        batches = HeldOutBatches(
            self.held_out, self._encoder, self._spec, self._decoded, self._batch_size
        )
        return self._loader(batches, OneOrder(len(batches)))

    def teachers(self, positions: Sequence[int]) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """What the teacher makes of held-out things of one modality.

        Returns:
            (n,) which it could read, and (n, dim) unit rows; zero where it could not.
        """
        things = [Thing.of(self.held_out[at]) for at in positions]
        known = self._taught()[things[0].modality]
        there = np.array([thing.key in known for thing in things])
        rows = np.zeros((len(things), self._teacher.spec.dim), np.float32)
        rows[there] = known.rows([thing.key for thing in things if thing.key in known])
        return there, rows

    def on_before_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:  # noqa: ANN401
        """Take note of what could not be used.

        Raises:
            TrainingFailed: it is more than `tolerate` of all items.
        """
        note_problems(batch.problems, self.problems, self._tolerate, self._items)
        return batch

    @property
    def _longest_s(self) -> float | None:
        """Of a sound that both hear whole."""
        windows = [self._spec.speech_window_s, self._teacher.spec.speech_window_s]
        return min((one for one in windows if one is not None), default=None)

    def _taught(self) -> dict[Modality, KnownVectors]:
        """The teacher's vectors of everything, encoded when they are first asked for."""
        if self._known is None:
            once = self._decoder(self._teacher.spec, 0)
            things = {one: list(found) for one, found in self._train.items()}
            for view in self.held_out:
                things.setdefault(view.modality, []).append(Thing.of(view))
            self._known = {
                modality: encode_once(
                    self._run / f"{modality.value}.npy",
                    self._teacher,
                    modality,
                    found,
                    once,
                    longest_s=self._longest_s,
                    progress=self._progress,
                )
                for modality, found in things.items()
                if found
            }
        return self._known

    def _decoder(self, spec: EncoderSpec, max_bytes: int) -> Decoded:
        return Decoded(
            self._read, limits=self._limits, min_side=spec.image_size, max_bytes=max_bytes
        )

    def _loader(self, dataset: Dataset[Any], order: Any) -> DataLoader[Any]:  # noqa: ANN401
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


class ThingBatches(Dataset[ThingBatch]):
    """One batch per (epoch, position): every thing once an epoch, modalities in proportion."""

    def __init__(
        self,
        things: Mapping[Modality, Sequence[Thing]],
        known: Mapping[Modality, KnownVectors],
        encoder: TrainableEncoder,
        decoded: Decoded,
        batch_size: int,
        *,
        seed: int,
        augment: bool,
        longest_s: float | None,
    ) -> None:
        """Take what batches are cut from."""
        self._things, self._known = things, known
        self._encoder, self._decoded, self._longest_s = encoder, decoded, longest_s
        self._seed, self._augment = seed, augment
        self._batches = math.ceil(max(len(one) for one in things.values()) / batch_size)

    def __len__(self) -> int:
        """Batches in an epoch."""
        return self._batches

    def __getitem__(self, key: tuple[int, int]) -> ThingBatch:
        """Decode and preprocess one batch; what cannot be read is left out."""
        epoch, position = key
        inputs: dict[str, Inputs] = {}
        targets: dict[str, Tensor] = {}
        problems: list[tuple[str, str]] = []
        with torch.random.fork_rng(devices=[]):
            # A family augments from torch's seed; set here, it is the same in every process.
            (state,) = np.random.SeedSequence([self._seed, epoch, position]).generate_state(1)
            torch.manual_seed(int(state))
            for place, (modality, things) in enumerate(self._things.items()):
                order = np.random.default_rng([self._seed, epoch, place]).permutation(len(things))
                mine = [things[int(at)] for at in np.array_split(order, self._batches)[position]]
                media, keys = self._media(modality, mine, problems)
                if media:
                    ready = self._encoder.preprocess(modality, train=self._augment)(media)
                    inputs[modality.value] = {
                        name: torch.from_numpy(np.require(one, requirements=("C", "W")))
                        for name, one in ready.items()
                    }
                    targets[modality.value] = torch.from_numpy(self._known[modality].rows(keys))
        return ThingBatch(inputs, targets, problems)

    def _media(
        self, modality: Modality, things: Sequence[Thing], problems: list[tuple[str, str]]
    ) -> tuple[list[Media], list[str]]:
        media: list[Media] = []
        keys: list[str] = []
        for thing in things:
            try:
                shown = thing.media(self._decoded, self._longest_s)
            except BadMedia as error:
                problems.append((error.path, error.reason))
                continue
            if thing.key in self._known[modality]:
                media.append(shown)
                keys.append(thing.key)
        return media, keys


def _learns(encoder: TrainableEncoder, modality: Modality) -> bool:
    return any(one.requires_grad for one in encoder.tower(modality).parameters())


def _things(
    items: Sequence[Item], split: Split, modalities: frozenset[Modality], limit: int
) -> dict[Modality, list[Thing]]:
    mine = [item for item in items if item.split is split]
    found: dict[Modality, dict[str, Thing]] = {one: {} for one in sorted(modalities)}
    for view in views_of(group_items(mine, modalities), limit=limit):
        thing = Thing.of(view)
        found[view.modality].setdefault(thing.key, thing)
    return {modality: list(things.values()) for modality, things in found.items()}
