"""The months' plot: every figure stands where its share says, and the words say the same."""

from __future__ import annotations

import itertools

import pytest

from scrubjay.web.pages.plot import BOTTOM, LABELS, LEFT, RIGHT, TOP, plot_of


def month(name: str, status: str = "promoted", *, before=None, after=None, earlier=None) -> dict:
    held_out = {"champion": before, "challenger": after}
    return {
        "month": name,
        "status": status,
        "held_out": {who: value for who, value in held_out.items() if value is not None} or None,
        "earlier": None if earlier is None else {"challenger": earlier},
    }


def test_nothing_measured_is_no_plot() -> None:
    assert plot_of([], found_among=10) is None
    assert plot_of([month("2026-01", "stopped")], found_among=10) is None


def test_shares_are_heights_and_months_go_from_left_to_right() -> None:
    plot = plot_of(
        [month("2026-01", after=0.0), month("2026-02", "refused", before=0.5, after=1.0)],
        found_among=10,
    )
    assert plot is not None
    after = next(line for line in plot.lines if line.name == "after")
    assert [mark.y for mark in after.marks] == [BOTTOM, TOP]
    assert [mark.served for mark in after.marks] == [True, False]
    before = next(line for line in plot.lines if line.name == "before")
    assert [mark.y for mark in before.marks] == [(TOP + BOTTOM) / 2]
    assert LEFT < after.marks[0].x < after.marks[1].x < RIGHT
    assert before.marks[0].x == after.marks[1].x
    assert after.pieces == (f"M{after.marks[0].x:g} {BOTTOM} L{after.marks[1].x:g} {TOP}",)
    assert before.pieces == ()


def test_a_month_without_a_figure_parts_a_line_and_one_without_any_is_left_out() -> None:
    rows = [
        month("2026-01", after=0.4, earlier=0.4),
        month("2026-02", after=0.5),
        month("2026-03", "stopped"),
        month("2026-04", after=0.6, earlier=0.5),
        month("2026-05", after=0.7, earlier=0.6),
    ]
    plot = plot_of(rows, found_among=10)
    assert plot is not None
    lines = {line.name: line for line in plot.lines}
    assert set(lines) == {"after", "earlier"}
    assert [tick.label for tick in plot.months] == ["Jan 26", "Feb 26", "Apr 26", "May 26"]
    assert len(lines["after"].pieces) == 1
    assert len(lines["earlier"].pieces) == 1
    assert len(lines["earlier"].marks) == 3


def test_the_words_tell_the_last_month() -> None:
    plot = plot_of([month("2026-11", "refused", before=0.72, after=0.7)], found_among=10)
    assert plot is not None
    for words in ("One month", "November 2026", "from 72.0% to 70.0%", "refused"):
        assert words in plot.told


@pytest.mark.parametrize("count", [1, LABELS, LABELS + 1, 60])
def test_many_months_keep_their_labels_apart(count: int) -> None:
    rows = [month(f"{2020 + at // 12}-{at % 12 + 1:02}", after=0.5) for at in range(count)]
    plot = plot_of(rows, found_among=10)
    assert plot is not None
    assert 1 <= len(plot.months) <= LABELS
    places = [tick.at for tick in plot.months]
    assert all(b - a > 0.99 * (RIGHT - LEFT) / LABELS for a, b in itertools.pairwise(places))
