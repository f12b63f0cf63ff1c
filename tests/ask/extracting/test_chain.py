"""A picture through the models: read, looked at where one can, answered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scrubjay.ask.answer import Shown
from scrubjay.ask.extracting.chain import Extracting
from scrubjay.ask.extracting.entities import Entity
from scrubjay.ask.models import Models
from scrubjay.ask.settings import AskSettings, Choice
from scrubjay.core.errors import BadMedia
from scrubjay.core.looking import Reply
from tests.ask.conftest import FAKES, Given, Scripted, shown

BLIND = replace(FAKES, vlm=AskSettings().vlm)
LABEL = shown((220, 220, 220), "Net Wt 500 g\nbest before 12.05.2026")
BOTH = list(Entity)[:2]


def test_each_entity_is_answered_in_order() -> None:
    done = Extracting(Models(BLIND)).extract(LABEL, [Entity.WIDTH, Entity.ITEM_WEIGHT])
    assert [one.prediction for one in done.answers] == ["", "500.0 gram"]
    assert [(step.name, step.by) for step in done.steps] == [("read", "fake")]
    told = done.to_json()
    assert told["answers"][1]["entity"] == "item_weight"
    assert told["answers"][1]["value"] == 500.0
    assert len(told["answers"][1]["box"]) == 4


def test_the_model_in_the_box_is_not_asked_about_labels() -> None:
    models = Models(BLIND)
    assert not Extracting(models).looks
    assert Extracting(models).fingerprint != Extracting(Models(FAKES)).fingerprint


def test_a_model_that_takes_no_instructions_is_not_asked() -> None:
    vlm = Scripted([Reply("width")], instructed=False)
    done = Extracting(Given(FAKES, vlm=vlm)).extract(shown((9, 9, 9), "60 cm"), BOTH)
    assert vlm.heard == []
    assert [step.name for step in done.steps] == ["read"]


def test_a_model_that_looks_decides_where_words_do_not() -> None:
    vlm = Scripted([Reply("depth", confidence=0.98)])
    done = Extracting(Given(FAKES, vlm=vlm)).extract(shown((9, 9, 9), "60 cm"), BOTH)
    assert [one.prediction for one in done.answers] == ["", "60.0 centimetre"]
    assert [step.name for step in done.steps] == ["read", "look"]


def test_where_words_tell_it_is_not_asked() -> None:
    vlm = Scripted([Reply("maximum load", confidence=0.99)])
    done = Extracting(Given(FAKES, vlm=vlm)).extract(LABEL, [Entity.ITEM_WEIGHT])
    assert vlm.heard == []
    assert done.answers[0].prediction == "500.0 gram"


def test_it_is_asked_only_about_what_may_answer() -> None:
    vlm = Scripted([Reply("weight")])
    Extracting(Given(FAKES, vlm=vlm)).extract(shown((9, 9, 9), "60 cm\n12 V"), [Entity.VOLTAGE])
    assert vlm.heard == []


def test_a_model_that_names_nothing_is_noted_and_the_text_counts() -> None:
    label = shown((220, 220, 220), "500 g")
    done = Extracting(Given(FAKES, vlm=Scripted([Reply("blue")]))).extract(
        label, [Entity.ITEM_WEIGHT]
    )
    assert done.answers[0].prediction == "500.0 gram"
    assert done.notes == ("the model named no measure of any number; only the text was used",)


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(BadMedia):
        Extracting(Models(BLIND)).extract(Shown("x", np.zeros((4, 4), np.uint8)), BOTH)


def test_other_readers_have_other_fingerprints() -> None:
    other = replace(BLIND, ocr=Choice("vlm"))
    assert Extracting(Given(other, ocr=None)).looks is False
