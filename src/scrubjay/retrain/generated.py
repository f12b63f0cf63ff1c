"""Sheets of pictures by a generator that one of this home's runs taught."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrubjay.core.errors import NotReady, WrongUse
from scrubjay.core.types import Picture
from scrubjay.store.durable import write_durably
from scrubjay.store.home import Home
from scrubjay.training.gan.generator_file import FILE, load_generator
from scrubjay.training.gan.sheet import sheet


@dataclass(frozen=True, slots=True)
class Generated:
    """A sheet that was written, and by what."""

    sheet: Path
    generator: Path
    label: str
    count: int
    seed: int

    def to_json(self) -> Mapping[str, Any]:
        """The documented JSON object."""
        return {
            "sheet": str(self.sheet),
            "generator": str(self.generator),
            "label": self.label,
            "count": self.count,
            "seed": self.seed,
        }


def generate_sheet(
    home: Home, label: str, count: int, *, out: Path, run: Path | None = None, seed: int = 0
) -> Generated:
    """Write a sheet of generated pictures as PNG.

    Args:
        label: what they show.
        count: how many.
        out: the file.
        run: the folder of the run that taught the generator; None: the newest that did.
        seed: another gives other pictures.

    Raises:
        NotReady: there is no generator.
        BadMedia: the generator's file is damaged.
        UnknownName: no label is called so.
        WrongUse: too many, or a file that cannot be written.
    """
    path = newest_generator(home) if run is None else run / FILE
    if not path.is_file():
        raise NotReady(
            f"no {path}: that run taught no generator; `scrubjay train experiment=mnist_gan` does"
        )
    pictures = load_generator(path).pictures(label, count, seed=seed)
    try:
        write_durably(out, _png(sheet(pictures, math.ceil(math.sqrt(count)))))
    except OSError as error:
        raise WrongUse(f"{out} cannot be written: {error.strerror or error}") from error
    return Generated(out, path, label, count, seed)


def newest_generator(home: Home) -> Path:
    """The generator of the newest run that has one.

    Raises:
        NotReady: none has.
    """
    found = sorted(home.runs.glob(f"*/{FILE}"), key=lambda path: path.parent.name)
    if not found:
        raise NotReady(
            f"no run in {home.path} taught a generator yet: run "
            f"`scrubjay train experiment=mnist_gan`"
        )
    return found[-1]


def _png(picture: Picture) -> bytes:
    from PIL import Image

    held = io.BytesIO()
    Image.fromarray(picture).save(held, format="PNG")
    return held.getvalue()
