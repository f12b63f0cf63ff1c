from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from scrubjay.ask.comparing.pareto import Dot, front, svg

DOTS = [Dot(1, "best", 3.0, 0.9), Dot(2, "fast", 0.1, 0.5), Dot(3, "beaten", 4.0, 0.8)]


def test_who_is_beaten_on_both_is_not_on_the_front():
    assert [dot.name for dot in front(DOTS)] == ["best", "fast"]
    twins = [Dot(1, "a", 1.0, 0.5), Dot(2, "b", 1.0, 0.5)]
    assert front(twins) == twins


@given(st.lists(st.tuples(st.floats(0.001, 1000), st.floats(0, 1)), min_size=1, max_size=20))
def test_everybody_else_is_beaten_by_somebody_on_it(pairs):
    dots = [Dot(at, str(at), x, y) for at, (x, y) in enumerate(pairs)]
    best = front(dots)
    assert best
    for dot in dots:
        assert dot in best or any(one.x <= dot.x and one.y >= dot.y for one in best)
    ElementTree.fromstring(svg(dots, title="t", across="x", up="y", ident="i"))


def test_the_drawing_says_in_words_what_it_shows_and_escapes_names():
    drawn = svg(
        [Dot(1, "<script>&", 1.0, 0.25), Dot(2, "b", 2.0, 0.75)],
        title="t <b>",
        across="s",
        up="right",
        ident="plot",
    )
    root = ElementTree.fromstring(drawn)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "plot-title plot-told"
    assert [one.get("id") for one in list(root)[:2]] == ["plot-title", "plot-told"]
    assert "1 <script>&: s 1, right 25.0%" in root[1].text
    assert "<script" not in drawn


def test_better_points_are_higher_and_faster_ones_further_left():
    root = ElementTree.fromstring(svg(DOTS, title="t", across="x", up="y", ident="i"))
    marks = [one for one in root.iter() if one.get("class") in {"on", "off"}]
    at = [
        (float(one.get("x") or one.get("cx")), float(one.get("y") or one.get("cy")))
        for one in marks
    ]
    (best, fast, beaten) = at
    assert fast[0] < best[0] < beaten[0]
    assert best[1] < beaten[1] < fast[1]
