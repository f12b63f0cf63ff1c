"""Learning from a teacher: vectors like its, and neighbours like its.

Each vector is to be the teacher's: `1 - cos(student, teacher)`, which for unit vectors is half the
squared distance of CLIP-KD's feature mimicry (Yang et al. 2024). Beside it, the student's
similarities to what else is in the batch are to be distributed as the teacher's are, as in SEED
(Fang et al. 2021) with the batch in place of its queue, in every pair of modalities by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from lightning.pytorch import LightningModule
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from scrubjay.core.errors import BadConfig, TrainingFailed
from scrubjay.core.protocols import TrainableEncoder
from scrubjay.evaluate.agreement import mean_cosine, shared_neighbours
from scrubjay.training.callbacks import failure
from scrubjay.training.contrastive import HeldOut, decay_groups, retrieval_figures
from scrubjay.training.data import ViewBatch
from scrubjay.training.distilling.data import ThingBatch
from scrubjay.training.freeze import freeze_towers
from scrubjay.training.ranks import everyones, gathered
from scrubjay.training.schedule import scheduled
from scrubjay.training.stepping import adamw, clip_gradients


@runtime_checkable
class Teaches(Protocol):
    """A datamodule that knows what the teacher makes of held-out things."""

    def teachers(self, positions: Sequence[int]) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """(n,) which are known, and (n, dim) unit rows."""
        ...


class DistillModule(LightningModule):
    """Trains an encoder's towers, in place, to agree with a teacher.

    Attributes:
        held_out: modality to the student's vectors of the newest validation.
    """

    def __init__(
        self,
        encoder: TrainableEncoder,
        *,
        features: float = 1.0,
        relations: float = 0.3,
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
        if not (features >= 0 and relations >= 0 and features + relations > 0 and temperature > 0):
            raise BadConfig(
                "model.features and model.relations are 0 or more and not both 0, "
                "model.temperature is above 0"
            )
        if not (lr > 0 and weight_decay >= 0 and 0 <= final_lr <= 1):
            raise BadConfig("model.lr must be above 0, weight_decay 0 or more, final_lr in [0, 1]")
        self.towers = nn.ModuleDict(
            {one.value: encoder.tower(one) for one in sorted(encoder.spec.modalities)}
        )
        self._frozen = freeze_towers(encoder, self.towers, freeze)
        self._features, self._relations, self._temperature = features, relations, temperature
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
        losses = distillation(
            ours,
            theirs,
            features=self._features,
            relations=self._relations,
            temperature=self._temperature,
        )
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

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip as the Trainer was told to, in any precision."""
        clip_gradients(self.trainer, optimizer, gradient_clip_val, gradient_clip_algorithm)


def everyones_rows(
    student: Mapping[str, Tensor],
    teacher: Mapping[str, Tensor],
    modalities: Sequence[str],
    dim: int,
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The rows of all processes, the student's and the teacher's, as `gathered` has them.

    Args:
        student: modality to (n, dim) rows; n and the modalities present may differ by process.
        teacher: the same modalities to (n, dim) rows of the same things.
        modalities: all there may be, alike in every process.
        dim: of a row.
    """
    both = {name: torch.cat([one, teacher[name].to(one)], dim=1) for name, one in student.items()}
    nobody = {name: one.new_zeros(len(one), dtype=torch.int64) for name, one in both.items()}
    rows, _ = gathered(both, nobody, modalities, 2 * dim)
    return (
        {name: one[:, :dim] for name, one in rows.items()},
        {name: one[:, dim:] for name, one in rows.items()},
    )


def distillation(
    student: Mapping[str, Tensor],
    teacher: Mapping[str, Tensor],
    *,
    features: float,
    relations: float,
    temperature: float,
) -> dict[str, Tensor]:
    """How far a student is from its teacher, in float32.

    Args:
        student: modality to (n, dim) unit rows.
        teacher: the same modalities to (n, dim) unit rows of the same things.
        features: weight of the mean of `1 - cos(student, teacher)`.
        relations: weight of the mean divergence of similarity distributions.
        temperature: of those.

    Returns:
        `features`, `relations` (absent where no row has another to be like) and their weighted sum
        as `loss`.
    """
    device = next(iter(student.values())).device.type
    with torch.autocast(device, enabled=False):
        ours = {name: rows.float() for name, rows in student.items()}
        theirs = {name: teacher[name].float() for name in ours}
        apart = [1 - (ours[name] * theirs[name]).sum(dim=1) for name in ours]
        found = {"features": torch.cat(apart).mean()}
        total = features * found["features"]
        unlike = [
            _divergence(ours[a], theirs[a], theirs[b], temperature, itself=a == b)
            for a in ours
            for b in ours
            if len(ours[b]) > 1 + (a == b)
        ]
        if unlike:
            found["relations"] = torch.stack(unlike).mean()
            total = total + relations * found["relations"]
    return {**found, "loss": total}


def _divergence(
    ours: Tensor, theirs: Tensor, keys: Tensor, temperature: float, *, itself: bool
) -> Tensor:
    """Mean KL(teacher || student) of similarities to the teacher's keys, but for a row's own."""
    asked, wanted = ours @ keys.T / temperature, theirs @ keys.T / temperature
    if itself:
        own = torch.eye(len(keys), dtype=torch.bool, device=keys.device)
        lowest = torch.finfo(asked.dtype).min
        asked, wanted = asked.masked_fill(own, lowest), wanted.masked_fill(own, lowest)
    return functional.kl_div(
        asked.log_softmax(dim=1), wanted.log_softmax(dim=1), log_target=True, reduction="batchmean"
    )


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
