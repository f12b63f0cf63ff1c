"""Near-duplicate pictures: a perceptual hash, and finding the close ones without comparing all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Picture

SMALLEST_SIDE: Final = 64
"""Smaller pictures (icons, digits) resemble each other by nature and are not compared."""

NEAR: Final = 6
"""Bits that may differ between near-duplicates.

Measured on 200 pictures of art: saved again as JPEG (quality 30, or half size at 75), reduced to a
quarter, with less contrast or more colour, all 1,000 copies stay within 6 bits; a fifth brighter or
cut by 1% on every side, 97.5% do; cut by 3%, 43%. Of the 19,900 pairs of different files one is
that near, a drawing and the print made after it; the next are 10 bits apart, half 28 or more. The
hash balances its ones and zeros, so distances are nearly always even: 7 would find the same pairs.
"""

FLAT: Final = 2.0
"""Standard deviation of brightness, of 255, below which a picture has no shape to compare."""

_GRID: Final = 32
_KEPT: Final = 8
_BAND_BITS: Final = 16
_CHUNK: Final = 4_000_000


def perceptual_hash(picture: Picture) -> int | None:
    """Hash what a picture looks like, so that small changes change few bits.

    The signs, against their median, of the 63 lowest frequencies of the brightness reduced to
    32 x 32 (pHash: Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions",
    2010, section 3.2.1, without its constant term). Colour plays no part.

    Args:
        picture: (height, width, 3) uint8.

    Returns:
        64 bits as an unsigned integer; None for a picture under 64 px or too flat to say.
    """
    if min(picture.shape[:2]) < SMALLEST_SIDE:
        return None
    from PIL import Image

    grey = Image.fromarray(picture).convert("L").resize((_GRID, _GRID), Image.Resampling.BOX)
    brightness = np.asarray(grey, dtype=np.float64)
    if brightness.std() < FLAT:
        return None
    waves = _waves()
    frequencies = (waves @ brightness @ waves.T).ravel()[1:]
    bits = frequencies > np.median(frequencies)
    return int(np.packbits(np.append(bits, False)).view(">u8")[0])


def near_pairs(
    hashes: NDArray[np.uint64], known: NDArray[np.uint64] | None = None
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Find all pairs of hashes that differ in at most `NEAR` bits.

    The 64 bits are four bands of 16. Two hashes at most 7 bits apart agree in one band but for at
    most one bit (pigeonhole), so only hashes in the same or a neighbouring bucket of some band are
    compared: about 70 buckets of n / 65,536 each, not n (multi-index hashing: Norouzi, Punjani and
    Fleet, CVPR 2012).

    Args:
        hashes: (n,) uint64, all different.
        known: (m,) uint64, all different; None pairs `hashes` with themselves.

    Yields:
        Two arrays of equal length: places in `hashes`, and in `known` (or in `hashes` again, each
        pair once, the smaller place first). A pair may come more than once.
    """
    among = hashes if known is None else known
    if not len(hashes) or not len(among):
        return
    for band in range(64 // _BAND_BITS):
        buckets = _band(among, band)
        order = np.argsort(buckets, kind="stable")
        edges = np.searchsorted(buckets[order], np.arange((1 << _BAND_BITS) + 1))
        own = _band(hashes, band)
        for flip in (0, *(1 << bit for bit in range(_BAND_BITS))):
            bucket = (own ^ np.uint16(flip)).astype(np.int64)
            for left, at in _expanded(edges[bucket], edges[bucket + 1]):
                right = order[at]
                near = np.bitwise_count(hashes[left] ^ among[right]) <= NEAR
                if known is None:
                    near &= left < right
                yield left[near], right[near]


def _waves() -> NDArray[np.float64]:
    """The lowest rows of the orthonormal DCT-II: (8, 32)."""
    place = np.arange(_GRID)
    waves = np.cos(np.pi * (2 * place[None, :] + 1) * place[:_KEPT, None] / (2 * _GRID))
    waves[0] /= np.sqrt(2)
    return np.asarray(waves * np.sqrt(2 / _GRID))


def _band(hashes: NDArray[np.uint64], band: int) -> NDArray[np.uint16]:
    return (hashes >> np.uint64(band * _BAND_BITS)).astype(np.uint16)


def _expanded(
    first: NDArray[np.int64], last: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Every place in each range [first, last), beside the range's own number, in bounded pieces."""
    ends = np.cumsum(last - first)
    start = 0
    while start < len(first):
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + _CHUNK, side="right")))
        sizes = (last - first)[start:stop]
        owner = np.repeat(np.arange(start, stop), sizes)
        offset = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        if len(owner):
            yield owner, first[owner] + offset
        start = stop
