from __future__ import annotations

import numpy as np
import pytest

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Modality
from scrubjay.media.video import Frame, VideoInfo
from scrubjay.media.world.captions import plainest
from scrubjay.media.world.draw import draw
from scrubjay.media.world.film import frames, plan
from scrubjay.media.world.scene import Scene, Template
from scrubjay.models.load import load_trainable
from scrubjay.search.needle import look_for
from scrubjay.search.needle_in import Sought, long_side
from scrubjay.search.needle_tiles import overlap


def info(width: int, height: int) -> VideoInfo:
    return VideoInfo(10.0, width, height, 25.0, bool(width), True, 0)


@pytest.mark.parametrize(
    ("size", "image_size", "wanted"),
    [
        ((1920, 1080), 96, 517),  # a third of 291 is 97, and 517 is 291 * 16 / 9
        ((1080, 1920), 96, 517),
        ((3840, 2160), 384, 1280),  # no more than 720 of its shorter side
        ((1920, 1080), None, 427),  # no less than 240
        ((160, 90), 96, 160),  # never made larger
        ((0, 0), 96, 0),
    ],
)
def test_frames_are_as_large_as_their_finest_squares_need(
    size: tuple[int, int], image_size: int | None, wanted: int
) -> None:
    assert long_side(info(*size), image_size) == wanted


def test_nothing_is_not_looked_for() -> None:
    with pytest.raises(WrongUse, match="nothing is looked for"):
        Sought().modalities  # noqa: B018 - a property that raises


@pytest.mark.slow
def test_the_encoder_in_the_box_finds_what_passes_by_a_picture_and_by_its_name() -> None:
    encoder = load_trainable("builtin", source="shipped")
    film = plan(9, np.random.default_rng(21), fps=2, passing=1.0, shot_s=(4.5, 5.0))
    shown = [Frame(number / 2, picture) for number, picture in enumerate(frames(film))]
    passing = next(shot.passing for shot in film.shots if shot.passing is not None)
    scene = Scene(Template.ONE, (passing.thing,))
    drawn = draw(scene, np.random.default_rng(3)).picture
    for asked, media in ((Modality.IMAGE, drawn), (Modality.TEXT, plainest(scene).text)):
        best = look_for(encoder.encode(asked, [media]), shown, encoder, asked=asked, k=1).sightings[
            0
        ]
        assert passing.start_s - 1 <= best.at_s <= passing.end_s + 1
        box = passing.box(best.at_s, (film.width, film.height))
        assert box is not None
        scaled = [edge * (film.width, film.height)[at % 2] for at, edge in enumerate(best.box)]
        assert overlap(scaled, box) >= 0.3
