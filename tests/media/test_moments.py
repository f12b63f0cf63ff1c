from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.media.moments import LONGEST_S, Moment, moment_of, moments_of


@st.composite
def stretches(draw: st.DrawFn, *, apart: bool) -> list[Moment]:
    """In order of time, none over another; with pauses between them or without."""
    at, found = 0.0, []
    for _ in range(draw(st.integers(0, 8))):
        at += draw(st.floats(0, 9)) if apart or draw(st.booleans()) else 0.0
        end = at + draw(st.floats(0.5, 70))
        found.append(Moment(at, end))
        at = end
    return found


def test_a_shot_is_a_moment_and_a_long_one_several_of_equal_length() -> None:
    assert moments_of([Moment(0, 5), Moment(5, 50)]) == (
        Moment(0, 5),
        Moment(5, 20),
        Moment(20, 35),
        Moment(35, 50),
    )
    assert moments_of([Moment(1, 21)]) == (Moment(1, 21),)


def test_who_speaks_over_black_makes_a_moment() -> None:
    shots = [Moment(10, 15)]
    assert moments_of(shots, [Moment(12, 14)]) == (Moment(10, 15),)
    spoken = [Moment(1, 3), Moment(4, 9), Moment(9.8, 13), Moment(14, 18)]
    assert moments_of(shots, spoken) == (Moment(1, 9), Moment(10, 15), Moment(15, 18))


def test_a_sound_without_any_picture_has_moments_too() -> None:
    spoken = [Moment(0, 8), Moment(9, 18), Moment(19, 30), Moment(100, 101)]
    assert moments_of([], spoken) == (Moment(0, 18), Moment(19, 30), Moment(100, 101))


@given(shots=stretches(apart=False), spoken=stretches(apart=True))
def test_moments_are_short_in_order_and_never_over_one_another(
    shots: list[Moment], spoken: list[Moment]
) -> None:
    found = moments_of(shots, spoken)
    assert all(0 < one.end_s - one.start_s <= LONGEST_S + 1e-6 for one in found)
    assert all(a.end_s <= b.start_s + 1e-9 for a, b in pairwise(found))
    assert set(moments_of(shots)) <= set(found)
    for span in spoken:
        covered = sum(one.shared_s(span.start_s, span.end_s) for one in found)
        assert covered > 0


@given(shots=stretches(apart=False), start=st.floats(0, 300), length=st.floats(0.01, 40))
def test_a_stretch_belongs_to_the_moment_it_shares_most_with(
    shots: list[Moment], start: float, length: float
) -> None:
    moments = moments_of(shots)
    found = moment_of(moments, start, start + length)
    if not moments:
        assert found is None
        return
    assert found is not None
    shared = [one.shared_s(start, start + length) for one in moments]
    assert found.shared_s(start, start + length) == pytest.approx(max(shared))
