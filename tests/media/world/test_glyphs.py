"""The sheet of glyphs: a picture for every thing, each its own."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from scrubjay.media.world.glyphs import SIDE, glyphs
from scrubjay.media.world.things import things


def test_every_thing_has_a_picture_of_its_own() -> None:
    pictures = glyphs()
    assert len(pictures) == len(things())
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)


@pytest.mark.parametrize("at", range(len(things())), ids=lambda at: things()[at].name)
def test_a_glyph_shows_something(at: int) -> None:
    picture = glyphs()[at]
    alpha = np.asarray(picture)[..., 3]
    assert picture.mode == "RGBA"
    assert max(picture.size) == SIDE
    assert (alpha > 128).mean() > 0.1
    assert np.asarray(picture)[alpha > 128][:, :3].std() > 5


def test_the_licence_lies_beside_the_pictures() -> None:
    text = files("scrubjay.media.world").joinpath("GLYPHS-LICENSE.txt").read_text()
    assert "glyphs.webp holds" in text
    assert "Noto Color Emoji" in text
    assert "SIL OPEN FONT LICENSE Version 1.1" in text
    assert text.rstrip().endswith("OTHER DEALINGS IN THE FONT SOFTWARE.")
