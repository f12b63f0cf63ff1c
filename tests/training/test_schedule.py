"""The learning rate against cases worked out by hand."""

import pytest

from scrubjay.core.errors import BadConfig
from scrubjay.training.schedule import cosine_with_warmup, warmup_steps


def test_it_warms_up_in_a_line_and_falls_along_half_a_cosine() -> None:
    rates = [cosine_with_warmup(step, total=14, warmup=4, final=0.0) for step in range(15)]
    assert rates[:4] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert rates[4] == 1.0
    assert rates[9] == pytest.approx(0.5)
    assert rates[14] == pytest.approx(0.0)
    assert rates[4:] == sorted(rates[4:], reverse=True)


def test_it_ends_at_the_final_share_and_stays_there() -> None:
    for step in (100, 101, 500):
        assert cosine_with_warmup(step, total=100, warmup=0, final=0.1) == pytest.approx(0.1)


def test_no_step_of_a_run_has_a_rate_of_zero_before_the_end() -> None:
    assert all(cosine_with_warmup(step, total=5, warmup=5, final=0.0) > 0 for step in range(5))


@pytest.mark.parametrize(("warmup", "steps"), [(0.1, 10), (0, 0), (25, 25), (1, 1), (1000, 100)])
def test_warm_up_is_a_share_below_one_and_steps_from_one_on(warmup: float, steps: int) -> None:
    assert warmup_steps(warmup, 100) == steps


@pytest.mark.parametrize("warmup", [-1, float("nan"), float("inf")])
def test_a_senseless_warm_up_is_refused(warmup: float) -> None:
    with pytest.raises(BadConfig, match="warmup"):
        warmup_steps(warmup, 100)
