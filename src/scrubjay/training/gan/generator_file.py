"""A taught generator as one file: `generator.safetensors`, its sizes and labels in its header."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from scrubjay.core.errors import BadMedia, UnknownName, WrongUse
from scrubjay.training.gan.networks import Generator

FILE: Final = "generator.safetensors"
HEADER: Final = "scrubjay.generator"
LARGEST: Final = {"side": 256, "classes": 1_000, "noise": 4_096, "channels": 1_024}
"""Sizes a file may ask for."""
MOST: Final = 400
"""Pictures that are made at once."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A generator from its file.

    Attributes:
        names: what each label is called.
    """

    generator: Generator
    names: tuple[str, ...]

    def pictures(self, name: str, n: int, *, seed: int = 0) -> NDArray[np.uint8]:
        """(n, side, side) pictures of one label, white on black.

        Raises:
            UnknownName: no label is called so.
            WrongUse: none are asked for, or too many.
        """
        if name not in self.names:
            raise UnknownName("label", name, self.names)
        if not 1 <= n <= MOST:
            raise WrongUse(f"from 1 to {MOST} pictures are made at once, not {n}")
        random = torch.Generator().manual_seed(seed)
        noise = torch.randn(n, self.generator.noise, generator=random)
        labels = torch.full((n,), self.names.index(name))
        with torch.inference_mode():
            made = self.generator(noise, labels)[:, 0]
        return as_bytes(made)


def as_bytes(pictures: torch.Tensor) -> NDArray[np.uint8]:
    """Pictures in [-1, 1] as bytes."""
    levels = ((pictures.float().cpu() + 1) * 127.5).round().clamp(0, 255)
    array: NDArray[np.uint8] = levels.to(torch.uint8).numpy()
    return array


def packed(generator: Generator, names: tuple[str, ...]) -> bytes:
    """The file's bytes."""
    from safetensors.torch import save

    begin = generator.spread.out_features // (2 * generator.paint.in_channels)
    sizes = {
        "side": 4 * round(begin**0.5),
        "classes": len(names),
        "noise": generator.noise,
        "channels": generator.paint.in_channels,
    }
    told = json.dumps({"sizes": sizes, "names": list(names)})
    weights = {name: one.detach().cpu() for name, one in generator.state_dict().items()}
    return save(weights, metadata={HEADER: told})


def load_generator(path: Path) -> Kept:
    """A generator from its file; nothing in it is run.

    Raises:
        BadMedia: it is damaged, or another kind of file.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            told = json.loads((file.metadata() or {})[HEADER])
            sizes, names = _checked(told)
            with torch.device("meta"):
                generator = Generator(**sizes)
            wanted = generator.state_dict()
            weights = {name: file.get_tensor(name) for name in wanted}
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise BadMedia(f"not a generator that Scrubjay taught: {error}", str(path)) from error
    wrong = [name for name, one in wanted.items() if weights[name].shape != one.shape]
    if wrong:
        raise BadMedia(f"{wrong[0]} has another shape than its header says", str(path))
    generator.load_state_dict(weights, assign=True)
    return Kept(generator.eval(), names)


def _checked(told: Any) -> tuple[dict[str, int], tuple[str, ...]]:  # noqa: ANN401 - JSON
    sizes = {name: told["sizes"][name] for name in LARGEST}
    for name, most in LARGEST.items():
        if type(sizes[name]) is not int or not 1 <= sizes[name] <= most:
            raise ValueError(f"{name} must be from 1 to {most}, not {sizes[name]!r}")
    names = tuple(told["names"])
    if len(names) != sizes["classes"] or not all(isinstance(one, str) for one in names):
        raise ValueError("every label needs a name")
    return sizes, names
