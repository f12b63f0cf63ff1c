"""Generated collections: patterned pictures, captions that name them, tones that stand for them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from scrubjay.core.errors import BadMedia
from scrubjay.core.types import SAMPLE_RATE, Item, Kind, Split
from scrubjay.media.audio import encode_wav


@dataclass
class Collection:
    """Items and the bytes behind them."""

    items: list[Item]
    files: dict[str, bytes]

    def read(self, uri: str) -> bytes:
        if uri not in self.files:
            raise BadMedia("file is gone", uri)
        return self.files[uri]

    def add(
        self, kind: Kind, data: bytes, *, group: str, split: Split, captions: Sequence[str] = ()
    ) -> Item:
        digest = hashlib.sha256(data).hexdigest()
        uri = f"{kind.value}-{len(self.items)}"
        self.files[uri] = data
        item = Item(
            id=digest[:16],
            kind=kind,
            uris=(uri,),
            sha256=digest,
            group=group,
            split=split,
            month="2026-11",
            size=len(data),
            captions=tuple(captions),
        )
        self.items.append(item)
        return item


def picture(seed: int, side: int = 32) -> bytes:
    """A PNG of a random 4 x 4 pattern."""
    cells = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(cells).resize((side, side), Image.Resampling.NEAREST).save(out, "PNG")
    return out.getvalue()


def tone(seed: int, seconds: float = 0.25) -> bytes:
    """A WAV of one frequency, 300 Hz apart from its neighbours."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return encode_wav((0.5 * np.sin(2 * np.pi * 300 * (seed + 1) * time)).astype(np.float32))


def split_of(number: int, *, every: int) -> Split:
    return Split.VAL if every and number % every == every - 1 else Split.TRAIN


def make(
    n: int,
    *,
    captions: bool = True,
    recordings: bool = False,
    pictures: bool = True,
    val_every: int = 4,
) -> Collection:
    """n things, each with the views asked for; every `val_every`-th is held out."""
    made = Collection([], {})
    for number in range(n):
        where = {"group": f"g{number}", "split": split_of(number, every=val_every)}
        words = [f"thing{number} in pattern{number}"] if captions else []
        if pictures:
            made.add(Kind.IMAGE, picture(number), captions=words, **where)
        if recordings:
            made.add(Kind.SPEECH, tone(number), captions=words, **where)
    return made


def worldly(n: int, *, every: int, captions: bool = True, seed: int = 0) -> Collection:
    """n drawn scenes with an English caption each; every `every`-th is held out."""
    from scrubjay.media.world.captions import caption
    from scrubjay.media.world.draw import draw
    from scrubjay.media.world.scene import Sampler
    from scrubjay.media.world.things import Language

    random = np.random.default_rng(seed)
    made = Collection([], {})
    for number in range(n):
        scene = Sampler().scene(random)
        out = io.BytesIO()
        Image.fromarray(draw(scene, random).picture).save(out, "JPEG", quality=90)
        said = [caption(scene, Language.ENGLISH, random).text] if captions else []
        where = {"group": f"scene{number}", "split": split_of(number, every=every)}
        made.add(Kind.IMAGE, out.getvalue(), captions=said, **where)
    return made
