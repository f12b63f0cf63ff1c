from __future__ import annotations

import pytest

from scrubjay.ask.chart_numbers import Label, axis_through, number


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("12", 12, ""),
        ("1,234", 1234, ""),
        ("1 000 000", 1_000_000, ""),
        ("1.5", 1.5, ""),
        (".5", 0.5, ""),
        ("-3", -3, ""),
        ("\u22123", -3, ""),
        ("$1,200.50", 1200.5, "$"),
        ("-$40", -40, "$"),
        ("€ 5", 5, "€"),
        ("20%", 20, "%"),
        ("2.5 %", 2.5, "%"),
        ("15k", 15_000, ""),
        ("3M", 3_000_000, ""),
        ("1O", 10, ""),
        ("80,000-", 80_000, ""),
        ("2019", 2019, ""),
        ("S350", 350, "$"),
        ("SO", 0, "$"),
    ],
)
def test_numbers_are_read_as_charts_write_them(text, value, unit) -> None:
    told = number(text)
    assert told is not None
    assert (told.value, told.unit) == (value, unit)


@pytest.mark.parametrize(
    "text", ["", "abc", "12 apples", "1,23,4", "12.5.3", "0 200", "O", "Q3", "2020-21", "--", "%"]
)
def test_other_text_is_no_number(text: str) -> None:
    assert number(text) is None


def test_a_comma_may_be_the_decimal_sign() -> None:
    assert number("1,5") is None
    assert number("1,5", decimal=",").value == 1.5
    assert number("1.234,5", decimal=",").value == 1234.5


def ticks(texts: list[str], *, step: float = 50, left: float = 40, height: float = 14):
    """Labels set flush right, the first one lowest."""
    return [
        Label(
            text, 400 - step * at, (left - 7 * len(text), left, left - 3.5 * len(text)), height, 1
        )
        for at, text in enumerate(texts)
    ]


def test_an_axis_goes_through_labels_at_even_steps() -> None:
    axis = axis_through(ticks(["0", "10", "20", "30"]), rising=False)
    assert axis.values == (0, 10, 20, 30)
    assert axis.value(375) == pytest.approx(5)
    assert axis.pixel(15) == pytest.approx(325)
    assert axis.span == 30


def test_what_stands_elsewhere_or_says_another_thing_is_left_out() -> None:
    labels = ticks(["0", "10", "Z0", "30", "40"])
    labels.append(Label("17", 210, (300, 320, 310), 14, 1))  # a value written beside a bar
    labels.append(Label("99", 310, (26, 40, 33), 14, 1))  # misread
    axis = axis_through(labels, rising=False)
    assert axis.values == (0, 10, 30, 40)


@pytest.mark.parametrize(
    ("texts", "values", "unit"),
    [
        (["0%", "25%", "50%", "75%"], (0, 25, 50, 75), "%"),
        (["-1,000", "0", "1,000", "2,000"], (-1000, 0, 1000, 2000), ""),
        (["0,0", "0,5", "1,0", "1,5"], (0, 0.5, 1, 1.5), ""),
        (["0", "20,000", "40,000", "60,000"], (0, 20_000, 40_000, 60_000), ""),
        (["0", "20.000", "40.000", "60.000"], (0, 20_000, 40_000, 60_000), ""),
        (["0.000", "0.250", "0.500"], (0, 0.25, 0.5), ""),
        (["20,000", "40,000", "60,000", "80,00"], (20_000, 40_000, 60_000), ""),
        (["$0", "$5", "$10"], (0, 5, 10), "$"),
    ],
)
def test_all_of_an_axis_is_written_one_way(texts, values, unit) -> None:
    axis = axis_through(ticks(texts), rising=False)
    assert axis.values == pytest.approx(values)
    assert axis.unit == unit


@pytest.mark.parametrize(
    "texts", [[], ["5"], ["0", "10"], ["1", "10", "100", "1000"], ["a", "b", "c"]]
)
def test_no_axis_without_three_even_steps(texts) -> None:
    assert axis_through(ticks(texts), rising=False) is None


def test_values_must_rise_the_way_they_are_expected_to() -> None:
    assert axis_through(ticks(["0", "10", "20"]), rising=True) is None
