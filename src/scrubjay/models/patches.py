"""A vision transformer's first layer as one matrix product over bytes.

Its convolution looks at every patch once, so it is a product of patches and weights, which a
processor does at twice the rate of a strided convolution. The normalisation before it is linear
and goes into the same weights: `w (x / 255 - mean) / std = (w / (255 std)) x - w mean / std`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from scrubjay.models.image_input import ImageInput

ALIKE = 0.99999
"""Cosine with the module as it was, below which its first layer is not what it was taken for."""


class BytePatches(nn.Module):
    """Stands where the convolution was, and takes pixels from 0 to 255."""

    def __init__(self, convolution: nn.Conv2d, wanted: ImageInput) -> None:
        super().__init__()
        self.side = int(convolution.kernel_size[0])
        weight = convolution.weight.detach()
        mean, std = (
            torch.tensor(one, device=weight.device).view(1, 3, 1, 1)
            for one in (wanted.mean, wanted.std)
        )
        bias = -(weight * (mean / std)).sum(dim=(1, 2, 3))
        if convolution.bias is not None:
            bias = bias + convolution.bias.detach()
        by_row = (weight / (255 * std)).permute(0, 2, 3, 1)
        self.weight = nn.Parameter(by_row.flatten(1), requires_grad=False)
        self.bias = nn.Parameter(bias, requires_grad=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """(n, 3, h, w) pixels to (n, width, h / side, w / side)."""
        side = self.side
        n, _, height, width = pixels.shape
        rows, columns = height // side, width // side
        patches = pixels.permute(0, 2, 3, 1).reshape(n, rows, side, columns, side * 3)
        patches = patches.permute(0, 1, 3, 2, 4).reshape(n, rows * columns, side * side * 3)
        made = nn.functional.linear(patches.to(self.weight.dtype), self.weight, self.bias)
        return made.transpose(1, 2).reshape(n, -1, rows, columns)


class ByteTower(nn.Module):
    """An image tower that takes (n, h, w, 3) uint8, and has BytePatches for its first layer."""

    def __init__(self, tower: nn.Module) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Vectors, not yet of unit length."""
        made: Tensor = self.tower(pixel_values=pixel_values.permute(0, 3, 1, 2))
        return made


@contextmanager
def taking_bytes(tower: nn.Module, wanted: ImageInput) -> Iterator[nn.Module | None]:
    """The tower with bytes for pixels, as long as the context lasts.

    Args:
        tower: `tower(pixel_values=...)` takes what `wanted` makes; in eval mode meanwhile.
        wanted: its input.

    Yields:
        a module that takes (n, size, size, 3) uint8; None when the tower does not begin with one
        convolution over separate patches.
    """
    found = [
        (parent, name, child)
        for parent in tower.modules()
        for name, child in parent.named_children()
        if isinstance(child, nn.Conv2d) and _sees_patches(child)
    ]
    if len(found) != 1:
        yield None
        return
    parent, name, convolution = found[0]
    random = torch.Generator().manual_seed(0)
    pixels = torch.randint(
        0, 256, (2, wanted.size, wanted.size, 3), dtype=torch.uint8, generator=random
    )
    normalised = torch.from_numpy(wanted.normalise(pixels.numpy()))
    device = convolution.weight.device
    was_training = tower.training
    tower.eval()
    with torch.no_grad():
        expected = tower(pixel_values=normalised.to(device))
    setattr(parent, name, BytePatches(convolution, wanted))
    try:
        whole = ByteTower(tower).eval()
        with torch.no_grad():
            cosines = nn.functional.cosine_similarity(whole(pixels.to(device)), expected)
        yield whole if float(cosines.min()) >= ALIKE else None
    finally:
        setattr(parent, name, convolution)
        tower.train(was_training)


def _sees_patches(convolution: nn.Conv2d) -> bool:
    return (
        convolution.in_channels == 3
        and convolution.groups == 1
        and convolution.kernel_size == convolution.stride
        and convolution.kernel_size[0] == convolution.kernel_size[1]
        and convolution.padding in {(0, 0), "valid"}
        and convolution.dilation == (1, 1)
    )
