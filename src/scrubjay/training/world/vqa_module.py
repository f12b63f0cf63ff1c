"""Teaching the question model to see, to know its world, and to answer."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from scrubjay.core.errors import BadConfig
from scrubjay.core.protocols import TrainableEncoder
from scrubjay.core.types import Modality
from scrubjay.media.world.questions import Kind
from scrubjay.models.builtin.network import ImageTower, Network
from scrubjay.models.builtin.settings import NetworkSettings
from scrubjay.models.builtin_vqa.network import Answerer, Eye, Sizes
from scrubjay.training.schedule import scheduled
from scrubjay.training.stepping import OnePassModule, adamw
from scrubjay.training.world.vqa_batches import INSIDE, NEITHER, VqaBatch
from scrubjay.training.world.vqa_lexicon import lexicon

MIDDLE = 3.0
"""How much more the cell an object's middle is in counts, of those it covers."""
THERE = 12.0
"""Weight of objectness: few cells have an object's middle, and a mean over all is small."""


class VqaModule(OnePassModule):
    """Trains eye and answerer together."""

    def __init__(
        self,
        *,
        start: TrainableEncoder | None = None,
        lr: float = 2e-3,
        eye_lr: float = 0.3,
        weight_decay: float = 0.05,
        betas: tuple[float, float] = (0.9, 0.98),
        warmup: float = 0.03,
        final_lr: float = 0.01,
        seeing: float = 1.0,
        answering: float = 1.0,
        knowing: float = 0.5,
        **sizes: int,
    ) -> None:
        """Build the networks.

        Args:
            start: a built-in encoder whose image tower the eye begins as; None begins at random.
            lr: peak learning rate.
            eye_lr: of the eye's body, as a share of `lr`.
            weight_decay: AdamW's, on matrices.
            betas: AdamW's.
            warmup: share of the run, or number of steps from 1 on.
            final_lr: the last rate as a share of the peak.
            seeing: weight of what cells show.
            answering: weight of answers.
            knowing: weight of telling this world from others.
            sizes: see `Sizes`.

        Raises:
            BadConfig: `start` is another encoder.
        """
        super().__init__()
        body = body_of(start)
        words = lexicon()
        self.lexicon = words
        self.eye = Eye(body, words)
        self.answerer = Answerer(self.eye.layout, self.eye.across, words, Sizes(**sizes))
        self._lr, self._eye_lr, self._weight_decay = lr, eye_lr, weight_decay
        self._betas = (float(betas[0]), float(betas[1]))
        self._warmup, self._final_lr = warmup, final_lr
        self._seeing, self._answering, self._knowing = seeing, answering, knowing

    def on_fit_start(self) -> None:
        """Loaded encoders arrive in eval mode."""
        self.train()

    def training_step(self, batch: VqaBatch, batch_idx: int) -> Tensor:
        """All lessons of one batch."""
        seen = self.eye.look(batch.pixel_values)
        figures = self._looked(seen, batch)
        logits = self._answered(seen, batch)
        answered = functional.cross_entropy(logits, batch.answers, label_smoothing=0.02)
        loss: Tensor = (
            self._seeing * (figures["kinds"] + figures["colours"] + figures["box"])
            + self._seeing * figures["object"]
            + self._knowing * figures["familiar"]
            + self._answering * answered
        )
        figures |= {"loss": loss, "answers": answered, **self._right(logits, batch)}
        self._note("train", figures, len(batch.answers))
        self._note_kinds("train", logits, batch)
        return loss

    def validation_step(self, batch: VqaBatch, batch_idx: int) -> None:
        """Held-out scenes, asked in ways that were not taught."""
        seen = self.eye.look(batch.pixel_values)
        logits = self._answered(seen, batch)
        looked = self._looked(seen, batch)
        figures = {**self._right(logits, batch), **looked}
        self._note("val", figures, len(batch.answers))
        self._note_kinds("val", logits, batch)

    def _answered(self, seen: dict[str, Tensor], batch: VqaBatch) -> Tensor:
        told = self.eye.told(seen)
        layout = self.eye.layout
        # What the detector says is an input like any other: answers do not bend it.
        told = torch.cat(
            [told[..., layout.features], told[..., layout.features.stop :].detach()], dim=-1
        )
        out: Tensor = self.answerer(told[batch.asked], batch.words, batch.slots)
        return out[:, : len(lexicon().answers) + 1].float()

    def _looked(self, seen: Mapping[str, Tensor], batch: VqaBatch) -> dict[str, Tensor]:
        weight = 1 + (MIDDLE - 1) * batch.object
        shown = batch.kinds >= 0
        kinds = functional.cross_entropy(
            seen["kinds"][shown].float(), batch.kinds[shown], reduction="none"
        )
        coloured = batch.colours >= 0
        colours = functional.cross_entropy(
            seen["colours"][coloured].float(), batch.colours[coloured], reduction="none"
        )
        middle = batch.object > 0
        logits = seen["object"].float()
        there = functional.binary_cross_entropy_with_logits(logits, batch.object)
        box = functional.smooth_l1_loss(seen["box"][middle].float(), batch.box[middle], beta=0.1)
        known = batch.familiar != NEITHER
        familiar = functional.binary_cross_entropy_with_logits(
            seen["familiar"][known].float(), batch.familiar[known].float()
        )
        told = (seen["familiar"][known] > 0) == (batch.familiar[known] == INSIDE)
        found = seen["kinds"][middle].argmax(dim=-1) == batch.kinds[middle]
        return {
            "kinds": _mean(kinds, weight[shown]),
            "colours": _mean(colours, weight[coloured]),
            "object": THERE * there,
            "box": box,
            "familiar": familiar,
            "familiar_right": told.float().mean(),
            "kinds_right": found.float().mean(),
            "objects_right": ((logits > 0) == middle).all(dim=1).float().mean(),
        }

    def _right(self, logits: Tensor, batch: VqaBatch) -> dict[str, Tensor]:
        return {"answers_right": (logits.argmax(dim=1) == batch.answers).float().mean()}

    def _note(self, where: str, figures: Mapping[str, Tensor], size: int) -> None:
        for name, value in figures.items():
            self.log(
                f"{where}/{name}", value.detach(), on_step=False, on_epoch=True, batch_size=size
            )

    def _note_kinds(self, where: str, logits: Tensor, batch: VqaBatch) -> None:
        right = (logits.argmax(dim=1) == batch.answers).float()
        for place, kind in enumerate(Kind):
            some = right[batch.about == place]
            if len(some):
                self._note(where, {f"right_{kind.value}": some.mean()}, len(some))

    def configure_optimizers(self) -> Any:  # noqa: ANN401 - Lightning's own union
        """AdamW with warm-up and a cosine; the eye's body, which may know something, is slower."""
        body = {id(one) for one in self.eye.network.parameters()}
        groups = [
            {
                "params": [
                    one
                    for one in self.parameters()
                    if (id(one) in body) == slow and (one.ndim >= 2) == decays
                ],
                "weight_decay": self._weight_decay if decays else 0.0,
                "lr": self._lr * (self._eye_lr if slow else 1.0),
            }
            for slow in (False, True)
            for decays in (False, True)
        ]
        optimizer = adamw(groups, lr=self._lr, betas=self._betas, trainer=self.trainer)
        total = int(self.trainer.estimated_stepping_batches)
        return scheduled(optimizer, total=total, warmup=self._warmup, final=self._final_lr)


def body_of(start: TrainableEncoder | None) -> Network:
    """A network that only looks: at random, or as another's image tower is.

    Raises:
        BadConfig: `start` is no built-in encoder.
    """
    if start is None:
        return _looking(NetworkSettings())
    tower = start.tower(Modality.IMAGE)
    if not isinstance(tower, ImageTower):
        raise BadConfig("model.start is the built-in encoder, or null to start from nothing")
    settings = tower.network.settings
    body = _looking(settings)
    wanted = body.state_dict()
    body.load_state_dict(
        {name: value for name, value in tower.network.state_dict().items() if name in wanted}
    )
    return body


def _looking(settings: NetworkSettings) -> Network:
    body = Network(dataclasses.replace(settings, modalities=("image",)))
    body.heads = nn.ModuleDict()
    return body


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    return (values * weights).sum() / weights.sum().clamp(min=1e-6)
