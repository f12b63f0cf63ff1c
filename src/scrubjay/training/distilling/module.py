"""Learning from a teacher: vectors like its, and neighbours like its.

Each vector is to be the teacher's: `1 - cos(student, teacher)`, which for unit vectors is half the
squared distance of CLIP-KD's feature mimicry (Yang et al. 2024). The same is asked from the mean of
the teacher's vectors: what all have in common tells nothing apart. And the student's similarities
to the teacher's vectors in the batch, a thing's own among them, are to be distributed as the
teacher's are, as in SEED (Fang et al. 2021) with the batch in place of its queue, in every pair of
modalities by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from scrubjay.core.errors import BadConfig, TrainingFailed
from scrubjay.core.protocols import TrainableEncoder
from scrubjay.evaluate.agreement import mean_cosine, shared_neighbours
from scrubjay.training.callbacks import failure
from scrubjay.training.contrastive import HeldOut, decay_groups, retrieval_figures
from scrubjay.training.data import ViewBatch
from scrubjay.training.distilling.data import ThingBatch
from scrubjay.training.distilling.loss import distillation, everyones_rows
from scrubjay.training.freeze import freeze_towers
from scrubjay.training.ranks import everyones
from scrubjay.training.schedule import scheduled
from scrubjay.training.stepping import OnePassModule, adamw


@runtime_checkable
class Teaches(Protocol):
    """A datamodule that knows what the teacher makes of held-out things."""

    def teachers(self, positions: Sequence[int]) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """(n,) which are known, and (n, dim) unit rows."""
        ...


class DistillModule(OnePassModule):
    """Trains an encoder's towers, in place, to agree with a teacher.

    Attributes:
        held_out: modality to the student's vectors of the newest validation.
    """

    def __init__(
        self,
        encoder: TrainableEncoder,
        *,
        features: float = 1.0,
        centred: float = 1.0,
        relations: float = 1.0,
        temperature: float = 0.05,
        freeze: Sequence[str] = (),
        lr: float = 1e-3,
        weight_decay: float = 0.05,
        betas: Sequence[float] = (0.9, 0.98),
        warmup: float = 0.05,
        final_lr: float = 0.01,
    ) -> None:
        """Take the towers of an encoder.

        Args:
            encoder: any TrainableEncoder; its vectors are as long as the teacher's.
            features: weight of each vector's own distance to the teacher's.
            centred: weight of the same from the mean of the teacher's.
            relations: weight of how similarities within a batch are distributed.
            temperature: of those distributions.
            freeze: modalities whose towers are left as they are.
            lr: peak learning rate.
            weight_decay: AdamW's, on parameters of two dimensions and more.
            betas: AdamW's.
            warmup: share of the run, or number of steps from 1 on, in which the rate rises.
            final_lr: the last rate as a share of the peak.

        Raises:
            UnknownName: a modality to freeze that the encoder does not have.
            BadConfig: nothing would be left to train, or a weight or rate that cannot be.
        """
        super().__init__()
        if isinstance(freeze, str):
            raise BadConfig(f"freeze is a list: write freeze=[{freeze}]")
        weights = {"features": features, "centred": centred, "relations": relations}
        if not (min(weights.values()) >= 0 and sum(weights.values()) > 0 and temperature > 0):
            raise BadConfig(
                "model.features, model.centred and model.relations are 0 or more and not all 0, "
                "model.temperature is above 0"
            )
        if not (lr > 0 and weight_decay >= 0 and 0 <= final_lr <= 1):
            raise BadConfig("model.lr must be above 0, weight_decay 0 or more, final_lr in [0, 1]")
        self.towers = nn.ModuleDict(
            {one.value: encoder.tower(one) for one in sorted(encoder.spec.modalities)}
        )
        self._frozen = freeze_towers(encoder, self.towers, freeze)
        self._weights, self._temperature = weights, temperature
        self._lr, self._betas = lr, (float(betas[0]), float(betas[1]))
        self._weight_decay, self._warmup, self._final_lr = weight_decay, warmup, final_lr
        self._dim = encoder.spec.dim
        self._views: list[tuple[str, Tensor, Tensor, Tensor]] = []
        self.held_out: dict[str, HeldOut] = {}

    def train(self, mode: bool = True) -> DistillModule:
        """Training mode for all but what is frozen."""
        super().train(mode)
        for module in self._frozen:
            module.training = False
        return self

    def on_fit_start(self) -> None:
        """Loaded encoders arrive in eval mode."""
        self.train()

    def vectors(self, modality: str, inputs: Mapping[str, Tensor]) -> Tensor:
        """(n, dim) float32 unit rows of one tower."""
        rows: Tensor = self.towers[modality](**inputs)
        return functional.normalize(rows.float(), dim=-1)

    def training_step(self, batch: ThingBatch, batch_idx: int) -> Tensor | None:
        """The loss of one batch; None when nothing in it could be read.

        Where several processes train, their batches are one, as for `ContrastiveModule`.
        """
        own = {name: self.vectors(name, inputs) for name, inputs in batch.inputs.items()}
        ours, theirs = everyones_rows(own, batch.targets, list(self.towers), self._dim)
        if not ours:
            return None
        losses = distillation(ours, theirs, **self._weights, temperature=self._temperature)
        size = max(len(one) for one in ours.values())
        for name, value in losses.items():
            self.log(f"train/{name}", value.detach(), on_step=True, on_epoch=True, batch_size=size)
        self.log("train/lr", self.trainer.optimizers[0].param_groups[0]["lr"], batch_size=size)
        return losses["loss"]

    def on_validation_epoch_start(self) -> None:
        """Forget the last validation's vectors."""
        self._views.clear()

    def validation_step(self, batch: ViewBatch, batch_idx: int) -> None:
        """Encode one batch of things."""
        if len(batch.positions):
            (modality,) = batch.modality
            rows = self.vectors(modality, batch.inputs)
            self._views.append((modality, rows.cpu(), batch.groups.cpu(), batch.positions.cpu()))

    def on_validation_epoch_end(self) -> None:
        """Log agreement with the teacher, and recall of both where there are pairs.

        Raises:
            TrainingFailed: the last step led to weights whose vectors are not finite.
        """
        self.held_out = _by_modality(everyones(self._views))
        if not all(np.isfinite(found.vectors).all() for found in self.held_out.values()):
            raise TrainingFailed(failure(self.trainer, "vectors are not finite"))
        data: Any = getattr(self.trainer, "datamodule", None)
        if not isinstance(data, Teaches):
            raise BadConfig(
                "model=distill compares with a teacher: choose a datamodule that has one"
            )
        for name, value in _figures(self.held_out, data).items():
            self.log(f"val/{name}", value, batch_size=1)

    def configure_optimizers(self) -> Any:  # noqa: ANN401 - Lightning's own union
        """AdamW (Loshchilov & Hutter 2019) with warm-up and a cosine, a step at a time."""
        groups = decay_groups(self.parameters(), self._weight_decay)
        optimizer = adamw(groups, lr=self._lr, betas=self._betas, trainer=self.trainer)
        total = int(self.trainer.estimated_stepping_batches)
        return scheduled(optimizer, total=total, warmup=self._warmup, final=self._final_lr)


