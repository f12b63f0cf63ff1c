"""The two networks of a conditional GAN for small square pictures."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

HALVINGS: Final = 2
"""From a picture's side to the side of what the networks begin or end with."""
SLOPE: Final = 0.2
"""Of the discriminator's activations below zero."""


class Generator(nn.Module):
    """Noise and labels to pictures.

    Attributes:
        noise: numbers of noise a picture is made of.
    """

    def __init__(self, *, side: int, classes: int, noise: int = 32, channels: int = 32) -> None:
        """Build it.

        Args:
            side: of a picture in pixels, a multiple of 4.
            classes: labels there are.
            noise: numbers of noise.
            channels: of the last layers; the first has twice as many.
        """
        super().__init__()
        self.noise = noise
        self._begin = (2 * channels, side >> HALVINGS, side >> HALVINGS)
        self.label = nn.Embedding(classes, noise)
        self.spread = nn.Linear(2 * noise, 2 * channels * (side >> HALVINGS) ** 2)
        self.norms = nn.ModuleList(
            nn.BatchNorm2d(one) for one in (2 * channels, channels, channels)
        )
        self.convolutions = nn.ModuleList(
            (
                nn.Conv2d(2 * channels, channels, 3, padding=1),
                nn.Conv2d(channels, channels, 3, padding=1),
            )
        )
        self.paint = nn.Conv2d(channels, 1, 3, padding=1)

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """Pictures.

        Args:
            noise: (n, noise) standard normal: which of all pictures with its label it becomes.
            labels: (n,) int64: what is to be seen.

        Returns:
            (n, 1, side, side) in [-1, 1].
        """
        wanted = torch.cat([noise, self.label(labels)], dim=1)
        seen = self.spread(wanted).view(-1, *self._begin)
        seen = functional.relu(self.norms[0](seen))
        for convolution, norm in zip(self.convolutions, self.norms[1:], strict=True):
            seen = functional.interpolate(seen, scale_factor=2)
            seen = functional.relu(norm(convolution(seen)))
        return torch.tanh(self.paint(seen))


class Discriminator(nn.Module):
    """Says of a picture and a label how much it takes the one for a real picture of the other.

    Spectral norms keep it smooth (Miyato et al. 2018); the label enters by a projection (Miyato &
    Koyama 2018).
    """

    def __init__(self, *, side: int, classes: int, channels: int = 32, width: int = 128) -> None:
        """Build it.

        Args:
            side: of a picture in pixels, a multiple of 4.
            classes: labels there are.
            channels: of the first layers; the last has twice as many.
            width: numbers a picture is judged by.
        """
        super().__init__()
        self.layers = nn.ModuleList(
            (
                spectral_norm(nn.Conv2d(1, channels, 3, padding=1)),
                spectral_norm(nn.Conv2d(channels, channels, 4, stride=2, padding=1)),
                spectral_norm(nn.Conv2d(channels, 2 * channels, 4, stride=2, padding=1)),
                nn.Flatten(),
                spectral_norm(nn.Linear(2 * channels * (side >> HALVINGS) ** 2, width)),
            )
        )
        self.validity = spectral_norm(nn.Linear(width, 1))
        self.label = spectral_norm(nn.Embedding(classes, width))

    def forward(self, pictures: Tensor, labels: Tensor) -> Tensor:
        """(n,) validity of (n, 1, side, side) pictures with (n,) labels: above zero is real."""
        seen = pictures
        for layer in self.layers:
            seen = functional.leaky_relu(layer(seen), SLOPE)
        fits = (self.label(labels) * seen).sum(dim=1)
        validity: Tensor = self.validity(seen).squeeze(1) + fits
        return validity
