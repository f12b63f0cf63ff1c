"""Geometry, confusions and map of a collection, and how fast they are on a large one."""

from __future__ import annotations

import dataclasses
import json
import time

import numpy as np
import pytest

from scrubjay.core.errors import NotReady
from scrubjay.core.types import Modality
from scrubjay.evaluate import geometry as pure
from scrubjay.evaluate.examples import View
from scrubjay.evaluate.retrieval import evaluate_direction
from scrubjay.retrain.diagnosing import confusions, data, geometry
from scrubjay.retrain.diagnosing import map as drawn
from scrubjay.search.measure import Evaluation


def figures(section):
    return {(one.kind, one.about): one for one in section.figures}


def test_every_figure_is_the_pure_one_and_has_a_reference_and_a_sentence(asked):
    section = geometry.measure(asked)
    views = asked.evaluation.views
    found = figures(section)
    image, text = views[Modality.IMAGE], views[Modality.TEXT]
    gap = next(one for (kind, about), one in found.items() if kind == "gap" and "image" in about)
    assert gap.value > gap.reference
    assert found["rank", "image"].value == pytest.approx(pure.effective_rank(image.vectors))
    assert found["uniformity", "text"].value == pytest.approx(pure.uniformity(text.vectors))
    hub = pure.hubness(text.vectors, image.vectors, text.groups, image.groups)
    assert found["hubness", "text->image"].value == pytest.approx(hub.skew)
    for one in section.figures:
        assert np.isfinite([one.value, one.reference]).all()
        assert one.sentence.endswith(".")
        assert one.against is None
    assert "does not say with which temperature" in section.notes[-1]
    json.dumps(section.to_json())


def test_the_other_version_is_beside_every_figure(asked):
    section = geometry.measure(asked, dataclasses.replace(asked, version="same"))
    assert section.against == "same"
    assert all(one.against == pytest.approx(one.value) for one in section.figures)


def test_a_hub_is_shown_with_whom_it_answers_wrongly(asked):
    views = dict(asked.evaluation.views)
    image, text = views[Modality.IMAGE], views[Modality.TEXT]
    vectors = image.vectors.copy()
    vectors[3] = text.vectors.mean(axis=0) / np.linalg.norm(text.vectors.mean(axis=0))
    shown = dataclasses.replace(image, vectors=vectors)
    evaluation = dataclasses.replace(
        asked.evaluation, views={Modality.TEXT: text, Modality.IMAGE: shown}
    )
    section = geometry.measure(dataclasses.replace(asked, evaluation=evaluation))
    hub = next(one for one in section.hubs if one.direction == "text->image")
    assert hub.uri == image.uris[3]
    assert hub.wrong > 3 * hub.expected


def test_confusions_show_both_and_count_as_recall_does(asked):
    section = confusions.measure(asked)
    missed = sum(int((one.ranks > 1).sum()) for one in asked.evaluation.directions)
    assert section.asked == sum(one.n_queries for one in asked.evaluation.directions)
    assert section.missed == missed
    assert len(section.pairs) <= confusions.SHOWN
    assert [one.count for one in section.pairs] == sorted(
        (one.count for one in section.pairs), reverse=True
    )
    for one in section.pairs:
        assert one.first.group != one.second.group
        assert one.first.text
        assert sum(one.by_direction.values()) == one.count
    assert confusions.measure(asked, asked).pairs[0].against == section.pairs[0].count
    json.dumps(section.to_json())


def test_the_map_shows_few_pictures_and_every_kind_inside_its_square(asked, monkeypatch):
    section = drawn.measure(asked)
    assert {one.modality for one in section.points} == {"image", "text", "speech"}
    assert all(0 <= one.x <= section.side and 0 <= one.y <= section.side for one in section.points)
    assert drawn.measure(asked) == section
    monkeypatch.setattr(drawn, "PICTURES", 9)
    few = [one for one in drawn.measure(asked).points if one.shape == "picture"]
    assert 1 <= len(few) <= 9
    json.dumps(section.to_json())


def test_without_vectors_there_is_no_shape_and_no_map(asked):
    empty = dataclasses.replace(
        asked, evaluation=dataclasses.replace(asked.evaluation, views={}, directions=())
    )
    for measure in (geometry.measure, confusions.measure, drawn.measure):
        with pytest.raises(NotReady):
            measure(empty)


def test_five_thousand_items_take_seconds(asked):
    rng = np.random.default_rng(0)
    base = asked.items[0]
    n = 5000
    things = rng.standard_normal((n, 64)).astype(np.float32)

    def view(modality, noise):
        rows = things + noise * rng.standard_normal(things.shape).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return View(
            modality,
            rows,
            tuple(f"g{i}" for i in range(n)),
            tuple("" if modality is Modality.TEXT else f"{i}.png" for i in range(n)),
            tuple(f"thing {i}" for i in range(n)),
        )

    views = {one: view(one, 0.5) for one in (Modality.IMAGE, Modality.TEXT)}
    one, other = views.values()
    items = tuple(
        dataclasses.replace(
            base,
            id=f"i{i}",
            uris=(f"{i}.png",),
            group=f"g{i}",
            captions=(f"thing {i}",),
            phash=int(rng.integers(0, 2**63)),
        )
        for i in range(n)
    )
    direction = evaluate_direction(
        "text->image", other.vectors[:50], one.vectors, other.groups[:50], one.groups
    )
    large = dataclasses.replace(
        asked,
        items=items,
        everything=items,
        evaluation=Evaluation("v1", "test", n, (direction,), views),
    )
    began = time.process_time()
    for measure in (geometry.measure, confusions.measure, drawn.measure, data.measure):
        measure(large)
    assert time.process_time() - began < 10
