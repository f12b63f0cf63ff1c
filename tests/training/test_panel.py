"""The panel shows what was found, and says which of it is right."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from scrubjay.core.errors import BadConfig, BadMedia
from scrubjay.training.contrastive import HeldOut
from scrubjay.training.panel import RetrievedPictures, Row, draw_panel, retrieved
from tests.training.collection import make
from tests.training.configured import configured, fit_tiny

GREEN = (0, 130, 60)


class Shelf:
    """Positions 0-2 are red, green and blue pictures; 3 a caption; 4 a sound; 5 is gone."""

    def shown(self, position: int):
        if position < 3:
            picture = np.zeros((10, 20, 3), np.uint8)
            picture[..., position] = 255
            return picture
        if position == 5:
            raise BadMedia("file is gone", "x.png")
        return "a caption" if position == 3 else np.zeros(8000, np.float32)


def test_the_best_pictures_come_first_with_right_ones_marked() -> None:
    pictures = HeldOut(np.eye(3, dtype=np.float32), np.array([7, 8, 9]), np.array([0, 1, 2]))
    queries = HeldOut(np.array([[0.6, 0.0, 0.8]], np.float32), np.array([7]), np.array([3]))
    assert retrieved(queries, pictures, 4, 2) == [Row(3, (2, 0), (False, True))]


def test_queries_are_spread_over_the_held_out_ones_and_stay_the_same() -> None:
    rows = np.tile(np.array([[1.0, 0.0]], np.float32), (10, 1))
    views = HeldOut(rows, np.arange(10), np.arange(100, 110))
    assert [row.query for row in retrieved(views, views, 3, 1)] == [100, 104, 109]


@pytest.mark.parametrize("query", [3, 4, 5])
def test_the_panel_holds_the_pictures_and_frames_the_right_ones(query: int) -> None:
    panel = draw_panel([Row(query, (0, 2, 5), (False, True, False))], Shelf())
    assert panel.shape == (96, 220 + 3 * 96, 3)
    centres = [tuple(panel[48, 220 + place * 96 + 48].tolist()) for place in range(3)]
    assert centres == [(255, 0, 0), (0, 0, 255), (190, 190, 190)]
    frames = [tuple(panel[4, 220 + place * 96 + 48].tolist()) for place in range(3)]
    assert frames == [(190, 190, 190), GREEN, (190, 190, 190)]
    assert (panel[:, :220] < 128).any(), "the query is written on the left"


@pytest.mark.parametrize("captions", [True, False])
def test_each_validation_leaves_a_picture_in_the_runs_folder(tmp_path, captions) -> None:
    made = make(16, captions=captions, recordings=True)
    config = configured("trainer.max_epochs=2")
    config["callbacks"]["panel"] = {
        "_target_": "scrubjay.training.panel.RetrievedPictures",
        "folder": {"_ref_": "panels"},
        "top": 3,
    }
    fit_tiny(config, made, tmp_path)
    assert sorted(one.name for one in (tmp_path / "panels").iterdir()) == [
        "epoch-0001.png",
        "epoch-0002.png",
    ]
    with Image.open(tmp_path / "panels" / "epoch-0001.png") as panel:
        assert panel.size == (220 + 3 * 96, 4 * 96)


@pytest.mark.parametrize("settings", [{"queries": 0}, {"top": 0}])
def test_an_empty_panel_is_refused(settings) -> None:
    with pytest.raises(BadConfig, match="1 or more"):
        RetrievedPictures("x", **settings)
