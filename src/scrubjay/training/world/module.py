"""Teaching the built-in encoder: what every token is, what every scene holds, and to agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.nn import functional

from scrubjay.core.protocols import TrainableEncoder
from scrubjay.core.types import Modality
from scrubjay.models.builtin.network import ImageTower, Network, TextFront
from scrubjay.training.losses import PairLoss
from scrubjay.training.schedule import cosine_with_warmup, warmup_steps
from scrubjay.training.world.bank import ConceptBank
from scrubjay.training.world.batches import WorldBatch
from scrubjay.training.world.facts import Facts

AGREEING_FROM, AGREEING_FULLY = 0.05, 0.3
"""Share of the run after which the towers begin to be pulled together, and are so fully."""


class WorldModule(LightningModule):
    """Trains the built-in encoder's network in place.

    Three lessons at once. Every token is classified against the concept bank: cells of a picture,
    words of a text, moments of a sound. Every vector must tell the scene's facts. And vectors of
    one scene agree while those of its twins do not.
    """

    def __init__(
        self,
        encoder: TrainableEncoder,
        loss: PairLoss,
        *,
        lr: float = 1.5e-3,
        weight_decay: float = 0.05,
        betas: tuple[float, float] = (0.9, 0.98),
        warmup: float = 0.02,
        final_lr: float = 0.01,
        tables_lr: float = 6.0,
        facts: float = 0.5,
        texts: float = 0.3,
    ) -> None:
        """Take the network.

        Args:
            encoder: the built-in one.
            loss: over pairs of modalities.
            lr: peak learning rate.
            weight_decay: AdamW's, on matrices.
            betas: AdamW's.
            warmup: share of the run, or number of steps from 1 on.
            final_lr: the last rate as a share of the peak.
            tables_lr: rate of hashed words and of the bank, in multiples of `lr`.
            facts: weight of the scenes' facts.
            texts: weight of the words' meanings.
        """
        super().__init__()
        tower = cast("ImageTower", encoder.tower(Modality.IMAGE))
        self.network: Network = tower.network
        self.network.requires_grad_(True)
        self.bank = ConceptBank(self.network.settings.width, self.network.settings.dim)
        self.loss = loss
        self.loss.start_from(*encoder.logit_scale_init())
        self._lr, self._tables_lr = lr, tables_lr
        self._weight_decay, self._betas = weight_decay, (float(betas[0]), float(betas[1]))
        self._warmup, self._final_lr = warmup, final_lr
        self._facts, self._texts = facts, texts

    def on_fit_start(self) -> None:
        """Loaded encoders arrive in eval mode."""
        self.train()

    def training_step(self, batch: WorldBatch, batch_idx: int) -> Tensor:
        """All lessons of one batch."""
        scenes = len(batch.lengths)
        tokens, vectors = self._image(batch)
        seen, saw = self.bank.seen(tokens, batch.cells)
        words, written = self._text(batch)
        meant, understood = self.bank.meant("text", words, batch.meanings)
        heard, spoken, said = self._speech(batch)
        listened, caught = self.bank.meant("speech", heard, said)
        facts = batch.facts
        first = Facts(*(one[:scenes] for one in facts))
        known = {
            "image": self.bank.known(vectors[:scenes], first),
            "text": self.bank.known(written, facts),
            "speech": self.bank.known(spoken, first),
        }
        groups = {"image": first.groups, "speech": first.groups, "text": facts.groups}
        agree = self.loss({"image": vectors[:scenes], "speech": spoken, "text": written}, groups)
        pull = self._pull()
        loss: Tensor = seen + listened + self._texts * meant + pull * agree["loss"]
        loss = loss + self._facts * torch.stack(list(known.values())).sum()
        self._note(
            {
                "loss": loss,
                "seen": seen,
                "saw": saw,
                "understood": understood,
                "listened": listened,
                "caught": caught,
                **{f"known_{name}": one for name, one in known.items()},
                **agree_named(agree),
            },
            scenes,
        )
        return loss

    def _image(self, batch: WorldBatch) -> tuple[Tensor, Tensor]:
        net = self.network
        mixed = net.mix("image", net.fronts["image"](batch.pixel_values), None)
        return mixed[:, 1:], functional.normalize(net.pool("image", mixed, None).float(), dim=-1)

    def _text(self, batch: WorldBatch) -> tuple[Tensor, Tensor]:
        net = self.network
        valid = batch.features[:, :, 0] > 0
        mixed = net.mix("text", net.fronts["text"](batch.features), valid)
        return mixed[:, 1:], functional.normalize(net.pool("text", mixed, valid).float(), dim=-1)

    def _speech(self, batch: WorldBatch) -> tuple[Tensor, Tensor, Tensor]:
        """Short and long sounds apart, so that little is computed on padding.

        Returns:
            Tokens and what is said in them, both as (1, tokens of all, ...), vectors between.
        """
        net = self.network
        order = batch.lengths.argsort()
        cut = len(order) * 2 // 3
        vectors: list[Tensor] = []
        tokens: list[Tensor] = []
        said: list[Tensor] = []
        for rows in (order[:cut], order[cut:]):
            frames = -(-int(batch.lengths[rows].max()) // 4) * 4
            mel = batch.mel[rows, :frames]
            front, valid = net.fronts["speech"](mel, batch.lengths[rows])
            mixed = net.mix("speech", front, valid)
            vectors.append(functional.normalize(net.pool("speech", mixed, valid).float(), dim=-1))
            tokens.append(mixed[:, 1:].flatten(0, 1))
            said.append(batch.said[rows, : front.shape[1]].flatten())
        back = order.argsort()
        return torch.cat(tokens)[None], torch.cat(vectors)[back], torch.cat(said)[None]

    def _pull(self) -> float:
        total = max(1, int(self.trainer.estimated_stepping_batches))
        share = self.global_step / total
        return min(1.0, max(0.0, (share - AGREEING_FROM) / (AGREEING_FULLY - AGREEING_FROM)))

    def _note(self, figures: Mapping[str, Tensor], size: int) -> None:
        for name, value in figures.items():
            self.log(f"train/{name}", value.detach(), on_step=False, on_epoch=True, batch_size=size)
        self.log("train/scale", self.loss.scale().detach(), batch_size=size)

    def configure_optimizers(self) -> Any:  # noqa: ANN401 - Lightning's own union
        """AdamW with warm-up and a cosine; tables learn faster and do not decay."""
        text = cast("TextFront", self.network.fronts["text"])
        tables = [cast("nn.Parameter", text.table.weight), self.bank.atoms]
        chosen = {id(one) for one in tables}
        others: list[nn.Parameter] = [one for one in self.parameters() if id(one) not in chosen]
        optimizer = torch.optim.AdamW(
            [
                {
                    "params": [one for one in others if one.ndim >= 2],
                    "weight_decay": self._weight_decay,
                },
                {"params": [one for one in others if one.ndim < 2], "weight_decay": 0.0},
                {"params": tables, "weight_decay": 0.0, "lr": self._lr * self._tables_lr},
            ],
            lr=self._lr,
            betas=self._betas,
        )
        total = int(self.trainer.estimated_stepping_batches)
        warmup = warmup_steps(self._warmup, total)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer,
            lambda step: cosine_with_warmup(step, total=total, warmup=warmup, final=self._final_lr),
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }


def agree_named(losses: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The pairs' losses by name, without their mean."""
    return {name: value for name, value in losses.items() if name != "loss"}
