from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.ask.comparing.significance import compared, mcnemar


@pytest.mark.parametrize(
    ("won", "lost", "p"), [(0, 0, 1), (1, 0, 1), (5, 0, 0.0625), (6, 0, 0.03125)]
)
def test_mcnemar_by_hand(won, lost, p):
    assert mcnemar(won, lost) == pytest.approx(p)


@given(st.integers(0, 30), st.integers(0, 30))
def test_mcnemar_is_a_binomial_test(won, lost):
    stats = pytest.importorskip("scipy.stats", reason="pip install scipy to compare")
    n = won + lost
    expected = stats.binomtest(won, n, 0.5).pvalue if n else 1.0
    assert mcnemar(won, lost) == pytest.approx(expected)


def test_better_is_said_only_where_it_is_shown():
    good, bad, noisy = [True] * 12, [False] * 12, [True] * 10 + [False] * 2
    found = {(one.first, one.second): one for one in compared({"a": good, "b": bad, "c": noisy})}
    assert found["a", "b"].better == "a"
    assert found["b", "c"].better == "c"
    assert found["a", "c"].better is None
    assert (found["a", "c"].won, found["a", "c"].lost) == (2, 0)
