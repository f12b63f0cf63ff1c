"""Probes of a collection: who sees colours passes, who does not is told so, with the examples."""

from __future__ import annotations

import dataclasses
import json

import pytest

from scrubjay.core.config import Settings
from scrubjay.core.errors import NotReady
from scrubjay.core.types import Kind, Modality
from scrubjay.retrain.diagnosing import probes
from scrubjay.store.feedback import Judgement
from scrubjay.store.home import Home
from tests.retrain.diagnosing import collected


def by_kind(section, modality="image"):
    return {one.kind: one for one in section.figures if one.modality == modality}


@pytest.fixture(scope="module")
def colourblind(asked):
    return dataclasses.replace(
        collected.material(_Shelf(asked.items, asked.read), collected.Colourblind(version="grey"))
    )


class _Shelf:
    def __init__(self, items, read):
        self.items, self.read = items, read


def test_an_encoder_that_sees_colours_passes_and_one_that_does_not_is_at_chance(asked, colourblind):
    sees, blind = probes.measure(asked), probes.measure(colourblind)
    assert by_kind(sees)["attribute"].told == "above chance"
    assert by_kind(sees)["attribute"].accuracy.value > 0.9
    assert by_kind(blind)["attribute"].told != "above chance"
    assert by_kind(blind)["attribute"].accuracy.value < 0.7
    assert sees.to_json()["left_out"] == {}
    json.dumps(sees.to_json())


def test_every_probe_is_about_a_picture_of_its_own_and_a_wrong_caption_of_no_own(asked):
    section = probes.measure(asked)
    said = {item.id: item.captions for item in asked.items}
    assert section.failures
    for one in section.failures:
        assert one.right in said[one.item]
        assert one.wrong not in said[one.item]
        assert one.wrong_score >= one.right_score - 1e-6


def test_a_failure_scores_as_the_encoder_says(asked):
    one = probes.measure(asked).failures[0]
    view = asked.evaluation.views[Modality(one.modality)]
    media = view.vectors[view.uris.index(one.uri)]
    right, wrong = asked.encoder.encode(Modality.TEXT, [one.right, one.wrong])
    assert one.right_score == pytest.approx(float(media @ right), abs=1e-5)
    assert one.wrong_score == pytest.approx(float(media @ wrong), abs=1e-5)


def test_the_other_version_is_asked_the_same_and_the_change_is_paired(asked, colourblind):
    section = probes.measure(asked, colourblind)
    change = by_kind(section)["attribute"].change
    assert section.against == "grey"
    alone = by_kind(probes.measure(asked))["attribute"].accuracy.value
    theirs = by_kind(probes.measure(colourblind))["attribute"].accuracy.value
    assert change.gain.value == pytest.approx(alone - theirs)
    assert change.p_together < 0.05
    backwards = probes.measure(colourblind, asked)
    assert by_kind(backwards)["attribute"].change.gain.value == pytest.approx(theirs - alone)


def test_no_more_than_so_many_are_asked_and_it_says_so(asked, monkeypatch):
    every = sum(one.n for one in probes.measure(asked).figures if one.modality == "image")
    monkeypatch.setattr(probes, "MOST", 20)
    section = probes.measure(asked)
    images = sum(one.n for one in section.figures if one.modality == "image")
    assert images <= 20
    assert section.left_out["image"] == every - images


def test_probes_that_people_made_are_asked(asked, tmp_path):
    home = Home(Settings(home=tmp_path / "home"))
    assert probes.measure(asked, home=home).marked is None
    home.catalog.upsert(list(asked.items))
    red, green = (
        next(one for one in asked.items if one.captions[0].startswith(f"{colour} with"))
        for colour in ("red", "green")
    )
    home.feedback.say(Judgement("something red", red.id, right=True))
    home.feedback.say(Judgement("something red", green.id, right=False))
    home.feedback.say(Judgement("something green", red.id, right=True))
    home.feedback.say(Judgement("something green", green.id, right=False))
    marked = probes.measure(asked, home=home).marked
    assert marked is not None
    assert (marked.n, marked.left_out) == (2, 0)
    assert {one.probe.query: one.passed for one in marked.results} == {
        "something red": True,
        "something green": False,
    }


def test_captions_that_are_one_number_are_asked_of_pictures_and_of_recordings(asked):
    digits = ("one", "two", "three", "7")
    items = [
        dataclasses.replace(one, captions=(digits[at % 4],), group=f"digit-{digits[at % 4]}")
        for at, one in enumerate(asked.items)
    ]
    section = probes.measure(collected.material(_Shelf(items, asked.read)))
    for modality, kind in (("image", Kind.IMAGE), ("speech", Kind.SPEECH)):
        found = by_kind(section, modality)
        assert set(found) == {"count"}
        said = [one.captions[0] for one in items if one.kind is kind]
        assert found["count"].n == len(said) - said.count("7")  # no other is in figures
    assert {one.wrong for one in section.failures} <= {"one", "two", "three"}


def test_without_captions_there_is_nothing_to_ask(asked):
    mute = [dataclasses.replace(one, captions=()) for one in asked.items]
    with pytest.raises(NotReady, match="captioned"):
        probes.measure(collected.material(_Shelf(mute, asked.read)))
    plain = [dataclasses.replace(one, captions=("ein Haus",)) for one in asked.items[:4]]
    with pytest.raises(NotReady, match="English"):
        probes.measure(collected.material(_Shelf(plain, asked.read)))
