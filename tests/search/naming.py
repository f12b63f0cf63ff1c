"""An encoder of made-up words, and collections of pictures of what they name."""

from __future__ import annotations

import hashlib
import re
import zlib

import numpy as np

from scrubjay.core.types import EncoderSpec, Item, Kind, Modality, Split
from scrubjay.store.index import Row

DIM = 48
THINGS = tuple(
    f"{a}{b}{c}"
    for a in ("kor", "mel", "tun", "sab", "pir")
    for b in "aeiou"
    for c in ("dast", "lim", "gop", "ren")
)
"""A hundred kinds of thing; none is another's ending."""
ABSENT = tuple(f"{a}{b}vux" for a in ("ban", "gil", "hod", "wem", "zet") for b in "aeiou")
"""Kinds that are nowhere."""


def direction(word):
    row = np.random.default_rng(zlib.crc32(word.rstrip("s").encode())).standard_normal(DIM)
    return row / np.linalg.norm(row)


def unit(row):
    return (row / np.linalg.norm(row)).astype(np.float32)


class NamingEncoder:
    """A text is the mean of its words; words of two letters say nothing."""

    def __init__(self, version="v1", fingerprint="f", modalities=frozenset(Modality)):
        self.spec = EncoderSpec("naming", version, DIM, frozenset(modalities), fingerprint)
        self.read = []

    def encode(self, modality, batch):
        assert modality is Modality.TEXT
        self.read.extend(batch)
        return np.stack(
            [
                unit(np.sum([direction(one) for one in re.findall(r"\w{3,}", text)], axis=0))
                for text in batch
            ]
        ).reshape(len(batch), DIM)


def pictures(n, *, blur=0.8, seed=0, captioned=True, month="2026-11"):
    """(rows, (n, DIM) vectors) of pictures, each of one thing, blurred by chance."""
    random = np.random.default_rng([seed, n])
    rows, vectors = [], []
    for at in range(n):
        thing = THINGS[int(random.integers(len(THINGS)))]
        place = ("shore", "woods", "city")[int(random.integers(3))]
        item = Item(
            id=f"i{seed}-{at:05d}",
            kind=Kind.IMAGE,
            uris=(f"/{seed}/{at}.png",),
            sha256=hashlib.sha256(f"{seed} {at}".encode()).hexdigest(),
            group=f"g{seed}-{at:05d}",
            split=Split.TEST if at % 2 else Split.TRAIN,
            month=month,
            size=1,
            captions=(f"{thing} {place}", f"{place} {thing}s") if captioned else (),
        )
        rows.append(Row(item, Modality.IMAGE, "v1"))
        noise = random.standard_normal(DIM) / np.sqrt(DIM)
        vectors.append(unit(direction(thing) + 0.5 * direction(place) + blur * noise))
    return rows, np.stack(vectors)
