"""Training towers to agree: the contrastive LightningModule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from scrubjay.core.errors import BadConfig, TrainingFailed
from scrubjay.core.protocols import TrainableEncoder
from scrubjay.evaluate.retrieval import recall_at_k
from scrubjay.training.callbacks import failure
from scrubjay.training.data import PairBatch, ViewBatch
from scrubjay.training.freeze import freeze_towers
from scrubjay.training.losses import PairLoss
from scrubjay.training.ranks import everyones, gathered
from scrubjay.training.schedule import scheduled
from scrubjay.training.stepping import OnePassModule, adamw

RECALL_AT = (1, 5, 10)


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """The held-out views of one modality as vectors.

    Attributes:
        vectors: (n, dim) float32 unit rows.
        groups: (n,) content groups.
        positions: (n,) places in the datamodule's list of views.
    """

    vectors: NDArray[np.float32]
    groups: NDArray[np.int64]
    positions: NDArray[np.int64]


class ContrastiveModule(OnePassModule):
    """Trains an encoder's towers, in place, on the pairs of each batch.

    Freezing a modality freezes what only its tower uses: parameters it shares with a tower that
    still learns go on learning. What is frozen gets no gradient and stays in eval mode, so that
    its weights and running statistics keep every bit.

    Attributes:
        held_out: modality to vectors of the newest validation.
    """

    def __init__(
        self,
        encoder: TrainableEncoder,
        loss: PairLoss,
        *,
        freeze: Sequence[str] = (),
        lr: float = 1e-3,
        weight_decay: float = 0.05,
        betas: Sequence[float] = (0.9, 0.98),
        warmup: float = 0.1,
        final_lr: float = 0.01,
        loss_rows: int = 64,
    ) -> None:
        """Take the towers of an encoder and freeze some.

        Args:
            encoder: any TrainableEncoder.
            loss: over the pairs of modalities in a batch.
            freeze: modalities whose towers are left as they are.
            lr: peak learning rate.
            weight_decay: AdamW's, on parameters of two dimensions and more.
            betas: AdamW's.
            warmup: share of the run, or number of steps from 1 on, in which the rate rises.
            final_lr: the last rate as a share of the peak.
            loss_rows: things told apart at once when the held-out loss is measured.

        Raises:
            UnknownName: a modality to freeze that the encoder does not have.
            BadConfig: nothing would be left to train, or a rate that cannot be.
        """
        super().__init__()
        if isinstance(freeze, str):
            raise BadConfig(f"freeze is a list: write freeze=[{freeze}]")
        if not (lr > 0 and weight_decay >= 0 and 0 <= final_lr <= 1):
            raise BadConfig("model.lr must be above 0, weight_decay 0 or more, final_lr in [0, 1]")
        self.loss = loss
        self.loss.start_from(*encoder.logit_scale_init())
        self.towers = nn.ModuleDict(
            {
                modality.value: encoder.tower(modality)
                for modality in sorted(encoder.spec.modalities)
            }
        )
        self._frozen = freeze_towers(encoder, self.towers, freeze)
        self._lr, self._betas = lr, (float(betas[0]), float(betas[1]))
        self._weight_decay, self._warmup, self._final_lr = weight_decay, warmup, final_lr
        self._loss_rows = loss_rows
        self._dim = encoder.spec.dim
        self._views: list[tuple[str, Tensor, Tensor, Tensor]] = []
        self.held_out: dict[str, HeldOut] = {}

    def train(self, mode: bool = True) -> ContrastiveModule:
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

    def training_step(self, batch: PairBatch, batch_idx: int) -> Tensor | None:
        """The loss of one batch; None when it holds nothing to learn from.

        Where several processes train, their batches are one: what each of them holds is a negative
        of what the others do.
        """
        own = {
            modality: self.vectors(modality, inputs) for modality, inputs in batch.inputs.items()
        }
        vectors, groups = gathered(own, batch.groups, list(self.towers), self._dim)
        losses = self.loss(vectors, groups)
        if not losses:
            return None
        size = max(len(one) for one in groups.values())
        for name, value in losses.items():
            self.log(f"train/{name}", value.detach(), on_step=True, on_epoch=True, batch_size=size)
        self.log("train/scale", self.loss.scale().detach(), on_step=True, batch_size=size)
        self.log("train/lr", self.trainer.optimizers[0].param_groups[0]["lr"], batch_size=size)
        loss: Tensor = losses["loss"]
        return loss

    def on_train_epoch_end(self) -> None:
        """See that something was learned from.

        Raises:
            TrainingFailed: no batch since the fit began held a pair that counts.
        """
        if "train/loss" not in self.trainer.callback_metrics:
            raise TrainingFailed(
                f"nothing was learned: no batch held a pair of views that loss.weights counts, of "
                f"the towers {', '.join(self.towers)}. Add what is missing (recordings that go "
                f"with pictures or captions, say), or change loss.weights"
            )

    def on_validation_epoch_start(self) -> None:
        """Forget the last validation's vectors."""
        self._views.clear()

    def validation_step(self, batch: ViewBatch, batch_idx: int) -> None:
        """Encode one batch of views."""
        if len(batch.positions):
            (modality,) = batch.modality
            vectors = self.vectors(modality, batch.inputs)
            self._views.append((modality, vectors.cpu(), batch.groups.cpu(), batch.positions.cpu()))

    def on_validation_epoch_end(self) -> None:
        """Log the held-out loss, and R@k from every modality to every other.

        Raises:
            TrainingFailed: the last step led to weights whose vectors are not finite.
        """
        self.held_out = _gather(everyones(self._views))
        if not all(np.isfinite(found.vectors).all() for found in self.held_out.values()):
            raise TrainingFailed(failure(self.trainer, "vectors are not finite"))
        figures = {**self._held_out_loss(), **retrieval_figures(self.held_out)}
        for name, value in figures.items():
            self.log(f"val/{name}", value, batch_size=1)

    def _held_out_loss(self) -> dict[str, float]:
        """The loss over one view of everything, `loss_rows` groups at a time."""
        first = {modality: _first_views(found) for modality, found in self.held_out.items()}
        numbers = sorted({number for rows in first.values() for number in rows})
        totals: list[float] = []
        for start in range(0, len(numbers), self._loss_rows):
            chunk = numbers[start : start + self._loss_rows]
            vectors, groups = {}, {}
            for modality, rows in first.items():
                here = [number for number in chunk if number in rows]
                taken = self.held_out[modality].vectors[[rows[number] for number in here]]
                vectors[modality] = torch.from_numpy(taken).to(self.device)
                groups[modality] = torch.tensor(here, device=self.device)
            losses = self.loss(vectors, groups)
            if losses:
                totals.append(float(losses["loss"]))
        return {"loss": float(np.mean(totals))} if totals else {}

    def configure_optimizers(self) -> Any:  # noqa: ANN401 - Lightning's own union
        """AdamW (Loshchilov & Hutter 2019) with warm-up and a cosine, a step at a time."""
        groups = decay_groups(self.parameters(), self._weight_decay)
        optimizer = adamw(groups, lr=self._lr, betas=self._betas, trainer=self.trainer)
        total = int(self.trainer.estimated_stepping_batches)
        return scheduled(optimizer, total=total, warmup=self._warmup, final=self._final_lr)