def _by_modality(views: Sequence[tuple[str, Tensor, Tensor, Tensor]]) -> dict[str, HeldOut]:
    found: dict[str, HeldOut] = {}
    for modality in dict.fromkeys(name for name, *_ in views):
        mine = [one[1:] for one in views if one[0] == modality]
        rows, groups, places = (torch.cat(part).numpy() for part in zip(*mine, strict=True))
        # Several processes may have looked at the same view, so that all look at as many.
        _, once = np.unique(places, return_index=True)
        found[modality] = HeldOut(rows[once], groups[once], places[once])
    return found


def _figures(held_out: Mapping[str, HeldOut], data: Teaches) -> dict[str, float]:
    """`agreement` and `neighbours` in all and by modality, `recall` and `teacher_recall`."""
    figures: dict[str, float] = {}
    taught: dict[str, HeldOut] = {}
    for modality, found in held_out.items():
        there, theirs = data.teachers(found.positions.tolist())
        if there.any():
            figures[f"{modality}/agreement"] = mean_cosine(found.vectors[there], theirs[there])
            shared = shared_neighbours(found.vectors[there], theirs[there])
            if shared is not None:
                figures[f"{modality}/neighbours"] = shared
            taught[modality] = HeldOut(theirs[there], found.groups[there], found.positions[there])
    for name in ("agreement", "neighbours"):
        each = [value for key, value in figures.items() if key.endswith(f"/{name}")]
        figures |= {name: float(np.mean(each))} if each else {}
    figures |= retrieval_figures(held_out)
    if theirs_recall := retrieval_figures(taught):
        figures["teacher_recall"] = theirs_recall["recall"]
    return figures
