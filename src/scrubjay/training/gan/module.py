"""A conditional GAN (Goodfellow et al. 2014; Mirza & Osindero 2014), each network in its turn."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.nn import functional

from scrubjay.core.errors import BadConfig
from scrubjay.training.gan.data import DigitBatch, DigitData
from scrubjay.training.gan.networks import Generator

NEIGHBOURS: Final = 3
"""Real digits that a generated one is read by."""
MOST_NEIGHBOURS: Final = 5_000
"""Real digits they are looked for among."""


class ConditionalGan(LightningModule):
    """Teaches a generator by a discriminator that learns to tell its pictures from real ones.

    Attributes:
        generator: what learns.
        discriminator: what it learns from.
        shown: the generator whose weights are a running mean of `generator`'s (Yazici et al. 2019):
            it wavers less, and is what is kept.
        names: what each label is called.
    """

    def __init__(
        self,
        *,
        datamodule: DigitData,
        generator: Callable[..., Generator],
        discriminator: Callable[..., nn.Module],
        lr: float = 1e-3,
        discriminator_lr: float = 2.0,
        betas: tuple[float, float] = (0.0, 0.99),
        average: float = 0.99,
    ) -> None:
        """Build the networks.

        Args:
            datamodule: says how large pictures are, and what they are read by.
            generator: makes one of `side` and `classes`.
            discriminator: likewise.
            lr: the generator's learning rate.
            discriminator_lr: the discriminator's, as a multiple of it (Heusel et al. 2017).
            betas: Adam's.
            average: share of the running mean that stays at each step.

        Raises:
            BadConfig: a rate or share that cannot be.
        """
        super().__init__()
        if lr <= 0 or discriminator_lr <= 0 or not 0 <= average < 1:
            raise BadConfig(
                "model.lr and model.discriminator_lr must be above 0, model.average from 0 to "
                "below 1"
            )
        self.automatic_optimization = False
        self.names = datamodule.names
        sizes = {"side": datamodule.side, "classes": len(datamodule.names)}
        self.generator = generator(**sizes)
        self.discriminator = discriminator(**sizes)
        self.shown = copy.deepcopy(self.generator).requires_grad_(False).eval()
        self._known = DigitBatch(*(one[:MOST_NEIGHBOURS] for one in datamodule.train))
        self._rates = (lr, lr * discriminator_lr)
        self._betas = (float(betas[0]), float(betas[1]))
        self._average = average

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """One for each network."""
        networks = (self.generator, self.discriminator)
        return [
            torch.optim.Adam(network.parameters(), lr=rate, betas=self._betas)
            for network, rate in zip(networks, self._rates, strict=True)
        ]

    def training_step(self, batch: DigitBatch, batch_idx: int) -> None:
        """The discriminator learns from real and generated pictures, then the generator from it.

        Losses are hinges (Lim & Ye 2017): nobody learns from what is told apart well enough.
        """
        teach_generator, teach_discriminator = self._optimizers()
        labels = torch.randint(0, len(self.names), batch.labels.shape, device=self.device)
        made = self.generator(self._noise(len(labels)), labels)

        real = self.discriminator(batch.pictures, batch.labels)
        fake = self.discriminator(made.detach(), labels)
        told_apart = functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()
        self._learn(teach_discriminator, told_apart)

        taken_for_real = -self.discriminator(made, labels).mean()
        self._learn(teach_generator, taken_for_real)
        self._follow()
        figures = {
            "generator_loss": taken_for_real,
            "discriminator_loss": told_apart,
            "real_validity": real.mean(),
            "generated_validity": fake.mean(),
        }
        self.log_dict(
            {f"train/{name}": one.detach() for name, one in figures.items()},
            on_step=True,
            on_epoch=True,
            batch_size=len(labels),
        )

    def validation_step(self, batch: DigitBatch, batch_idx: int) -> None:
        """What comes of it, on digits that nobody learned from."""
        self._measure("val", batch)

    def test_step(self, batch: DigitBatch, batch_idx: int) -> None:
        """What comes of it, on the digits that were held out."""
        self._measure("test", batch)

    @torch.no_grad()
    def generate(self, labels: Tensor, *, seed: int = 0) -> Tensor:
        """(n, 1, side, side) pictures in [-1, 1] of (n,) labels, by the running mean."""
        self.shown.eval()
        noise = torch.randn(
            len(labels), self.shown.noise, generator=torch.Generator().manual_seed(seed)
        )
        made: Tensor = self.shown(noise.to(self.device), labels.to(self.device))
        return made

    @torch.no_grad()
    def _measure(self, part: str, batch: DigitBatch) -> None:
        made = self.generate(batch.labels)
        real = self.discriminator(batch.pictures, batch.labels)
        fake = self.discriminator(made, batch.labels)
        read = self._read(made)
        spread = made.std(dim=0).mean() / batch.pictures.std(dim=0).mean().clamp_min(1e-6)
        figures = {
            "readable": (read == batch.labels).float().mean(),
            "real_told": (real > 0).float().mean(),
            "generated_told": (fake <= 0).float().mean(),
            "spread": spread,
        }
        named = {f"{part}/{name}": one for name, one in figures.items()}
        self.log_dict(named, batch_size=len(batch.labels))

    def _read(self, pictures: Tensor) -> Tensor:
        """(n,) labels that most of the nearest real digits have."""
        known = self._known.pictures.to(self.device).flatten(1)
        distances = torch.cdist(pictures.flatten(1), known)
        nearest = distances.topk(min(NEIGHBOURS, len(known)), largest=False).indices
        votes = self._known.labels.to(self.device)[nearest]
        read: Tensor = torch.mode(votes, dim=1).values
        return read

    def _noise(self, n: int) -> Tensor:
        return torch.randn(n, self.generator.noise, device=self.device)

    def _optimizers(self) -> tuple[Any, Any]:
        both: Any = self.optimizers()
        generator, discriminator = both
        return generator, discriminator

    def _learn(self, optimizer: Any, loss: Tensor) -> None:  # noqa: ANN401 - Lightning's wrapper
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()

    @torch.no_grad()
    def _follow(self) -> None:
        """Bring the running mean along; at the beginning it follows closely."""
        stays = min(self._average, 1 - 1 / (1 + self.global_step / 2))
        for mean, one in zip(self.shown.parameters(), self.generator.parameters(), strict=True):
            mean.lerp_(one, 1 - stays)
        for kept, now in zip(self.shown.buffers(), self.generator.buffers(), strict=True):
            kept.copy_(now)
