"""Handwriting is read from every form MNIST has, and from nothing else."""

from __future__ import annotations

import gzip
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.core.errors import BadMedia, NotReady
from scrubjay.training.handwriting import find_handwriting, read_idx


def idx(array: np.ndarray) -> bytes:
    """An array as LeCun's format has it."""
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


def parts() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    random = np.random.default_rng(0)
    return {
        part: (
            random.integers(0, 256, (n, 28, 28), dtype=np.uint8),
            np.arange(n, dtype=np.uint8) % 10,
        )
        for part, n in (("train", 30), ("test", 20))
    }


def written_as(form: str, folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    made = parts()
    if form == "keras":
        (x, y), (tx, ty) = made["train"], made["test"]
        np.savez_compressed(folder / "mnist.npz", x_train=x, y_train=y, x_test=tx, y_test=ty)
        return made
    for part, (images, labels) in made.items():
        if form == "npz":
            np.savez(folder / f"{part}.npz", images=images, labels=labels)
            continue
        name = {"train": "train", "test": "t10k"}[part]
        between = "." if form == "dotted" else "-"
        pack, end = (gzip.compress, ".gz") if form == "packed" else (bytes, "")
        (folder / f"{name}-images{between}idx3-ubyte{end}").write_bytes(pack(idx(images)))
        (folder / f"{name}-labels{between}idx1-ubyte{end}").write_bytes(pack(idx(labels)))
    return made


@pytest.mark.parametrize("form", ["idx", "dotted", "packed", "npz", "keras"])
def test_every_form_of_mnist_is_read_alike(form: str, tmp_path: Path) -> None:
    made = written_as(form, tmp_path)
    for found, part in zip(find_handwriting(tmp_path), ("train", "test"), strict=True):
        assert np.array_equal(found.images, made[part][0])
        assert np.array_equal(found.labels, made[part][1])


def test_without_a_folder_the_small_digits_are_divided() -> None:
    from sklearn.datasets import load_digits

    train, test = find_handwriting(None)
    held = load_digits()
    assert len(train.labels) + len(test.labels) == len(held.target) == 1797
    assert len(test.labels) == 1797 // 5
    together = np.concatenate([train.images, test.images]).reshape(1797, -1)
    scaled = np.round(held.images * 255 / 16).astype(np.uint8).reshape(1797, -1)
    assert sorted(map(bytes, together)) == sorted(map(bytes, scaled))
    assert set(train.labels) == set(test.labels) == set(range(10))


def test_a_folder_without_digits_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match=str(tmp_path / "nowhere")):
        find_handwriting(tmp_path / "nowhere")
    with pytest.raises(NotReady, match=r"train\.npz"):
        find_handwriting(tmp_path)
    written_as("idx", tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(NotReady, match="test part"):
        find_handwriting(tmp_path)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not an idx file"),
        (b"\x00\x00\x0d\x01" + struct.pack(">If", 1, 0.5), "not an idx file"),
        (idx(np.zeros((2, 3), np.uint8))[:-1], "promises 6 bytes and 5 follow"),
        (b"\x00\x00\x08\x03" + b"\xff" * 12, "promises"),
    ],
)
def test_a_damaged_idx_file_is_named(data: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(data)
    with pytest.raises(BadMedia, match=why) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


@given(data=st.binary(max_size=64), packed=st.booleans())
def test_any_bytes_are_an_array_or_refused(data: bytes, packed: bool, tmp_path_factory) -> None:
    path = tmp_path_factory.mktemp("idx") / ("x.gz" if packed else "x")
    path.write_bytes(data)
    with suppress(BadMedia):
        assert read_idx(path).dtype == np.uint8


def test_images_and_labels_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    made = written_as("npz", tmp_path)
    images, labels = made["train"]
    for wrong in (
        {"images": images, "labels": labels[:-1]},
        {"images": images, "labels": labels + 9},
        {"images": images[:0], "labels": labels[:0]},
        {"images": images.astype(np.float32), "labels": labels},
    ):
        np.savez(tmp_path / "train.npz", **wrong)
        with pytest.raises(BadMedia):
            find_handwriting(tmp_path)
