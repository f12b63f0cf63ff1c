"""A picture of what is found: the top pictures for a few held-out queries, each validation."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn

from scrubjay.core.errors import BadConfig, BadMedia
from scrubjay.core.types import SAMPLE_RATE, Media, Picture
from scrubjay.training.contrastive import ContrastiveModule, HeldOut
from scrubjay.training.trackers import log_picture

_TILE = 96
_LABEL = 220
_RIGHT, _WRONG = (0, 130, 60), (190, 190, 190)


@runtime_checkable
class Shows(Protocol):
    """A datamodule that can show what stands behind a vector."""

    def shown(self, position: int) -> Media:
        """The media at a position of the held-out views."""
        ...


class RetrievedPictures(Callback):
    """Draws one row a query: the query, then the pictures found for it, right ones framed green.

    Queries are captions, or recordings where there are no captions, the same ones each time. The
    panel is a PNG in the run's folder and an image in trackers that show images.
    """

    def __init__(self, folder: str, *, queries: int = 6, top: int = 5) -> None:
        """Say how much to show.

        Args:
            folder: where panels are written; made when needed.
            queries: rows.
            top: pictures a row.

        Raises:
            BadConfig: nothing would be shown.
        """
        if queries < 1 or top < 1:
            raise BadConfig("callbacks.panel.queries and .top must be 1 or more")
        self._folder = Path(folder)
        self._queries, self._top = queries, top

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw the panel of this validation."""
        data: Any = getattr(trainer, "datamodule", None)
        if trainer.sanity_checking or trainer.state.fn != TrainerFn.FITTING:
            return
        if not trainer.is_global_zero:
            return
        if not isinstance(pl_module, ContrastiveModule) or not isinstance(data, Shows):
            return
        held_out = pl_module.held_out
        query = "text" if "text" in held_out else "speech"
        if "image" not in held_out or query not in held_out:
            return
        rows = retrieved(held_out[query], held_out["image"], self._queries, self._top)
        panel = draw_panel(rows, data)
        self._folder.mkdir(parents=True, exist_ok=True)
        write_png(panel, self._folder / f"epoch-{trainer.current_epoch + 1:04d}.png")
        log_picture(trainer.loggers, "val/retrieved", panel, trainer.global_step)


@dataclass(frozen=True, slots=True)
class Row:
    """One query and what it found: positions of held-out views, best first."""

    query: int
    found: tuple[int, ...]
    right: tuple[bool, ...]


def retrieved(queries: HeldOut, pictures: HeldOut, n_queries: int, top: int) -> list[Row]:
    """The best pictures for queries spread evenly over the held-out ones."""
    count = min(n_queries, len(queries.positions))
    chosen = np.linspace(0, len(queries.positions) - 1, count).round().astype(int)
    rows: list[Row] = []
    for at in chosen:
        best = np.argsort(-(pictures.vectors @ queries.vectors[at]), kind="stable")[:top]
        rows.append(
            Row(
                query=int(queries.positions[at]),
                found=tuple(int(one) for one in pictures.positions[best]),
                right=tuple(bool(one) for one in pictures.groups[best] == queries.groups[at]),
            )
        )
    return rows


def draw_panel(rows: Sequence[Row], data: Shows) -> Picture:
    """(height, width, 3): a row a query, its label on the left, right answers framed green.

    A picture whose file is gone leaves its place grey.
    """
    from PIL import Image, ImageDraw, ImageOps

    across = max(len(row.found) for row in rows)
    size = (_LABEL + across * _TILE, len(rows) * _TILE)
    panel = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(panel)
    for down, row in enumerate(rows):
        pen.multiline_text((6, down * _TILE + 6), _label(row.query, data), fill="black")
        for place, (position, right) in enumerate(zip(row.found, row.right, strict=True)):
            corner = (_LABEL + place * _TILE, down * _TILE)
            frame = (corner[0] + 1, corner[1] + 1, corner[0] + _TILE - 2, corner[1] + _TILE - 2)
            pen.rectangle(frame, fill=_RIGHT if right else _WRONG)
            tile = _tile(position, data)
            if tile is not None:
                shown = ImageOps.contain(Image.fromarray(tile), (_TILE - 10, _TILE - 10))
                inset = [(_TILE - side) // 2 for side in shown.size]
                panel.paste(shown, (corner[0] + inset[0], corner[1] + inset[1]))
    return np.asarray(panel)


def _label(position: int, data: Shows) -> str:
    try:
        media = data.shown(position)
    except BadMedia as error:
        return textwrap.fill(str(error), 34)
    if isinstance(media, str):
        return textwrap.fill(textwrap.shorten(media, 150), 34)
    return f"recording {position}, {len(media) / SAMPLE_RATE:.1f} s"


def _tile(position: int, data: Shows) -> Picture | None:
    try:
        media = data.shown(position)
    except BadMedia:
        return None
    return None if isinstance(media, str) else np.asarray(media, dtype=np.uint8)


def write_png(picture: Picture, path: Path) -> None:
    """Write a picture aside and rename it into place."""
    from PIL import Image

    aside = path.with_name(path.name + ".part")
    Image.fromarray(picture).save(aside, format="PNG")
    aside.replace(path)
