"""Measuring a collection: the directions it allows, its captions as views, its windows as one."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scrubjay.core.types import Kind, Modality, Split
from scrubjay.search.measure import evaluate_items


def measure(shelf, encoder):
    return evaluate_items(shelf.items, encoder, read=shelf.read, threads=1)


def coloured(shelf):
    for name, colour in (("red", (250, 0, 0)), ("green", (0, 250, 0)), ("blue", (0, 0, 250))):
        shelf.picture(
            f"{name}.png", colour, group=name, captions=(f"a {name} one", f"it is {name}")
        )


def test_an_encoder_that_knows_the_answers_gets_full_marks(shelf, colours):
    coloured(shelf)
    evaluation = measure(shelf, colours)
    assert {one.name for one in evaluation.directions} == {"text->image", "image->text"}
    for direction in evaluation.directions:
        assert direction.recall[1].value == 1.0
        assert direction.mrr.value == 1.0
    by_name = {one.name: one for one in evaluation.directions}
    assert (by_name["text->image"].n_queries, by_name["text->image"].n_gallery) == (6, 3)
    assert by_name["image->text"].answers == 2
    assert (evaluation.version, evaluation.split, evaluation.n_items) == ("v1", "test", 3)


def test_captions_of_the_wrong_picture_score_nothing(shelf, colours):
    shelf.picture("a.png", (250, 0, 0), group="a", captions=("green",))
    shelf.picture("b.png", (0, 250, 0), group="b", captions=("red",))
    evaluation = measure(shelf, colours)
    assert [one.recall[1].value for one in evaluation.directions] == [0.0, 0.0]


def test_every_direction_among_three_modalities_is_measured(shelf, colours):
    coloured(shelf)
    shelf.recording("red.wav", 0.5, group="red", captions=("a red one",))
    evaluation = measure(shelf, colours)
    assert {one.name for one in evaluation.directions} == {
        f"{a}->{b}"
        for a in ("image", "text", "speech")
        for b in ("image", "text", "speech")
        if a != b
    }
    texts = evaluation.views[Modality.TEXT]
    assert texts.texts.count("a red one") == 1
    from_speech = next(one for one in evaluation.directions if one.name == "speech->image")
    assert (from_speech.n_queries, from_speech.n_gallery) == (1, 3)
    to_speech = next(one for one in evaluation.directions if one.name == "image->speech")
    assert (to_speech.n_queries, to_speech.unanswerable) == (1, 2)


def test_an_encoder_without_a_tower_measures_the_rest(shelf, colour_encoder):
    coloured(shelf)
    shelf.recording("red.wav", 0.5, group="red")
    evaluation = measure(shelf, colour_encoder({Modality.IMAGE, Modality.TEXT}))
    assert {one.name for one in evaluation.directions} == {"text->image", "image->text"}
    assert evaluation.problems == ()


def test_a_long_recording_counts_once_as_the_mean_of_its_windows(shelf, colours):
    shelf.recording("long.wav", 3.0, level=0.2, group="g")
    shelf.recording("short.wav", 1.0, level=0.2, group="g")
    shelf.picture("a.png", (9, 9, 9), group="g")
    view = measure(shelf, colours).views[Modality.SPEECH]
    assert len(view) == 2
    np.testing.assert_allclose(np.linalg.norm(view.vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(view.vectors[0], view.vectors[1], atol=1e-6)


def test_pictures_alone_have_no_direction(shelf, colours):
    shelf.picture("a.png", (9, 9, 9))
    evaluation = measure(shelf, colours)
    assert evaluation.directions == ()
    assert measure(type(shelf)(shelf.folder), colours).n_items == 0


def test_broken_files_are_named_and_the_split_is_told(shelf, colours):
    coloured(shelf)
    shelf.put("bad.png", b"bad", Kind.IMAGE, split=Split.TRAIN)
    evaluation = measure(shelf, colours)
    assert [one.reason for one in evaluation.problems] == ["not a picture"]
    told = evaluation.to_json()
    assert json.loads(json.dumps(told)) == told
    assert told["split"] == "all"
    assert told["directions"][0]["recall"]["1"]["value"] == pytest.approx(1.0)


def test_numbers_that_are_not_finite_are_left_out_named_and_counted(shelf, colour_encoder):
    class Broken(colour_encoder):
        def encode(self, modality, batch):
            rows = super().encode(modality, batch)
            rows[[modality is Modality.TEXT and "blue" in one for one in batch]] = np.inf
            return rows

    coloured(shelf)
    shelf.picture("nan.png", (3, 2, 1), captions=("a green one",))
    shelf.put("bad.png", b"bad", Kind.IMAGE)
    evaluation = measure(shelf, Broken())
    assert evaluation.not_finite == 3
    broken = "the encoder gave numbers that are not finite"
    assert {(one.path, one.reason) for one in evaluation.problems} == {
        (next(item.uri for item in shelf.items if "nan.png" in item.uri), broken),
        ('caption "a blue one"', broken),
        ('caption "it is blue"', broken),
        (next(item.uri for item in shelf.items if "bad.png" in item.uri), "not a picture"),
    }
    assert len(evaluation.views[Modality.TEXT]) == 5
    assert all(np.isfinite(view.vectors).all() for view in evaluation.views.values())


def test_videos_count_for_nothing_with_captions_or_without(shelf, colours):
    coloured(shelf)
    before = measure(shelf, colours)
    shelf.put("a.mp4", b"film", Kind.VIDEO, group="film", captions=("a red film",))
    shelf.put("b.mp4", b"other", Kind.VIDEO, group="red", captions=("a red thing moves",))
    after = measure(shelf, colours)
    assert after.to_json() == before.to_json()
    assert after.views[Modality.TEXT].texts == before.views[Modality.TEXT].texts
    assert after.problems == ()
