from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from scrubjay.ask.chart_geometry import measured
from scrubjay.ask.charting import chart_of
from scrubjay.core.reading import Reading
from scrubjay.media.world.draw import draw
from scrubjay.media.world.scene import Scene, Template
from scrubjay.models.load import load_ocr
from tests.ask.charts import chart_pictures

pytest.importorskip("rapidocr", reason="charts need the extra: pip install 'scrubjay[ocr]'")

drawing = chart_pictures()
PLAIN = drawing.Style(
    width=760, height=520, font=drawing.FONTS[0], size=15, lying=False, series=1, negative=False,
    written="plain", grid=True, panel=False, frame=True, outline=False, labelled=False,
    legend="right", leaning=False, jpeg=False, palette=0,
)  # fmt: skip


@pytest.fixture(scope="module")
def reader():
    return load_ocr("rapidocr", threads=1)


def drawn(seed: int = 1, **changes):
    style = dataclasses.replace(PLAIN, **changes)
    return drawing.drawn_chart(np.random.default_rng(seed), style)


def worst(chart, truth) -> float:
    """The largest miss of a value, as a share of the axis."""
    told = [one.values for one in chart.series]
    assert [len(row) for row in told] == [len(row) for row in truth.values]
    return float(np.abs(np.array(told, float) - np.array(truth.values)).max() / truth.span)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"lying": True, "written": "thousands", "width": 900},
        {"series": 3, "legend": "above", "panel": True, "jpeg": True, "width": 900},
        {"lying": True, "series": 2, "height": 640, "palette": 3},
        {"negative": True, "written": "decimal", "outline": True, "grid": False},
        {"written": "percent", "leaning": True, "palette": 2, "frame": False},
        {"written": "comma", "labelled": True, "size": 18},
    ],
    ids=["plain", "lying", "three series", "two lying", "negative", "leaning", "comma"],
)
def test_a_drawn_chart_is_told_with_its_names_and_values_within_3_percent(reader, changes) -> None:
    picture, truth = drawn(**changes)
    chart = measured(picture, reader.read(picture), reader).chart
    assert chart is not None
    assert chart.kind == ("horizontal bar" if truth.lying else "bar")
    assert worst(chart, truth) <= 0.03
    assert chart.categories == truth.categories
    assert tuple(one.name for one in chart.series) == truth.names
    assert chart.title == truth.title
    assert (chart.x_label if truth.lying else chart.y_label) == truth.measure
    assert chart.unit == ("%" if truth.style.endswith("percent") else "")
    assert chart.how == "geometry"
    assert 0.5 < chart.confidence <= 1


def test_numbers_written_at_bars_are_told_exactly(reader) -> None:
    picture, truth = drawn(seed=4, labelled=True, written="thousands")
    chart = measured(picture, reader.read(picture), reader).chart
    assert chart.series[0].values == pytest.approx(truth.values[0])


@pytest.mark.slow
def test_charts_of_many_styles_are_measured_within_3_percent(reader) -> None:
    right = total = 0
    for seed in range(2000, 2060):
        picture, truth = drawing.drawn_chart(np.random.default_rng(seed))
        chart = measured(picture, reader.read(picture), reader).chart
        wanted = np.array(truth.values)
        total += wanted.size
        told = [] if chart is None else [one.values for one in chart.series]
        if [len(row) for row in told] == [len(row) for row in truth.values]:
            off = np.abs(np.array(told, float) - wanted) / truth.span
            right += int((np.nan_to_num(off, nan=1.0) <= 0.03).sum())
    assert right / total >= 0.95


def no_charts() -> dict[str, np.ndarray]:
    random = np.random.default_rng(2)
    page = Image.new("RGB", (600, 400), "white")
    pen = ImageDraw.Draw(page)
    for at, line in enumerate(["Rent 500", "Food 320", "Energy 90", "Books 45"]):
        pen.text((40, 40 + 40 * at), line, fill="black", font_size=24)
    return {
        "a page of text": np.array(page),
        "noise": random.integers(0, 256, (300, 400, 3)).astype(np.uint8),
        "one colour": np.full((200, 300, 3), 90, np.uint8),
        "one pixel": np.zeros((1, 1, 3), np.uint8),
        "a sign": draw(Scene(Template.SIGN, (), word=3), random).picture,
    }


@pytest.mark.parametrize("name", no_charts())
def test_a_picture_that_is_no_chart_says_so(reader, name: str) -> None:
    picture = no_charts()[name]
    told = chart_of(picture, reader.read(picture), None, reader)
    assert told.chart is None
    assert told.notes[0].startswith("no bar chart that can be measured: no ")


def test_a_line_chart_is_not_taken_for_bars(reader) -> None:
    picture = Image.new("RGB", (700, 460), "white")
    pen = ImageDraw.Draw(picture)
    for at in range(6):
        pen.text((60, 400 - 60 * at), f"{10 * at}", fill="black", font_size=18, anchor="rm")
        pen.text((120 + 100 * at, 430), f"{2019 + at}", fill="black", font_size=18, anchor="mm")
    places = [(120 + 100 * at, 380 - 37 * at % 200) for at in range(6)]
    pen.line(places, fill=(30, 100, 200), width=3)
    pen.line((80, 400, 680, 400), fill="black")
    pen.line((80, 60, 80, 400), fill="black")
    shown = np.array(picture)
    found = measured(shown, reader.read(shown), reader)
    assert found.chart is None
    assert "bars" in found.why


def test_without_text_there_is_no_axis() -> None:
    picture, _ = drawn()
    height, width = picture.shape[:2]
    assert measured(picture, Reading((), width, height, "none")).chart is None


def test_an_axis_with_its_ticks_is_no_label(reader) -> None:
    """Turned on its side, the topmost tick and the axis look like an L."""
    picture = Image.new("RGB", (700, 500), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(18)
    pen.line((100, 50, 100, 400), fill="black", width=2)
    pen.line((100, 400, 650, 400), fill="black", width=2)
    for value in range(0, 51, 10):
        y = 400 - 7 * value
        pen.line((94, y, 100, y), fill="black", width=2)
        pen.text((60, y - 10), str(value), fill="black", font=font)
    for at, (name, value) in enumerate((("Anna", 20), ("Berta", 35), ("Cleo", 45))):
        left = 160 + 160 * at
        pen.rectangle((left, 400 - 7 * value, left + 80, 399), fill=(40, 80, 200))
        pen.text((left + 10, 410), name, fill="black", font=font)
    pixels = np.asarray(picture)
    chart = measured(pixels, reader.read(pixels), reader).chart
    assert chart is not None
    assert chart.y_label == ""
    assert chart.categories == ("Anna", "Berta", "Cleo")
    assert np.abs(np.array(chart.series[0].values) - (20, 35, 45)).max() <= 0.5
