from __future__ import annotations

import pytest

from scrubjay.evaluate.wilson import wilson


def test_wilson_by_hand():
    low, high = wilson(0.5, 10)
    assert (low, high) == pytest.approx((0.2366, 0.7634), abs=1e-3)
    assert wilson(1.0, 10)[0] == pytest.approx(0.7225, abs=1e-3)
