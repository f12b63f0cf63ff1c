"""Things and coloured shapes by their English names."""

from __future__ import annotations

from scrubjay.media.world.scene import shape_concept
from scrubjay.media.world.shapes import COLOURS, SHAPES
from scrubjay.media.world.things import things

NUMBER = {thing.name: at for at, thing in enumerate(things())}


def concept(name: str) -> int:
    """`dog` or `red circle` as a concept."""
    if name in NUMBER:
        return NUMBER[name]
    colour, shape = name.split(" ")
    return shape_concept(SHAPES.index(shape), list(COLOURS).index(colour))
