"""Vectors of things that do not change, made once and kept in a file.

`NAME.npy` holds (n, dim) float32 rows and `NAME.json` says of which encoder and which things they
are; it is written last, so that what it describes is whole. A run that is resumed reads them.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import BadMedia, TrainingFailed
from scrubjay.core.protocols import Encoder, Progress, silent
from scrubjay.core.types import Item, Media, Modality
from scrubjay.training.checkpoints import write_text
from scrubjay.training.ranks import rank_of_world
from scrubjay.training.views import Decoded, View, window

ROWS_AT_ONCE = 64
DECODERS = 4
LOOK_AGAIN_S = 0.2


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
        missing = _write(path, encoder, modality, unlike, decoded, longest_s, progress)
        write_text(path.with_suffix(".json"), json.dumps({**label, "missing": missing}) + "\n")
    return KnownVectors(path, keys)


def _write(
    path: Path,
    encoder: Encoder,
    modality: Modality,
    things: Sequence[Thing],
    decoded: Decoded,
    longest_s: float | None,
    progress: Progress,
) -> list[int]:
    """Fill the file; returns the rows of what cannot be read."""
    shape = (len(things), encoder.spec.dim)
    aside = path.with_name(path.name + ".part")
    rows = np.lib.format.open_memmap(aside, mode="w+", dtype=np.float32, shape=shape)
    missing: list[int] = []
    show: Callable[[Thing], Media | None] = lambda thing: _shown(thing, decoded, longest_s)  # noqa: E731
    with ThreadPoolExecutor(DECODERS) as pool:
        for start in range(0, len(things), ROWS_AT_ONCE):
            progress(f"encoding each {modality.value} once", start, len(things))
            media = list(pool.map(show, things[start : start + ROWS_AT_ONCE]))
            here = [at for at, one in enumerate(media) if one is not None]
            missing += [start + at for at, one in enumerate(media) if one is None]
            if here:
                made = encoder.encode(modality, [one for one in media if one is not None])
                if not np.isfinite(made).all():
                    raise TrainingFailed(
                        f"the {encoder.spec.name} encoder's vectors are not finite; choose another"
                    )
                rows[[start + at for at in here]] = made
    progress(f"encoding each {modality.value} once", len(things), len(things))
    rows.flush()
    aside.replace(path)
    return missing


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
