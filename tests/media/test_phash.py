from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from scrubjay.media.image import decode_picture
from scrubjay.media.phash import NEAR, near_pairs, perceptual_hash
from tests.media.samples import saved, scenery


def distance(one: int | None, other: int | None) -> int:
    assert one is not None
    assert other is not None
    return (one ^ other).bit_count()


def pairs(found: object) -> set[tuple[int, int]]:
    return {pair for sides in found for pair in zip(*(s.tolist() for s in sides), strict=True)}


def noise(seed: int, side: int = 128) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC))


def test_the_hash_is_the_signs_of_the_lowest_cosines_about_their_median() -> None:
    picture = scenery(200, 150)
    grey = Image.fromarray(picture).convert("L").resize((32, 32), Image.Resampling.BOX)
    at = np.arange(32)

    def wave(k: int) -> np.ndarray:
        return np.cos(np.pi * (at + 0.5) * k / 32) * (1 if k else np.sqrt(0.5))

    lowest = [
        float((np.outer(wave(u), wave(v)) * np.asarray(grey, np.float64)).sum())
        for u in range(8)
        for v in range(8)
    ][1:]
    bits = "".join("1" if weight > np.median(lowest) else "0" for weight in lowest) + "0"
    assert perceptual_hash(picture) == int(bits, 2)


@pytest.mark.parametrize("seed", range(5))
def test_a_copy_saved_again_stays_near_and_another_picture_does_not(seed: int) -> None:
    picture = noise(seed)
    own = perceptual_hash(picture)
    smaller = np.asarray(Image.fromarray(picture).resize((64, 64)))
    for copy in (decode_picture(saved(picture, "JPEG", quality=40)), smaller):
        assert distance(own, perceptual_hash(copy)) <= NEAR
    assert distance(own, perceptual_hash(noise(seed + 100))) > NEAR


@pytest.mark.parametrize("size", [(63, 200), (200, 63)])
def test_a_picture_under_64_px_has_no_hash(size: tuple[int, int]) -> None:
    assert perceptual_hash(scenery(*size)) is None
    assert perceptual_hash(scenery(64, 64)) is not None


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_flat_picture_has_no_hash(shade: int) -> None:
    speckled = np.full((100, 100, 3), shade, np.uint8)
    speckled[::10, ::10] ^= 1
    assert perceptual_hash(speckled) is None


hashes = st.lists(st.integers(0, 2**64 - 1), max_size=8, unique=True)
flips = st.lists(st.sets(st.integers(0, 63), max_size=9), min_size=1, max_size=8)


@given(hashes, flips)
def test_near_pairs_are_exactly_those_within_the_threshold(
    seeds: list[int], changes: list[set[int]]
) -> None:
    close = [seed ^ sum(1 << bit for bit in bits) for seed in seeds for bits in changes]
    among = np.array(sorted({*seeds, *close}), dtype=np.uint64)
    expected = {
        (i, j)
        for i in range(len(among))
        for j in range(i + 1, len(among))
        if distance(int(among[i]), int(among[j])) <= NEAR
    }
    assert pairs(near_pairs(among)) == expected


@given(hashes, hashes, flips)
def test_near_pairs_with_known_hashes_are_exactly_those_within_the_threshold(
    new: list[int], old: list[int], changes: list[set[int]]
) -> None:
    close = [seed ^ sum(1 << bit for bit in bits) for seed in new for bits in changes]
    left = np.array(new, dtype=np.uint64)
    right = np.array(sorted({*old, *close}), dtype=np.uint64)
    expected = {
        (i, j)
        for i in range(len(left))
        for j in range(len(right))
        if distance(int(left[i]), int(right[j])) <= NEAR
    }
    assert pairs(near_pairs(left, right)) == expected


def test_pairs_found_in_many_small_pieces_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """All in one bucket of three bands: the worst case."""
    among = np.arange(400, dtype=np.uint64)
    at_once = pairs(near_pairs(among))
    monkeypatch.setattr("scrubjay.media.phash._CHUNK", 100)
    assert pairs(near_pairs(among)) == at_once
    assert len(at_once) == sum(
        int((np.bitwise_count(among[i] ^ among[i + 1 :]) <= NEAR).sum()) for i in range(len(among))
    )


def test_a_hundred_thousand_random_hashes_take_seconds_not_hours() -> None:
    random = np.random.default_rng(0)
    among = np.unique(random.integers(0, 2**64, 100_000, dtype=np.uint64))
    among[1] = among[0] ^ np.uint64(0b111)
    assert (0, 1) in pairs(near_pairs(among))


COPIES = {
    "JPEG 30": lambda image: as_jpeg(image, 30),
    "half size, JPEG 75": lambda image: as_jpeg(scaled(image, 0.5), 75),
    "quarter size": lambda image: scaled(image, 0.25),
    "less contrast": lambda image: ImageEnhance.Contrast(image).enhance(0.8),
    "more colour": lambda image: ImageEnhance.Color(image).enhance(1.2),
}


def as_jpeg(image: Image.Image, quality: int) -> Image.Image:
    return Image.open(io.BytesIO(saved(image, "JPEG", quality=quality)))


def scaled(image: Image.Image, by: float) -> Image.Image:
    width, height = (max(64, round(side * by)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def test_the_threshold_tells_copies_of_real_pictures_from_different_ones(
    shared_data: Path,
) -> None:
    """The figures in the docstring of NEAR."""
    files = sorted((shared_data / "wikiart-tickets" / "images").glob("*.png"))[:100]
    images = [Image.fromarray(decode_picture(file.read_bytes())) for file in files]
    own = [perceptual_hash(np.asarray(image)) for image in images]
    for name, copy in COPIES.items():
        far = [
            distance(mine, perceptual_hash(np.asarray(copy(image).convert("RGB"))))
            for mine, image in zip(own, images, strict=True)
        ]
        assert max(far) <= NEAR, name
    among = np.array(own, dtype=np.uint64)
    alike = {(files[i].name, files[j].name) for i, j in pairs(near_pairs(among))}
    assert alike == {("63.png", "64.png")} & {(a.name, b.name) for a in files for b in files}
