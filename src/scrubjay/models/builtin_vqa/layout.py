"""What the eye says of a cell, and where in its output."""

from __future__ import annotations

from scrubjay.models.builtin_vqa.lexicon import Lexicon

GEOMETRY = 4
"""Numbers of a box: its middle and its size."""


class Layout:
    """Slices of the last axis: features, kinds, colours, objectness, box, in-world logit.

    Attributes:
        features: of the cell, for the fusion head.
        kinds: chance of each thing, shape and word on a sign.
        colours: chance of each colour, if it is a shape.
        object: chance that an object's middle is in the cell.
        box: its middle right of and below the cell's, logarithms of width and height; in cells.
        familiar: logit of the picture being of this world, the same in every cell.
        width: of the axis.
    """

    def __init__(self, features: int, lexicon: Lexicon) -> None:
        kinds = features + lexicon.kinds
        colours = kinds + len(lexicon.colours)
        self.features = slice(0, features)
        self.kinds = slice(features, kinds)
        self.colours = slice(kinds, colours)
        self.object = slice(colours, colours + 1)
        self.box = slice(colours + 1, colours + 1 + GEOMETRY)
        self.familiar = slice(colours + 1 + GEOMETRY, colours + 2 + GEOMETRY)
        self.width = colours + 2 + GEOMETRY
