"""LiT: a locked picture tower, and a text tower that learns to read it.

Zhai et al. 2022, "LiT: Zero-shot transfer with locked-image text tuning". A locked tower needs no
gradient, and the vector of a picture that is shown as it is never changes: each is encoded once and
read from then on, so that a step costs what the text tower costs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadConfig
from scrubjay.core.protocols import Batch, Preprocess, Progress, TrainableEncoder, silent
from scrubjay.core.types import Item, Media, Modality, Picture, Sound
from scrubjay.training.contrastive import ContrastiveModule
from scrubjay.training.data import HeldOutBatches, PairBatch, PairData, TrainBatches, ViewBatch
from scrubjay.training.freeze import lock_towers
from scrubjay.training.known import KnownVectors, Thing, encode_once
from scrubjay.training.losses import PairLoss
from scrubjay.training.order import EpochOrder, OneOrder
from scrubjay.training.views import Decoded

FOLDER = "known"
KNOWN, VECTORS = "known", "vectors"
"""Inputs of a locked picture tower: (n,) which rows are known, and (n, dim) what they are."""


class LockedModule(ContrastiveModule):
    """Trains what is left of an encoder when whole towers are locked.

    Unlike a frozen one, a locked tower keeps its vectors to the bit even where it shares weights
    with one that learns: those are locked, too.
    """

    def __init__(
        self,
        encoder: TrainableEncoder,
        loss: PairLoss,
        *,
        freeze: Sequence[str] = (Modality.IMAGE.value,),
        **settings: Any,  # noqa: ANN401 - ContrastiveModule's, which checks them
    ) -> None:
        """Take the towers of an encoder and lock some.

        Args:
            encoder: any TrainableEncoder.
            loss: over the pairs of modalities in a batch.
            freeze: modalities whose towers are locked.
            settings: of `ContrastiveModule`.

        Raises:
            UnknownName: a modality to lock that the encoder does not have.
            BadConfig: nothing would be left to train, or a rate that cannot be.
        """
        if isinstance(freeze, str):
            raise BadConfig(f"freeze is a list: write freeze=[{freeze}]")
        super().__init__(encoder, loss, **settings)
        self.locked = tuple(str(name) for name in freeze)
        self._frozen = lock_towers(encoder, self.towers, self.locked)

    def on_train_epoch_start(self) -> None:
        """Encoding pictures once may leave a network's own idea of its mode behind."""
        self.train()

    def locked_fingerprint(self, modality: Modality) -> str:
        """sha256 of what a locked tower holds that does not learn."""
        tower = self.towers[modality.value]
        still = [(name, one) for name, one in tower.named_parameters() if not one.requires_grad]
        digest = hashlib.sha256()
        for name, one in sorted([*still, *tower.named_buffers()], key=lambda pair: pair[0]):
            digest.update(f"{name} {one.dtype} {tuple(one.shape)}".encode())
            digest.update(one.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
        return digest.hexdigest()

    def vectors(self, modality: str, inputs: Mapping[str, Tensor]) -> Tensor:
        """(n, dim) float32 unit rows: known ones as they are, the others by the tower."""
        if KNOWN not in inputs:
            if modality in self.locked:
                with torch.no_grad():
                    return super().vectors(modality, inputs)
            return super().vectors(modality, inputs)
        rest = {name: one for name, one in inputs.items() if name not in (KNOWN, VECTORS)}
        rows = inputs[VECTORS]
        if rest:
            rows = rows.clone()
            with torch.no_grad():
                rows[~inputs[KNOWN]] = functional.normalize(
                    self.towers[modality](**rest).float(), dim=-1
                )
        return rows


class LockedPairs(PairData):
    """Pairs whose pictures come as vectors that are known, as far as there is room."""

    def __init__(
        self,
        items: Sequence[Item],
        read: Callable[[str], bytes],
        encoder: TrainableEncoder,
        *,
        run: str,
        augment: bool = False,
        vectors_mb: float = 4096,
        batch_size: int = 64,
        limits: MediaLimits = MediaLimits(),  # noqa: B008 - frozen
        progress: Progress = silent,
        **settings: Any,  # noqa: ANN401 - PairData's, which checks them
    ) -> None:
        """Group the items; nothing is read yet.

        Args:
            items: of all splits; as `PairData` takes them, and so is what is not named here.
            read: uri to bytes.
            encoder: whose picture tower is locked.
            run: the run's folder, which keeps the vectors.
            augment: vary pictures while training; the locked tower then sees each one every time.
            vectors_mb: of known vectors; pictures beyond are encoded every time they are shown.
            batch_size: examples in a batch, at most.
            limits: what one file may cost.
            progress: told of pictures encoded.

        Raises:
            BadConfig: a setting that cannot be.
            NotReady: the train split holds no pair, or a single content group.
        """
        super().__init__(items, read, encoder, batch_size=batch_size, limits=limits, **settings)
        if vectors_mb < 0:
            raise BadConfig(f"datamodule.vectors_mb must be 0 or more, not {vectors_mb}")
        self._folder, self._augment, self._vectors_mb = Path(run) / FOLDER, augment, vectors_mb
        self._limits, self._progress, self._bytes = limits, progress, read
        self._known: KnownVectors | None = None

    def train_dataloader(self) -> DataLoader[PairBatch]:
        """Batches of the epoch that is next."""
        if self._augment:
            return super().train_dataloader()
        encoder, decoded = self._shown_once()
        batches = TrainBatches(
            self._anchors, encoder, self._spec, decoded, self._batch_size, self._seed
        )
        order = EpochOrder(len(batches))
        order.set_epoch(self.next_epoch)
        return self._loader(batches, order)

    def val_dataloader(self) -> DataLoader[ViewBatch] | list[DataLoader[ViewBatch]]:
        """Every held-out view once; no loader when there is none."""
        if not self.held_out:
            return []
        encoder, decoded = self._shown_once()
        batches = HeldOutBatches(self.held_out, encoder, self._spec, decoded, self._batch_size)
        return self._loader(batches, OneOrder(len(batches)))

    def _shown_once(self) -> tuple[TrainableEncoder, Decoded]:
        """What makes batches, with pictures that are known in place of their pixels."""
        module = getattr(self.trainer, "lightning_module", None)
        if not isinstance(module, LockedModule) or Modality.IMAGE.value not in module.locked:
            raise BadConfig(
                "datamodule=lit keeps vectors of pictures, which only a locked tower has: choose "
                "model=lit and freeze=[image], or datamodule=pairs"
            )
        if self._known is None:
            self._known = self._encode(module)
        shown: Any = self._decoded if self._known is None else _Shown(self._known, self._decoded)
        inputs: Any = _Inputs(self._encoder, self._spec.dim)
        return inputs, shown

    def _encode(self, module: LockedModule) -> KnownVectors | None:
        pictures: list[Item] = []
        if not self._augment:
            pictures += [one for anchor in self._anchors for one in anchor.group.pictures]
        pictures += [
            view.item
            for view in self.held_out
            if view.item is not None and view.modality is Modality.IMAGE
        ]
        things = {one.sha256: Thing(Modality.IMAGE, one.sha256, one) for one in pictures}
        room = int(self._vectors_mb * 2**20 / (4 * self._spec.dim))
        chosen = list(things.values())[:room]
        if not chosen:
            return None
        once = Decoded(
            self._bytes, limits=self._limits, min_side=self._spec.image_size, max_bytes=0
        )
        return encode_once(
            self._folder / f"{Modality.IMAGE.value}.npy",
            self._encoder,
            Modality.IMAGE,
            chosen,
            once,
            fingerprint=module.locked_fingerprint(Modality.IMAGE),
            progress=self._progress,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """Items as media; a picture that is known as its (dim,) vector."""

    known: KnownVectors
    decoded: Decoded

    def picture(self, item: Item) -> Picture | NDArray[np.float32]:
        if item.sha256 in self.known:
            (row,) = self.known.rows([item.sha256])
            return np.asarray(row, np.float32)
        return self.decoded.picture(item)

    def sound(self, item: Item) -> Sound:
        return self.decoded.sound(item)


@dataclass(frozen=True, slots=True, eq=False)
class _Inputs:
    """Media to inputs; pictures as they are served, or their vectors."""

    encoder: TrainableEncoder
    dim: int

    def preprocess(self, modality: Modality, *, train: bool) -> Preprocess:
        if modality is Modality.IMAGE:
            return self._pictures
        return self.encoder.preprocess(modality, train=train)

    def _pictures(self, media: Sequence[Media]) -> Batch:
        rows = [np.asarray(one) for one in media]
        known = np.array([one.ndim == 1 for one in rows])
        vectors = np.zeros((len(rows), self.dim), np.float32)
        for at in np.flatnonzero(known):
            vectors[at] = rows[at]
        if known.all():
            return {KNOWN: known, VECTORS: vectors}
        plain = self.encoder.preprocess(Modality.IMAGE, train=False)
        pixels = plain([one for one, there in zip(media, known, strict=True) if not there])
        return {KNOWN: known, VECTORS: vectors, **pixels}
