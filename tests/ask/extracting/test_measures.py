"""Measures in a line: units, ranges, sizes of several axes, multiples, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.ask.extracting.measures import measures
from scrubjay.ask.extracting.units import TABLE


def told(line: str, label: str = "") -> list[str]:
    return [f"{one.value:g} {one.unit.name}" for one in measures(line, label)]


def axes(line: str, label: str = "") -> list[tuple[float, str | None]]:
    return [(one.value, one.axis) for one in measures(line, label)]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        *[("Net Wt. 500g", ["500 gram"]), ("NETWT500G", ["500 gram"]), ("5OO g", ["500 gram"])],
        *[("16.9 FL OZ (500 mL)", ["16.9 fluid ounce", "500 millilitre"])],
        *[("12V DC", ["12 volt"]), ("24Vdc 2A", ["24 volt"]), ("230V~ 50Hz", ["230 volt"])],
        *[("60 W LED", ["60 watt"]), ("150 mW", ["150 milliwatt"]), ("2 MW", ["2 megawatt"])],
        *[("5'6\"", ["66 inch"]), ("5 ft 6 in", ["66 inch"]), ("6'", ["6 foot"])],
        *[("12”", ["12 inch"]), ("2 lb 3 oz", ["35 ounce"])],
        *[("10.5oz (298g)", ["10.5 ounce", "298 gram"])],
        *[("6 x 330 ml", ["1980 millilitre"]), ("500 ml x 6", ["3000 millilitre"])],
        *[("Weight (kg): 5", ["5 kilogram"]), ("Height in cm: 30", ["30 centimetre"])],
        *[("12-inch pan", ["12 inch"]), ("330mle", ["330 millilitre"])],
        *[("330ml\N{ESTIMATED SYMBOL}", ["330 millilitre"])],
        *[("3 in 1", []), ("Exp 12/05/2025", []), ("$5.99/lb", []), ("50/60Hz", [])],
        *[("S/N 12345678901234", []), ("LA-939G", []), ("24h", []), ("Model 500", [])],
        *[("1/2 gal", ["0.5 gallon"]), ("1½ cups", ["1.5 cup"]), ("1,5 kg", ["1.5 kilogram"])],
    ],
)  # fmt: skip
def test_measures_are_found_and_nothing_else(line, wanted) -> None:
    assert told(line) == wanted


@pytest.mark.parametrize(
    ("line", "label", "wanted"),
    [
        ("W30 x D20 x H60 cm", "", [(30, "w"), (20, "d"), (60, "h")]),
        ("30W x 20D x 60H cm", "", [(30, "w"), (20, "d"), (60, "h")]),
        ('30"W x 20"D x 60"H', "", [(30, "w"), (20, "d"), (60, "h")]),
        ("30 (W) x 20 (D) x 60 (H) cm", "", [(30, "w"), (20, "d"), (60, "h")]),
        ("142L x 14.8Wx 127.5H cm", "", [(142, "l"), (14.8, "w"), (127.5, "h")]),
        ("W60xH30xD20cm", "", [(60, "w"), (30, "h"), (20, "d")]),
        ("LxWxH: 30 x 20 x 10 cm", "", [(30, "l"), (20, "w"), (10, "h")]),
        ("30 x 20 x 10", "Size (W x D x H, cm)", [(30, "w"), (20, "d"), (10, "h")]),
        ("30 x 20 x 10 cm", "", [(30, None), (20, None), (10, None)]),
        ("H: 60 cm", "", [(60, "h")]),
        ("60 cm high", "", [(60, "h")]),
    ],
)
def test_axes_are_those_that_are_written(line, label, wanted) -> None:
    assert axes(line, label) == wanted


def test_a_unit_said_in_the_label_counts() -> None:
    assert told("12.5", "Weight (kg)") == ["12.5 kilogram"]
    assert told("12.5", "Weight") == []


def test_a_range_keeps_both_ends() -> None:
    for line in ("100-240V", "100V - 240V", "100~240 V", "100 to 240 volts", "100–240 V"):  # noqa: RUF001
        (one,) = measures(line)
        assert (one.value, one.high, one.unit.name) == (100, 240, "volt"), line


def test_pieces_are_summed_and_counted() -> None:
    (one,) = measures("4 x 2.5 kg")
    assert (one.value, one.count) == (10, 4)


def test_what_stands_in_brackets_or_was_mended_is_marked() -> None:
    first, second = measures("16 OZ (453g)")
    assert (first.aside, second.aside) == (False, True)
    assert [one.mended for one in measures("5OO g") + measures("500 g")] == [True, False]


SIMPLE = [unit for unit in TABLE if unit.name not in {"metre", "inch"}]


@given(st.floats(0.01, 9999).map(lambda value: round(value, 2)), st.sampled_from(SIMPLE), st.data())
def test_any_value_with_any_spelling_is_found(value, unit, data) -> None:
    letters = [one for one in unit.spellings if not one[0].isdigit()]
    spelling = data.draw(st.sampled_from([unit.name, *letters]))
    joint = data.draw(st.sampled_from(["", " "]))
    (one,) = measures(f"about {value:g}{joint}{spelling} of it")
    assert (one.value, one.unit) == (pytest.approx(value), unit)


@pytest.mark.parametrize("unit", SIMPLE, ids=lambda unit: unit.name)
def test_every_spelling_is_found_beside_its_number(unit) -> None:
    for spelling in (unit.name, *(one for one in unit.spellings if not one[0].isdigit())):
        for joint in ("", " "):
            (one,) = measures(f"about 2{joint}{spelling} of it")
            assert (one.value, one.unit) == (2, unit), spelling


@given(st.text(max_size=80), st.text(max_size=30))
def test_any_text_is_survived(line, label) -> None:
    for one in measures(line, label):
        assert 0 <= one.start < one.end <= len(line)
        assert one.value >= 0
