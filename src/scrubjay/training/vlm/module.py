"""LoRA on a model that looks: answers are learned, all else stays as it is."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor

from scrubjay.core.errors import BadConfig
from scrubjay.models.pretrained.adapter import adapted
from scrubjay.models.pretrained.quantise import weight_bytes
from scrubjay.training.schedule import scheduled
from scrubjay.training.vlm.base import Base
from scrubjay.training.vlm.data import AnswerBatch

FINGERPRINT = "vlm_fingerprint"
"""Of the base, in a checkpoint: an adapter goes on with its own base only."""


class VlmLora(LightningModule):
    """An adapter that learns to answer, and the model it adapts.

    Its state is the adapter's alone: checkpoints hold a few megabytes, packed weights never.

    Attributes:
        vlm: the base, in which the adapter's layers are.
        model: the same as peft has it.
    """

    def __init__(
        self,
        vlm: Base,
        *,
        rank: int = 16,
        alpha: float = 32.0,
        dropout: float = 0.05,
        targets: Sequence[str] | None = None,
        checkpointing: bool = False,
        lr: float = 2e-4,
        weight_decay: float = 0.0,
        betas: Sequence[float] = (0.9, 0.999),
        warmup: float = 0.03,
        final_lr: float = 0.0,
    ) -> None:
        """Add an adapter to a model.

        Args:
            vlm: the model; in fewer bits, this is QLoRA.
            rank: of the adapter's matrices.
            alpha: the adapter counts alpha / rank.
            dropout: chance of an adapter's input to be dropped while learning.
            targets: layers to adapt, as `models/pretrained/adapter.py`; None: attention and MLP of
                the language model.
            checkpointing: compute activations again instead of keeping them: less memory, more
                time.
            lr: peak learning rate.
            weight_decay: of AdamW.
            betas: of AdamW.
            warmup: share of the run below 1, or a number of steps.
            final_lr: last rate as a share of the peak.

        Raises:
            BadConfig: a number out of its range, or a model without layers to adapt.
            UnknownName: a target no layer has.
        """
        super().__init__()
        if lr <= 0 or weight_decay < 0:
            raise BadConfig(f"model.lr must be above 0, not {lr}, and weight_decay 0 or more")
        self.vlm = vlm
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.model = adapted(
                vlm.opened.model,
                rank=rank,
                alpha=alpha,
                dropout=dropout,
                wanted=targets,
                source=vlm.source,
                writer=vlm.way.writer(vlm.opened.model),
            )
        if checkpointing:
            self._recompute()
        self._lr, self._weight_decay = lr, weight_decay
        self._betas = (float(betas[0]), float(betas[1]))
        self._warmup, self._final_lr = warmup, final_lr
        self._sums = [0.0, 0.0]

    @property
    def learned(self) -> int:
        """Numbers that are learned."""
        return sum(one.numel() for one in self.parameters() if one.requires_grad)

    @property
    def weight_bytes(self) -> int:
        """Bytes the weights take, the adapter's included."""
        return weight_bytes(self.model)

    def losses(self, batch: AnswerBatch) -> tuple[Tensor, Tensor]:
        """Of each row what its right answer costs, and how many tokens that is of.

        Returns:
            (n,) float32 and (n,) int64.
        """
        dtype = self.vlm.opened.model.dtype
        inputs = {
            name: value.to(dtype) if value.is_floating_point() else value
            for name, value in batch.inputs.items()
        }
        logits = self.model(**inputs, use_cache=False).logits
        return self.vlm.way.losses(logits, batch.labels)

    def training_step(self, batch: AnswerBatch, batch_idx: int) -> Tensor:
        """The mean negative log-likelihood of the answers' tokens.

        Of several processes each divides by what all of them have on average: the mean of their
        gradients, which is what Lightning takes, is then that of their rows in one batch.
        """
        sums, tokens = self.losses(batch)
        everyones: Any = self.all_gather(tokens.sum())
        loss: Tensor = sums.sum() / everyones.float().mean()
        self.log("train/loss", loss.detach(), on_step=True, on_epoch=True, batch_size=len(tokens))
        return loss

    def validation_step(self, batch: AnswerBatch, batch_idx: int) -> None:
        """Add up what the held-out answers' tokens cost."""
        sums, tokens = self.losses(batch)
        self._sums[0] += float(sums.sum())
        self._sums[1] += float(tokens.sum())

    def on_validation_epoch_end(self) -> None:
        """Log the mean over all held-out tokens, of all processes."""
        sums: Any = self.all_gather(torch.tensor(self._sums, dtype=torch.float64))
        total, tokens = sums.reshape(-1, 2).sum(dim=0).tolist()
        self._sums = [0.0, 0.0]
        loss = total / tokens if tokens else math.nan
        self.log("val/loss", loss)
        self.log("val/perplexity", math.exp(min(loss, 700.0)))

    def configure_optimizers(self) -> Any:  # noqa: ANN401 - Lightning's signature
        """AdamW over the adapter, warm-up and half a cosine."""
        learning = [one for one in self.parameters() if one.requires_grad]
        optimizer = torch.optim.AdamW(
            learning, lr=self._lr, betas=self._betas, weight_decay=self._weight_decay
        )
        total = int(self.trainer.estimated_stepping_batches)
        return scheduled(optimizer, total=total, warmup=self._warmup, final=self._final_lr)

    def on_train_start(self) -> None:
        """Learn: a model is opened to be asked."""
        self.model.train()

    def state_dict(  # type: ignore[override]
        self,
        *args: Any,  # noqa: ANN401 - torch's signature
        **kwargs: Any,  # noqa: ANN401
    ) -> dict[str, Any]:
        """The adapter's weights."""
        names = {name for name, one in self.named_parameters() if one.requires_grad}
        whole: dict[str, Any] = super().state_dict(*args, **kwargs)
        return {name: value for name, value in whole.items() if name in names}

    def load_state_dict(
        self,
        state_dict: Mapping[str, Any],
        strict: bool = True,
        assign: bool = False,
    ) -> Any:  # noqa: ANN401 - torch's signature
        """Take over an adapter's weights.

        Raises:
            RuntimeError: they are of another adapter, as torch says it.
        """
        own = self.state_dict()
        if strict and own.keys() != state_dict.keys():
            odd = sorted(own.keys() ^ state_dict.keys())
            raise RuntimeError(f"Error(s) in loading state_dict: {len(odd)} names, {odd[0]}")
        return super().load_state_dict(state_dict, strict=False, assign=assign)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Note the base."""
        checkpoint[FINGERPRINT] = self.vlm.opened.fingerprint

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Compare the base.

        Raises:
            BadConfig: it is another than the run began with.
        """
        if checkpoint.get(FINGERPRINT) != self.vlm.opened.fingerprint:
            raise BadConfig(
                f"{self.vlm.source} is not the model this run began with (its files have changed); "
                f"put it back, or start a new run"
            )

    def _recompute(self) -> None:
        inner = self.vlm.opened.model
        if not getattr(inner, "supports_gradient_checkpointing", False):
            raise BadConfig(
                f"{self.vlm.opened.kind} models cannot compute activations again; leave "
                f"model.checkpointing=false and lower datamodule.batch_size"
            )
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
            inner.gradient_checkpointing_enable(
                gradient_checkpointing_kwargs={"use_reentrant": False}
            )
