from __future__ import annotations

import pytest

from scrubjay.core.times import clock


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (4.4, "0:04"), (59.6, "1:00"), (245, "4:05"), (3_845.2, "1:04:05"), (-1, "0:00")],
)
def test_times_are_read_as_on_a_player(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown
