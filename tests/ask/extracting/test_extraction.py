"""From lines to answers: the right one of several numbers, its box, and silence when unsure."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scrubjay.ask.extracting.candidates import candidates, fitting
from scrubjay.ask.extracting.entities import Entity
from scrubjay.ask.extracting.extraction import answer, found_in
from scrubjay.ask.extracting.page import page_of
from scrubjay.core.reading import Reading, TextLine
from tests.ask.extracting.readings import column, line, reading, table


def said(read, entity) -> str:
    return answer(found_in(read), Entity(entity)).prediction


PACK = column(
    "Crunchy Oats", "Best before 12.05.2026", "Serving size 30 g", "Net Wt. 500g (17.6 oz)", "$4.99"
)
PLATE = column("Model KX-220", "INPUT: 100-240V~ 50/60Hz", "OUTPUT: 12V 2A", "Power: 24W")
TABLE = table(
    ("Item weight", "4.5 kg"),
    ("Gross weight", "5.1 kg"),
    ("Max load", "120 kg"),
    ("Dimensions (W x H x D)", "60 x 90 x 30 cm"),
    ("Cable length", "1.5 m"),
    ("Capacity", "1.7 L"),
)
CARDS = reading(
    line("2.2 kg", 100, 100, height=60),
    line("Net weight", 100, 180),
    line("150 kg", 600, 100, height=60),
    line("Max load", 600, 180),
)  # fmt: skip


@pytest.mark.parametrize(
    ("read", "entity", "wanted"),
    [
        (PACK, "item_weight", "500.0 gram"),
        (PACK, "item_volume", ""),
        (PLATE, "voltage", "12.0 volt"),
        (PLATE, "wattage", "24.0 watt"),
        (TABLE, "item_weight", "4.5 kilogram"),
        (TABLE, "maximum_weight_recommendation", "120.0 kilogram"),
        (TABLE, "width", "60.0 centimetre"),
        (TABLE, "height", "90.0 centimetre"),
        (TABLE, "depth", "30.0 centimetre"),
        (TABLE, "item_volume", "1.7 litre"),
        (TABLE, "voltage", ""),
        (CARDS, "item_weight", "2.2 kilogram"),
        (CARDS, "maximum_weight_recommendation", "150.0 kilogram"),
    ],
)
def test_of_several_numbers_the_one_asked_for_is_told(read, entity, wanted) -> None:
    assert said(read, entity) == wanted


def test_units_nobody_may_answer_with_are_turned_into_allowed_ones() -> None:
    assert said(column("Content 250 cc"), "item_volume") == "250.0 millilitre"
    assert said(column("Weight 11 stone"), "item_weight") == "154.0 pound"


def test_the_box_is_that_of_the_number_and_the_line_is_told() -> None:
    found = answer(
        found_in(reading(line("Net weight 500 g", 100, 200, width=640))), Entity.ITEM_WEIGHT
    )
    assert found.text == "Net weight 500 g"
    assert found.box == pytest.approx((0.1 + 0.64 * 11 / 16, 0.2, 0.74, 0.24))
    assert 0.5 < found.confidence <= 1


def test_nothing_is_said_where_nothing_is_written() -> None:
    for read in (reading(), column("Crunchy Oats", "$4.99")):
        found = answer(found_in(read), Entity.ITEM_WEIGHT)
        assert (found.prediction, found.value, found.box) == ("", None, None)
        assert found.confidence == 1.0


def test_a_range_is_no_value_and_is_told() -> None:
    found = answer(found_in(column("INPUT: 100-240V~")), Entity.VOLTAGE)
    assert found.prediction == ""
    assert found.note == "it says a range: 100 to 240 volt"


def test_what_is_unsure_is_not_told_but_noted() -> None:
    alike = reading(line("12 kg", 100, 100), line("15 kg", 600, 100), line("18 kg", 300, 700))
    found = answer(found_in(alike), Entity.MAXIMUM_WEIGHT)
    assert found.prediction == ""
    assert "not sure" in found.note


def test_what_is_told_twice_is_surer() -> None:
    once = answer(found_in(column("500 g", "250 g")), Entity.ITEM_WEIGHT)
    twice = answer(found_in(column("500 g", "250 g", "500 g")), Entity.ITEM_WEIGHT)
    assert twice.prediction == "500.0 gram"
    assert twice.confidence > once.confidence


def turned(read: Reading, degrees: float) -> Reading:
    """The same lines on a page that is turned clockwise around its middle."""
    angle = math.radians(degrees)
    spin = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    lines = [
        TextLine(
            one.text,
            one.confidence,
            tuple(map(tuple, (np.array(one.corners) - 0.5) @ spin * 0.7 + 0.5)),
        )
        for one in read.lines
    ]
    return Reading(tuple(lines), read.width, read.height, read.reader)


@pytest.mark.parametrize("degrees", [90, 180, 270, 12, -8, 95])
@pytest.mark.parametrize("entity", ["item_weight", "maximum_weight_recommendation", "width"])
def test_a_turned_page_says_the_same(entity, degrees) -> None:
    assert said(turned(TABLE, degrees), entity) == said(TABLE, entity)
    upright, leaning = (page_of(one) for one in (TABLE, turned(TABLE, degrees)))
    assert leaning.quarters == round(degrees / 90) % 4
    assert upright.quarters == 0


def test_candidates_know_the_words_around_them() -> None:
    found = candidates(page_of(TABLE))
    heavy = next(one for one in found if one.value == 4.5)
    assert (heavy.left, heavy.before) == ("Item weight", "")
    assert len(fitting(found, Entity.WIDTH)) == 4
    both = candidates(page_of(PACK))
    assert [one.value for one in both if one.repeated] == [500.0, 17.6]


def test_a_litre_read_as_a_one_is_put_right_where_a_volume_is_announced() -> None:
    assert said(table(("Capacity", "1.71")), "item_volume") == "1.7 litre"
    assert said(table(("Model", "1.71")), "item_volume") == ""
