from __future__ import annotations

import pytest

from scrubjay.evaluate.wilson import estimated, wilson


def test_wilson_by_hand():
    low, high = wilson(0.5, 10)
    assert (low, high) == pytest.approx((0.2366, 0.7634), abs=1e-3)
    assert wilson(1.0, 10)[0] == pytest.approx(0.7225, abs=1e-3)


def test_an_interval_is_not_narrow_where_all_is_right_or_where_questions_share_a_picture():
    assert estimated([1.0] * 10, list("abcdefghij")).low < 0.75
    values = [1.0] * 20 + [0.0] * 20
    apart = estimated(values, [str(at) for at in range(40)])
    together = estimated(values, ["a"] * 20 + ["b"] * 20)
    assert together.high - together.low > 2 * (apart.high - apart.low)
