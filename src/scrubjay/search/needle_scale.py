"""What a score means: how near an encoder puts what belongs together, and what does not.

Cosines of one encoder are not those of another, and words are never as near to pictures as pictures
are to each other. So drawings of everyday things, and their names, are encoded once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.protocols import Encoder
from scrubjay.core.types import Modality

Vectors = NDArray[np.float32]

THINGS: Final = 40
"""Drawn, of those the world has."""

UNRELATED: Final = 0.95
"""Share of drawings, mostly of something else, that score below what counts as unrelated."""

TOGETHER: Final = 0.95
"""Share of names that score lower with a drawing of what they name than what counts as perfect."""

SEED: Final = 5
REMEMBERED: Final = 4


@dataclass(frozen=True, slots=True)
class Scale:
    """Two cosines between which a score lies.

    Attributes:
        unrelated: what pictures of something else hardly reach.
        perfect: what a picture of the very thing hardly exceeds.
    """

    unrelated: float
    perfect: float


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Things as an encoder sees them, each (THINGS, dim).

    Attributes:
        shown: a drawing of each.
        again: another drawing of each.
        named: their names; None: the encoder reads no text.
    """

    shown: Vectors
    again: Vectors
    named: Vectors | None


_drawn: OrderedDict[tuple[str, str], Drawn] = OrderedDict()
_drawing = Lock()


def scale_of(queries: Vectors, encoder: Encoder, asked: Collection[Modality]) -> Scale:
    """The scale of some queries.

    Args:
        queries: (n, dim) unit vectors; a picture's score is that of the nearest.
        encoder: they come from.
        asked: the towers that read what each of them was made of. A picture can be in a video
            itself; words, and sounds which mean them, only come as near as a name to a drawing.
    """
    drawn = drawn_by(encoder)
    unrelated = float(np.quantile((drawn.shown @ queries.T).max(axis=1), UNRELATED))
    if drawn.named is None or not set(asked) - {Modality.IMAGE}:
        return Scale(unrelated, 1.0)
    whole = drawn.named + drawn.again if Modality.IMAGE in asked else drawn.named
    alike = (whole * drawn.shown).sum(axis=1) / np.linalg.norm(whole, axis=1)
    return Scale(unrelated, float(np.quantile(alike, TOGETHER)))


def drawn_by(encoder: Encoder) -> Drawn:
    """The drawings and names as an encoder sees them; kept for the last few encoders."""
    spec = encoder.spec
    key = (spec.fingerprint, spec.version)
    with _drawing:
        if key not in _drawn:
            _drawn[key] = _draw(encoder)
            while len(_drawn) > REMEMBERED:
                _drawn.popitem(last=False)
        _drawn.move_to_end(key)
        return _drawn[key]


def _draw(encoder: Encoder) -> Drawn:
    from scrubjay.media.world.captions import plainest
    from scrubjay.media.world.draw import draw
    from scrubjay.media.world.scene import Scene, Template
    from scrubjay.media.world.things import familiar

    known = list(familiar())
    scenes = [
        Scene(Template.ONE, (int(known[place]),))
        for place in np.linspace(0, len(known) - 1, min(THINGS, len(known))).astype(int)
    ]
    random = np.random.default_rng(SEED)
    shown, again = (
        encoder.encode(Modality.IMAGE, [draw(scene, random).picture for scene in scenes])
        for _ in range(2)
    )
    reads = Modality.TEXT in encoder.spec.modalities
    names = [plainest(scene).text for scene in scenes]
    return Drawn(shown, again, encoder.encode(Modality.TEXT, names) if reads else None)
