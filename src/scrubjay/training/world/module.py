"""Teaching the built-in encoder: what every token is, what every scene holds, and to agree."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from scrubjay.core.protocols import TrainableEncoder
from scrubjay.models.builtin.network import Network, TextFront
from scrubjay.training.losses import PairLoss
from scrubjay.training.schedule import scheduled
from scrubjay.training.stepping import OnePassModule, adamw
from scrubjay.training.world.bank import ConceptBank
from scrubjay.training.world.batches import WorldBatch
from scrubjay.training.world.facts import Facts
from scrubjay.training.world.network import network_of

AGREEING_FROM, AGREEING_FULLY = 0.05, 0.3
"""Share of the run after which the towers begin to be pulled together, and are so fully."""


class WorldModule(OnePassModule):
    """Trains the built-in encoder's network in place.

    Four lessons at once. Every token is classified against the concept bank: cells of a picture,
    words of a text, moments of a sound. Words learn what they name together. Every vector must tell
    the scene's facts. And vectors of one scene agree while those of its twins do not.
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
        ties: float = 0.4,
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
            ties: weight of what words name together, and of where its object is.

        Raises:
            BadConfig: it is not the built-in encoder.
        """
        super().__init__()
        self.network: Network = network_of(encoder)
        self.network.requires_grad_(True)
        self.bank = ConceptBank(self.network.settings.width, self.network.settings.dim)
        self.loss = loss
        self.loss.start_from(*encoder.logit_scale_init())
        self._lr, self._tables_lr = lr, tables_lr
        self._weight_decay, self._betas = weight_decay, (float(betas[0]), float(betas[1]))
        self._warmup, self._final_lr = warmup, final_lr
        self._facts, self._texts, self._ties = facts, texts, ties

    def on_fit_start(self) -> None:
        """Loaded encoders arrive in eval mode."""
        self.train()

    def training_step(self, batch: WorldBatch, batch_idx: int) -> Tensor:
        """All lessons of one batch."""
        scenes, pictured, bank = len(batch.lengths), batch.pictured, self.bank
        cells, vectors = self._image(batch)
        seen, saw = bank.seen(cells, batch.cells)
        words, written = self._text(batch)
        meant, understood = bank.meant("text", words, batch.meanings)
        heard, spoken = self._speech(batch)
        moments = heard.shape[1]
        listened, caught = bank.meant("speech", heard, batch.said[:, :moments])
        vectors = vectors[:pictured]
        facts = batch.facts
        told = Facts(*(one[:scenes] for one in facts))
        shown = Facts(*(one[:pictured] for one in facts))
        known = {
            "known_image": bank.known(vectors, shown),
            "known_text": bank.known(written, facts),
            "known_speech": bank.known(spoken, told),
        }
        (naming, placing), (named, placed) = batch.words_bound, batch.said_bound
        tied = {
            "text_bound": bank.bound("text", words, naming),
            "speech_bound": bank.bound("speech", heard, named[:, :moments]),
            "image_placed": bank.placed_at("image", cells, batch.cells_placed),
            "text_placed": bank.placed_at("text", words, placing),
            "speech_placed": bank.placed_at("speech", heard, placed[:, :moments]),
        }
        agree = self.loss(
            {"image": vectors, "speech": spoken, "text": written},
            {"image": shown.groups, "speech": told.groups, "text": facts.groups},
        )
        loss: Tensor = seen + listened + self._texts * meant + self._pull() * agree["loss"]
        loss = loss + self._facts * torch.stack(list(known.values())).sum()
        loss = loss + self._ties * torch.stack(list(tied.values())).sum()
        self._note(
            {
                "loss": loss,
                "seen": seen,
                "saw": saw,
                "understood": understood,
                "listened": listened,
                "caught": caught,
                **known,
                **tied,
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

    def _speech(self, batch: WorldBatch) -> tuple[Tensor, Tensor]:
        """Short and long sounds apart, so that little is computed on padding."""
        net = self.network
        stride = math.prod(net.settings.speech_strides)
        order = batch.lengths.argsort()
        cut = len(order) * 2 // 3
        vectors: list[Tensor] = []
        tokens: list[Tensor] = []
        for rows in (order[:cut], order[cut:]):
            frames = -(-int(batch.lengths[rows].max()) // stride) * stride
            front, valid = net.fronts["speech"](batch.mel[rows, :frames], batch.lengths[rows])
            mixed = net.mix("speech", front, valid)
            vectors.append(functional.normalize(net.pool("speech", mixed, valid).float(), dim=-1))
            tokens.append(mixed[:, 1:])
        longest = max(one.shape[1] for one in tokens)
        padded = [functional.pad(one, (0, 0, 0, longest - one.shape[1])) for one in tokens]
        back = order.argsort()
        return torch.cat(padded)[back], torch.cat(vectors)[back]

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
        tables = [cast("nn.Parameter", text.table.weight), self.bank.atoms, self.bank.coloured]
        chosen = {id(one) for one in tables}
        others: list[nn.Parameter] = [one for one in self.parameters() if id(one) not in chosen]
        optimizer = adamw(
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
            trainer=self.trainer,
        )
        total = int(self.trainer.estimated_stepping_batches)
        return scheduled(optimizer, total=total, warmup=self._warmup, final=self._final_lr)


def agree_named(losses: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The pairs' losses by name, without their mean."""
    return {name: value for name, value in losses.items() if name != "loss"}