def decay_groups(parameters: Iterable[nn.Parameter], weight_decay: float) -> list[dict[str, Any]]:
    """Parameter groups: no decay on vectors and scalars (biases, norms, the temperature)."""
    learning = [parameter for parameter in parameters if parameter.requires_grad]
    return [
        {"params": [one for one in learning if one.ndim >= 2], "weight_decay": weight_decay},
        {"params": [one for one in learning if one.ndim < 2], "weight_decay": 0.0},
    ]


def retrieval_figures(held_out: Mapping[str, HeldOut]) -> dict[str, float]:
    """R@1/5/10 for every direction that has a right answer, and their mean as `recall`."""
    figures: dict[str, float] = {}
    for query, gallery in permutations(sorted(held_out), 2):
        asked, searched = held_out[query], held_out[gallery]
        if not np.isin(asked.groups, searched.groups).any():
            continue
        recall = recall_at_k(
            asked.vectors, searched.vectors, asked.groups, searched.groups, RECALL_AT
        )
        figures.update({f"{query}_to_{gallery}/R@{k}": value for k, value in recall.items()})
    return {"recall": float(np.mean(list(figures.values()))), **figures} if figures else {}


def _gather(views: Sequence[tuple[str, Tensor, Tensor, Tensor]]) -> dict[str, HeldOut]:
    found: dict[str, HeldOut] = {}
    for modality in dict.fromkeys(name for name, *_ in views):
        mine = [one[1:] for one in views if one[0] == modality]
        places = torch.cat([positions for _, _, positions in mine]).numpy()
        # Several processes may have looked at the same view, so that all look at as many.
        _, once = np.unique(places, return_index=True)
        found[modality] = HeldOut(
            vectors=torch.cat([vectors for vectors, _, _ in mine]).numpy()[once],
            groups=torch.cat([groups for _, groups, _ in mine]).numpy()[once],
            positions=places[once],
        )
    return found


def _first_views(found: HeldOut) -> dict[int, int]:
    """Group to the row of its first view."""
    rows: dict[int, int] = {}
    for row, number in enumerate(found.groups.tolist()):
        rows.setdefault(number, row)
    return rows
