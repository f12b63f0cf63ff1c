"""Figures, times and kinds as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from scrubjay.web.pages import words


@pytest.mark.parametrize(
    ("month", "long", "short"),
    [
        ("2026-11", "November 2026", "Nov 26"),
        ("2026-01", "January 2026", "Jan 26"),
        ("2026-13", "2026-13", "2026-13"),
        ("<b>", "<b>", "<b>"),
        ("", "", ""),
    ],
)
def test_a_month_has_a_name_and_what_is_none_stays(month: str, long: str, short: str) -> None:
    assert words.month_name(month) == long
    assert words.short_month(month) == short


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (16_480, "16.5 kB"), (2**31, "2.15 GB")],
)
def test_a_size_is_in_the_largest_unit_that_fits(count: int, said: str) -> None:
    assert words.size(count) == said


@pytest.mark.parametrize(
    ("seconds", "clock", "span"),
    [
        (0.2, "0:00", "under 1 s"),
        (12.4, "0:12", "12 s"),
        (59.6, "1:00", "60 s"),
        (125, "2:05", "2 min"),
        (3599, "59:59", "1 h 0 min"),
        (7505, "2:05:05", "2 h 5 min"),
    ],
)
def test_seconds_are_a_clock_or_a_length(seconds: float, clock: str, span: str) -> None:
    assert words.clock(seconds) == clock
    assert words.span(seconds) == span


def test_times_say_their_zone_where_they_have_one() -> None:
    assert words.moment(datetime(2026, 11, 2, 9, 5, tzinfo=UTC)) == "2 November 2026, 09:05 UTC"
    assert words.moment(datetime(2026, 11, 2, 9, 5)) == "2 November 2026, 09:05"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (True, "yes"),
        (False, "no"),
        (12.50, "12.5"),
        (3, "3"),
        (("a", "b"), "a, b"),
        (date(2026, 11, 30), "30 November 2026"),
        ("red", "red"),
    ],
)
def test_an_attribute_is_said_plainly(value: object, said: str) -> None:
    assert words.plainly(value) == said


def test_shares_and_numbers_say_when_there_is_none() -> None:
    assert (words.percent(0.8349), words.percent(None)) == ("83.5%", "-")
    assert (words.number(12345), words.number(None)) == ("12,345", "-")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no item 'x' is here", "No item 'x' is here."),
        ("notes.txt: is no picture", "notes.txt: is no picture."),
        ("Ready.", "Ready."),
        ("", "."),
    ],
)
def test_a_message_is_a_sentence_and_names_keep_their_letters(text: str, said: str) -> None:
    assert words.sentence(text) == said


@pytest.mark.parametrize(
    ("names", "said"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_names_are_listed_as_people_list_them(names: list[str], said: str) -> None:
    assert words.listed(names) == said
