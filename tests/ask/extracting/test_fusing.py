"""A model that looks: what it is shown and asked, and that what it says counts."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.ask.extracting.candidates import candidates
from scrubjay.ask.extracting.entities import Entity
from scrubjay.ask.extracting.extraction import Found, answer
from scrubjay.ask.extracting.fusing import (
    ALIKE,
    FRAME,
    MOST,
    Judgement,
    alike,
    judge_all,
    judged,
    named_in,
    surroundings,
    worth_a_look,
)
from scrubjay.ask.extracting.page import page_of
from scrubjay.core.looking import Reply
from tests.ask.conftest import Scripted
from tests.ask.extracting.readings import column, line, reading

LENGTHS = (Entity.WIDTH, Entity.DEPTH, Entity.HEIGHT)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("width", (Entity.WIDTH,)),
        ("The framed number is the Height.", (Entity.HEIGHT,)),
        ("something else", (None,)),
        ("Something  else.", (None,)),
        ("width or height", None),
        ("I can't tell", None),
        ("weight", None),
    ],
)
def test_an_answer_names_one_of_what_was_offered_or_nothing(text, wanted) -> None:
    assert named_in(text, LENGTHS) == wanted


def test_a_judgement_speaks_for_one_and_against_the_others() -> None:
    told = Judgement(Entity.WIDTH, 0.9)
    (own, foreign, nothing) = judged(told, Entity.WIDTH)
    assert own == pytest.approx(np.log(9))
    assert (foreign, nothing) == (0, 0)
    assert judged(told, Entity.HEIGHT) == [0, own, 0]
    assert judged(Judgement(None, 0.9), Entity.HEIGHT) == [0, 0, own]
    assert judged(None, Entity.HEIGHT) == [0, 0, 0]
    assert judged(Judgement(Entity.WIDTH, 0.3), Entity.WIDTH) == [0, 0, 0]


def test_only_numbers_that_a_picture_may_tell_apart_are_looked_at() -> None:
    told = (
        "60 cm",
        "5 kg",
        "12 V",
        "100-240 V",
        "2 L",
        "40 W",
        "Width 70 cm",
        "3 x 4 cm",
        "H 9 cm",
    )
    found = candidates(page_of(column(*told, step=120)))
    assert [one.value for one in worth_a_look(found)] == [60, 5]
    assert alike(found[0]) == LENGTHS
    assert set(ALIKE) == {LENGTHS, (Entity.ITEM_WEIGHT, Entity.MAXIMUM_WEIGHT)}


def test_the_number_is_framed_in_the_middle_of_its_surroundings() -> None:
    picture = np.full((1000, 1000, 3), 200, np.uint8)
    page = page_of(reading(line("60 cm", 300, 500, width=200)))
    (one,) = candidates(page)
    shown = surroundings(picture, page, one)
    side = len(shown)
    assert shown.shape == (side, side, 3)
    assert side == pytest.approx(400, abs=2)  # ten times as high as the letters
    rows, columns = np.nonzero((shown == FRAME).all(axis=2))
    assert (rows.min() + rows.max()) / 2 == pytest.approx(side / 2, abs=3)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(side / 2, abs=3)
    assert columns.max() - columns.min() == pytest.approx(200, abs=8)
    assert rows.max() - rows.min() == pytest.approx(40, abs=8)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_surroundings_are_upright_on_a_turned_page(quarters) -> None:
    picture = np.full((1000, 1000, 3), 200, np.uint8)
    picture[460:480, 300:500] = 0  # over the number
    upright = reading(line("60 cm", 300, 500, width=200))
    (one,) = candidates(page_of(upright))
    wanted = surroundings(picture, page_of(upright), one)
    turned = np.ascontiguousarray(np.rot90(picture, -quarters))
    spun = [upright.lines[0].corners]
    for _ in range(quarters):
        spun.append(tuple((1 - y, x) for x, y in spun[-1]))
    page = page_of(reading(type(upright.lines[0])("60 cm", 0.99, spun[-1])))
    (again,) = candidates(page)
    shown = surroundings(turned, page, again)
    assert page.quarters == quarters
    assert np.mean(np.abs(shown.astype(int) - wanted.astype(int)) > 30) < 0.03


def test_beyond_the_edge_is_the_colour_of_the_edge() -> None:
    picture = np.full((1000, 1000, 3), 90, np.uint8)
    page = page_of(reading(line("60 cm", 2, 2, width=100)))
    (one,) = candidates(page)
    shown = surroundings(picture, page, one)
    assert tuple(shown[0, 0]) == (90, 90, 90)


DRAWING = reading(line("60 cm", 100, 500), line("80 cm", 500, 900), line("30 cm", 800, 800))


def test_what_a_model_says_decides_between_numbers_without_words() -> None:
    page = page_of(DRAWING)
    found = tuple(candidates(page))
    by_value = {one.value: one for one in found}
    says = {60: Entity.DEPTH, 80: Entity.HEIGHT, 30: Entity.WIDTH}
    looked = {by_value[value]: Judgement(entity, 0.95) for value, entity in says.items()}
    told = {
        entity: answer(Found(page, found, looked), entity).prediction for entity in says.values()
    }
    assert told == {
        Entity.DEPTH: "60.0 centimetre",
        Entity.HEIGHT: "80.0 centimetre",
        Entity.WIDTH: "30.0 centimetre",
    }


def test_a_model_is_asked_about_each_number_and_not_too_many() -> None:
    page = page_of(column(*[f"{n} cm" for n in range(10, 40)], step=30))
    vlm = Scripted([Reply("width", confidence=0.7)])
    picture = np.zeros((1000, 1000, 3), np.uint8)
    told = judge_all(vlm, picture, page, worth_a_look(candidates(page)))
    assert len(told) == len(vlm.heard) == MOST
    assert set(told.values()) == {Judgement(Entity.WIDTH, 0.7)}
    assert "width, depth, height, something else" in vlm.heard[0][0].text


def test_what_a_model_cannot_tell_is_left_out() -> None:
    page = page_of(DRAWING)
    picture = np.zeros((1000, 1000, 3), np.uint8)
    those = worth_a_look(candidates(page))
    assert judge_all(Scripted([Reply("blue")]), picture, page, those) == {}
    assert judge_all(Scripted([Reply("width", told=False)]), picture, page, those) == {}
