"""Numbers of labels: every way to write one is read as its value."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.ask.extracting.numbers import numbers, repaired


def values(text: str) -> list[float]:
    return [one.value for one in numbers(repaired(text))]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        *[("1,5 kg", [1.5]), ("1.5 kg", [1.5]), ("0,500", [0.5]), (".5", [0.5])],
        *[("1,500 g", [1500]), ("12,345,678", [12345678]), ("1.234.567", [1234567])],
        *[("1 500 g", [1500]), ("1,250.75", [1250.75]), ("2.500", [2.5])],
        *[("1/2", [0.5]), ("1 1/2", [1.5]), ("1-1/2", [1.5]), ("2 3/4 in", [2.75])],
        *[("½", [0.5]), ("1½", [1.5]), ("1 ¾", [1.75]), ("1⁄4", [0.25])],  # noqa: RUF001
        *[("5OO g", [500]), ("1O kg", [10]), ("l2 V", [12]), ("I5", [15]), ("O.5 L", [0.5])],
        *[("10 oz", [10]), ("16oz", [16]), ("5 ozs", [5]), ("0.5oz", [0.5])],
        *[("12345678901234", []), ("5901234123457", []), ("AB-500", [])],
        *[("3 x 4 x 5", [3, 4, 5]), ("100-240", [100, 240]), ("3.4FLOZ/100ML", [3.4, 100])],
        *[("", []), ("none", []), ("...", [])],
    ],
)
def test_numbers_are_read_as_labels_write_them(text, wanted) -> None:
    assert values(text) == pytest.approx(wanted)


@given(st.integers(0, 99_999), st.integers(0, 2), st.sampled_from(".,"))
def test_a_decimal_is_its_value_with_a_point_or_a_comma(scaled, places, mark) -> None:
    value = scaled / 10**places
    text = f"{value:.{places}f}".replace(".", mark)
    assert values(f"Net {text} kg") == pytest.approx([value])


@given(st.integers(1000, 99_999_999))
def test_thousands_are_grouped_by_commas(value) -> None:
    assert values(f"{value:,} g") == [value]


@given(st.integers(0, 200), st.sampled_from([2, 4, 8, 16]), st.data())
def test_mixed_numbers_add_up(whole, under, data) -> None:
    over = data.draw(st.integers(1, under - 1))
    text = f"{whole} {over}/{under}" if whole else f"{over}/{under}"
    assert values(text) == pytest.approx([whole + over / under])


@given(st.text(max_size=60))
def test_any_text_is_repaired_character_for_character(text) -> None:
    assert len(repaired(text)) == len(text)
    spans = [(one.start, one.end) for one in numbers(repaired(text))]
    assert all(0 <= a < b <= len(text) for a, b in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    assert all(value >= 0 for value in values(text))
