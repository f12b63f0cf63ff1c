"""Handwritten digits: MNIST as its own idx files or as .npz, or the small ones of scikit-learn."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import BadMedia, MissingExtra, NotReady

DIGITS: Final = 10
LARGEST: Final = 1 << 30
"""Bytes one file may unpack to; MNIST's largest has 47 million."""

_IDX: Final = {"train": "train", "test": "t10k"}
_ELEMENTS: Final = 0x08
"""Of an idx file with unsigned bytes."""
_BRIGHTEST: Final = 16
"""Of scikit-learn's digits."""


@dataclass(frozen=True, slots=True, eq=False)
class Handwriting:
    """Handwritten digits.

    Attributes:
        images: (n, height, width) uint8, white on black.
        labels: (n,) digits.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def picture(self, at: int) -> NDArray[np.uint8]:
        """(height, width, 3) RGB."""
        return np.repeat(self.images[at][:, :, None], 3, axis=2)


def find_handwriting(folder: Path | None) -> tuple[Handwriting, Handwriting]:
    """What is learned from, and what is held out.

    Args:
        folder: with MNIST's four idx files (packed or not), with `mnist.npz` (`x_train`, `y_train`,
            `x_test`, `y_test`), or with `train.npz` and `test.npz` (`images`, `labels`). None:
            the 1,797 digits of 8 x 8 pixels that come with scikit-learn, a fifth of them held out
            (Alpaydin & Kaynak 1998, "Optical Recognition of Handwritten Digits").

    Raises:
        NotReady: the folder holds none of them.
        BadMedia: a file is damaged or holds something else.
        MissingExtra: scikit-learn is needed and not installed.
    """
    if folder is None:
        return _small()
    if not folder.is_dir():
        raise NotReady(f"no folder {folder}: give datamodule.folder=FOLDER with MNIST's files")
    if (folder / "mnist.npz").is_file():
        return _keras(folder / "mnist.npz")
    found = {part: _idx_files(folder, name) for part, name in _IDX.items()}
    if any(found.values()):
        parts = []
        for part, files in found.items():
            if files is None:
                raise NotReady(f"{folder} lacks the images or the labels of MNIST's {part} part")
            parts.append(_checked(read_idx(files[0]), read_idx(files[1]), files[0]))
        return parts[0], parts[1]
    return read_handwriting(folder / "train.npz"), read_handwriting(folder / "test.npz")


def read_handwriting(path: Path) -> Handwriting:
    """Digits from a .npz with `images` and `labels`.

    Raises:
        NotReady: there is no such file.
        BadMedia: it holds something else.
    """
    if not path.is_file():
        raise NotReady(f"no {path}: put MNIST's images and labels there")
    arrays = _arrays(path, ("images", "labels"))
    return _checked(arrays["images"], arrays["labels"], path)


def read_idx(path: Path) -> NDArray[np.uint8]:
    """The array of an idx file of unsigned bytes, packed by gzip or not.

    Raises:
        BadMedia: it is none, or does not hold what its header says.
    """
    try:
        with path.open("rb") as file:
            held: Any = gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file
            data = held.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BadMedia(f"cannot be read: {error}", str(path)) from error
    if len(data) > LARGEST:
        raise BadMedia(f"unpacks to more than {LARGEST:,} bytes", str(path))
    dimensions = data[3] if len(data) > 4 and data[:3] == bytes((0, 0, _ELEMENTS)) else 0
    begin = 4 + 4 * dimensions
    if not 1 <= dimensions <= 3 or len(data) < begin:
        raise BadMedia("not an idx file of bytes, as MNIST's are", str(path))
    shape = [int(one) for one in np.frombuffer(data, ">u4", dimensions, offset=4)]
    size = 1
    for one in shape:
        size *= one
    if size != len(data) - begin:
        raise BadMedia(
            f"its header promises {size:,} bytes and {len(data) - begin:,} follow", str(path)
        )
    return np.frombuffer(data, np.uint8, offset=begin).reshape(shape)


def _idx_files(folder: Path, part: str) -> tuple[Path, Path] | None:
    """Images and labels of one part; MNIST is handed round under two spellings."""
    for between in ("-", "."):
        for packed in ("", ".gz"):
            images = folder / f"{part}-images{between}idx3-ubyte{packed}"
            labels = folder / f"{part}-labels{between}idx1-ubyte{packed}"
            if images.is_file() and labels.is_file():
                return images, labels
    return None


def _keras(path: Path) -> tuple[Handwriting, Handwriting]:
    arrays = _arrays(path, ("x_train", "y_train", "x_test", "y_test"))
    return (
        _checked(arrays["x_train"], arrays["y_train"], path),
        _checked(arrays["x_test"], arrays["y_test"], path),
    )


def _arrays(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as held:
            return {name: held[name] for name in names}
    except (OSError, EOFError, TypeError, ValueError, KeyError, BadZipFile, zlib.error) as error:
        wanted = " and ".join(names)
        raise BadMedia(f"not an .npz with {wanted}: {error}", str(path)) from error


def _checked(images: NDArray[Any], labels: NDArray[Any], path: Path) -> Handwriting:
    if images.ndim != 3 or images.dtype != np.uint8 or labels.shape != images.shape[:1]:
        raise BadMedia("images are (n, height, width) uint8 with a label each", str(path))
    if not len(images):
        raise BadMedia("holds no images", str(path))
    if not ((labels >= 0) & (labels < DIGITS)).all():
        raise BadMedia("labels are digits from 0 to 9", str(path))
    return Handwriting(images, labels.astype(np.int64))


def _small() -> tuple[Handwriting, Handwriting]:
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError as error:
        raise MissingExtra("training on scikit-learn's digits", "train") from error
    held = load_digits()
    images = np.round(held.images * (255 / _BRIGHTEST)).astype(np.uint8)
    labels = held.target.astype(np.int64)
    order = np.random.default_rng(0).permutation(len(labels))
    test, train = order[: len(order) // 5], order[len(order) // 5 :]
    return Handwriting(images[train], labels[train]), Handwriting(images[test], labels[test])
