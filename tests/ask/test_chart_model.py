from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest

from scrubjay.ask.chart import Chart, Series
from scrubjay.ask.chart_model import Nonsense, chart_from
from scrubjay.ask.charting import chart_of
from scrubjay.core.looking import Message, ModelSpec, Reply, Sampling
from scrubjay.core.reading import Reading, TextLine
from scrubjay.models.load import load_ocr

TABLE = {
    "kind": "bar",
    "title": "Harvest",
    "x_label": "",
    "y_label": "Tonnes",
    "unit": "",
    "categories": ["Apples", "Pears"],
    "series": [{"name": "2024", "values": [3, 4.5]}, {"name": "2025", "values": [None, -1]}],
}
PICTURE = np.full((40, 60, 3), 255, np.uint8)


class Telling:
    """A model that looks and always says one thing."""

    def __init__(self, text: str, *, told: bool = True, finished: bool = True, able: bool = True):
        self.said = Reply(text, told=told, confidence=0.8, finished=finished)
        self.spec = ModelSpec("telling", "teller", "f0", instructed=able)
        self.asked: list[Sequence[Message]] = []

    def reply(self, messages: Sequence[Message], sampling: Sampling) -> Reply:
        self.asked.append(messages)
        return self.said


def reading(*texts: str) -> Reading:
    whole = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    return Reading(tuple(TextLine(one, 1.0, whole) for one in texts), 60, 40, "test")


def told_by(model: Telling, *texts: str):
    return chart_of(PICTURE, reading(*texts), model, load_ocr("fake"))


def test_the_table_a_model_tells_is_the_chart() -> None:
    chart = chart_from(json.dumps(TABLE))
    assert chart == Chart(
        kind="bar", title="Harvest", x_label="", y_label="Tonnes",
        categories=("Apples", "Pears"),
        series=(Series("2024", (3.0, 4.5)), Series("2025", (None, -1.0))), how="model",
    )  # fmt: skip
    assert chart.rows() == (("", "2024", "2025"), ("Apples", "3", ""), ("Pears", "4.5", "-1"))


def test_a_code_fence_around_it_is_taken_off() -> None:
    assert chart_from(f"```json\n{json.dumps(TABLE)}\n```") == chart_from(json.dumps(TABLE))


def test_no_chart_is_a_normal_answer() -> None:
    assert chart_from('{"kind": "none"}') is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The chart shows apples and pears.",
        "[1, 2]",
        json.dumps(TABLE) + " I hope this helps!",
        json.dumps(TABLE | {"categories": "Apples"}),
        json.dumps(TABLE | {"categories": ["Apples", {"a": 1}]}),
        json.dumps(TABLE | {"categories": []}),
        json.dumps(TABLE | {"categories": ["x"] * 300}),
        json.dumps(TABLE | {"series": []}),
        json.dumps(TABLE | {"series": [{"name": "a", "values": [1]}]}),
        json.dumps(TABLE | {"series": [{"name": "a", "values": [1, "many"]}]}),
        json.dumps(TABLE | {"series": [{"name": "a", "values": [1, True]}]}),
        json.dumps(TABLE | {"series": [[1, 2]]}),
        json.dumps(TABLE | {"title": "x" * 5000}),
        json.dumps(TABLE).replace("4.5", "NaN"),
        json.dumps(TABLE).replace("4.5", "1e999"),
        "[" * 100_000,
    ],
)
def test_nonsense_is_no_table(text: str) -> None:
    with pytest.raises(Nonsense):
        chart_from(text)


def test_a_model_that_can_be_instructed_is_asked_and_believed_with_its_confidence() -> None:
    model = Telling(json.dumps(TABLE))
    told = told_by(model, "Apples", "Pears", "2024", "2025")
    assert (told.chart.how, told.chart.confidence, told.by) == ("model", 0.8, "telling teller")
    assert told.chart.notes == told.notes == ()
    assert np.array_equal(model.asked[0][0].pictures[0], PICTURE)


def test_names_that_stand_nowhere_in_the_picture_are_remarked_on() -> None:
    told = told_by(Telling(json.dumps(TABLE)), "Visitors", "Oslo", "Lima")
    assert "hold it against the chart" in told.chart.notes[0]


def test_a_model_that_sees_no_chart_is_believed() -> None:
    told = told_by(Telling('{"kind": "none"}'))
    assert told.chart is None
    assert told.notes == ("no chart is seen in it by teller",)


@pytest.mark.parametrize(
    "model",
    [
        Telling("apples: many"),
        Telling("I can't tell", told=False),
        Telling(json.dumps(TABLE), finished=False),
    ],
)
def test_what_a_model_cannot_tell_is_said_and_measured_instead(model: Telling) -> None:
    told = told_by(model)
    assert told.by == "geometry"
    assert told.notes[0].startswith("the table teller told cannot be used")
    assert told.notes[1].startswith("no bar chart that can be measured")


def test_a_model_that_follows_no_instructions_is_not_asked() -> None:
    model = Telling(json.dumps(TABLE), able=False)
    assert told_by(model).by == "geometry"
    assert not model.asked
