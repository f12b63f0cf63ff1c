"""Vectors of things that do not change, made once and kept in a file.

`NAME.npy` holds (n, dim) float32 rows and `NAME.json` says of which encoder and which things they
are; it is written last, so that what it describes is whole. A run that is resumed reads them.

Until then rows grow in `NAME.npy.part`, and `NAME.npy.made.json` says how many of them are on the
disk: whoever is killed goes on from there.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import BadMedia, TrainingFailed
from scrubjay.core.protocols import Encoder, Progress, silent
from scrubjay.core.types import Item, Media, Modality
from scrubjay.training.checkpoints import write_bytes, write_text
from scrubjay.training.ranks import rank_of_world
from scrubjay.training.views import Decoded, View, window

ROWS_AT_ONCE = 64
DECODERS = 4
LOOK_AGAIN_S = 0.2
ROWS_KEPT = 4 * ROWS_AT_ONCE
"""Rows after which what is made is put on the disk: at most as many are made again."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What has one vector: an item, or a text.

    Attributes:
        key: what tells it from others: an item's sha256, a text itself.
    """

    modality: Modality
    key: str
    item: Item | None = None

    @classmethod
    def of(cls, view: View) -> Thing:
        """What a view shows."""
        key = view.item.sha256 if view.item is not None else view.text
        return cls(view.modality, key, view.item)

    def media(self, decoded: Decoded, longest_s: float | None) -> Media:
        """As an encoder takes it; sounds from their start.

        Raises:
            BadMedia: it is gone or cannot be decoded.
        """
        if self.item is None:
            return self.key
        if self.modality is Modality.IMAGE:
            return decoded.picture(self.item)
        return window(decoded.sound(self.item), longest_s, None)


class KnownVectors:
    """Key to unit row; the file is mapped, in every process anew."""

    def __init__(self, path: Path, keys: Sequence[str]) -> None:
        """Take the file, and the key of each row."""
        self._path = path
        self._row = {key: at for at, key in enumerate(keys)}
        self._rows: NDArray[np.float32] | None = None
        self._missing = frozenset(json.loads(path.with_suffix(".json").read_bytes())["missing"])

    def __getstate__(self) -> dict[str, object]:
        """Without what is mapped."""
        return {**self.__dict__, "_rows": None}

    def __contains__(self, key: str) -> bool:
        """Whether it could be encoded."""
        at = self._row.get(key)
        return at is not None and at not in self._missing

    def __len__(self) -> int:
        """Vectors there are."""
        return len(self._row) - len(self._missing)

    def rows(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """(n, dim) float32 unit rows, a copy."""
        if self._rows is None:
            self._rows = np.load(self._path, mmap_mode="r")
        found: NDArray[np.float32] = self._rows[[self._row[key] for key in keys]]
        return found


def encode_once(
    path: Path,
    encoder: Encoder,
    modality: Modality,
    things: Sequence[Thing],
    decoded: Decoded,
    *,
    fingerprint: str | None = None,
    longest_s: float | None = None,
    progress: Progress = silent,
) -> KnownVectors:
    """Vectors of things as they are served, from the file where it is of the same ones.

    Of several processes the first encodes, and the others wait.

    Args:
        path: of the .npy file, in a folder that is made when needed.
        encoder: whose tower stays as it is while the file is used.
        things: of this modality; of equal keys the first counts.
        decoded: where media come from; it need not remember any.
        fingerprint: of what makes the vectors; None is the encoder's, which is of all its towers.
        longest_s: of a sound.

    Raises:
        TrainingFailed: vectors that are not finite.
    """
    unlike = list({thing.key: thing for thing in things}.values())
    keys = [thing.key for thing in unlike]
    label = {
        "fingerprint": fingerprint or encoder.spec.fingerprint,
        "modality": modality.value,
        "things": hashlib.sha256("\0".join(keys).encode()).hexdigest(),
    }
    rank, _ = rank_of_world()
    while rank and not _is_of(path, label):
        time.sleep(LOOK_AGAIN_S)
    if not _is_of(path, label):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".json").unlink(missing_ok=True)
        made = _Making(path, label, (len(unlike), encoder.spec.dim))
        _make(made, encoder, modality, unlike, decoded, longest_s, progress)
        made.finish()
    return KnownVectors(path, keys)


class _Making:
    """Rows that are being made, beside their file, and how far they are.

    Attributes:
        rows: (n, dim) float32, mapped.
        done: how many rows from the first are on the disk; what cannot be read counts.
        missing: the rows of what cannot be read.
    """

    def __init__(self, path: Path, label: Mapping[str, str], shape: tuple[int, int]) -> None:
        """Go on where somebody with the same label stopped, or begin."""
        self._path, self._label = path, dict(label)
        self._aside = path.with_name(path.name + ".part")
        self._told = path.with_name(path.name + ".made.json")
        self.done, self.missing = self._before()
        rows = self._mapped(shape) if self.done else None
        if rows is None:
            for old in (self._told, path):
                old.unlink(missing_ok=True)
            self.done, self.missing = 0, []
            rows = np.lib.format.open_memmap(self._aside, mode="w+", dtype=np.float32, shape=shape)
        self.rows: NDArray[np.float32] = rows

    def keep(self, done: int) -> None:
        """Put the first rows on the disk, and then that they are."""
        self._sync()
        self.done = done
        told = {**self._label, "done": done, "missing": self.missing}
        write_bytes(self._told, json.dumps(told).encode(), what="vectors")

    def finish(self) -> None:
        """Give the file its name, and say what it holds."""
        self._sync()
        self._aside.replace(self._path)
        told = {**self._label, "missing": self.missing}
        write_text(self._path.with_suffix(".json"), json.dumps(told) + "\n")
        self._told.unlink(missing_ok=True)

    def _sync(self) -> None:
        if isinstance(self.rows, np.memmap):
            self.rows.flush()
        with self._aside.open("rb") as file:
            os.fsync(file.fileno())

    def _before(self) -> tuple[int, list[int]]:
        try:
            told = json.loads(self._told.read_bytes())
            if all(told.get(name) == value for name, value in self._label.items()):
                return int(told["done"]), [int(at) for at in told["missing"]]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass  # nothing that can be gone on from
        return 0, []

    def _mapped(self, shape: tuple[int, int]) -> NDArray[np.float32] | None:
        try:
            if self._path.exists():  # whoever had finished was stopped before it could say so
                self._path.replace(self._aside)
            np.load(self._aside, mmap_mode="r")  # refuses what is cut short; "r+" lengthens it
            rows = np.lib.format.open_memmap(self._aside, mode="r+")
        except (OSError, ValueError, EOFError):
            return None
        return rows if rows.shape == shape and rows.dtype == np.float32 else None


def _make(
    made: _Making,
    encoder: Encoder,
    modality: Modality,
    things: Sequence[Thing],
    decoded: Decoded,
    longest_s: float | None,
    progress: Progress,
) -> None:
    """Fill the rows that are not there."""
    show: Callable[[Thing], Media | None] = lambda thing: _shown(thing, decoded, longest_s)  # noqa: E731
    with ThreadPoolExecutor(DECODERS) as pool:
        for start in range(made.done, len(things), ROWS_AT_ONCE):
            progress(f"encoding each {modality.value} once", start, len(things))
            media = list(pool.map(show, things[start : start + ROWS_AT_ONCE]))
            here = [at for at, one in enumerate(media) if one is not None]
            made.missing += [start + at for at, one in enumerate(media) if one is None]
            if here:
                rows = encoder.encode(modality, [one for one in media if one is not None])
                if not np.isfinite(rows).all():
                    raise TrainingFailed(
                        f"the {encoder.spec.name} encoder's vectors are not finite; choose another"
                    )
                made.rows[[start + at for at in here]] = rows
            if (end := start + ROWS_AT_ONCE) < len(things) and end - made.done >= ROWS_KEPT:
                made.keep(end)
    progress(f"encoding each {modality.value} once", len(things), len(things))


def _shown(thing: Thing, decoded: Decoded, longest_s: float | None) -> Media | None:
    try:
        return thing.media(decoded, longest_s)
    except BadMedia:  # whoever asks for the item itself is told why
        return None


def _is_of(path: Path, label: dict[str, str]) -> bool:
    try:
        kept = json.loads(path.with_suffix(".json").read_bytes())
        return path.exists() and all(kept.get(name) == value for name, value in label.items())
    except (OSError, ValueError, AttributeError):
        return False
