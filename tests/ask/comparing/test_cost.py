from __future__ import annotations

import pytest

from scrubjay.ask.comparing.cost import Price, Prices, cost_per_1000
from scrubjay.core.errors import BadConfig
from tests.ask.comparing.posed import said

TWO = (
    said("a", seconds=1.0, tokens_in=100, tokens_out=10),
    said("b", seconds=3.0, tokens_in=300, tokens_out=30),
)


@pytest.mark.parametrize(
    ("price", "cost"),
    [
        (Price(per_hour=3.6), 2.0),  # 2 s each at 0.001 a second
        (Price(per_million_in=5.0, per_million_out=50.0), 2.0),  # 200 and 20 tokens each
        (Price(per_answer=0.004), 4.0),
        (Price(per_hour=3.6, per_answer=0.004), 6.0),
        (None, None),
    ],
)
def test_a_thousand_answers_by_hand(price, cost):
    assert cost_per_1000(price, TWO) == (None if cost is None else pytest.approx(cost))


def test_tokens_that_were_not_counted_have_no_cost():
    assert cost_per_1000(Price(per_million_out=1.0), (said("a", seconds=1.0),)) is None
    assert cost_per_1000(Price(per_hour=1.0), ()) is None


def test_a_point_is_looked_up_before_its_model_and_its_family():
    prices = Prices.from_config(
        {
            "currency": "EUR",
            "machine_per_hour": 0.5,
            "models": {"remote": {"per_answer": 1}, "mine": {"per_answer": 2}},
        }
    )
    assert prices.of(["mine", "m", "remote"], elsewhere=True) == Price(per_answer=2)
    assert prices.of(["other", "m", "remote"], elsewhere=True) == Price(per_answer=1)
    assert prices.of(["builtin"], elsewhere=False) == Price(per_hour=0.5)
    assert prices.of(["somewhere"], elsewhere=True) is None
    assert Prices().of(["builtin"], elsewhere=False) is None


@pytest.mark.parametrize(
    ("told", "said_"),
    [
        ({"machine_per_hour": -1}, "prices.machine_per_hour must be a number"),
        ({"machine_per_hour": "much"}, "prices.machine_per_hour must be a number"),
        ({"models": {"a": {"per_hours": 1}}}, "prices.models.a.per_hours means nothing"),
        ({"models": {"a": 1}}, "prices.models.a must hold"),
        ({"models": [1]}, "prices.models must hold prices"),
        ({"currency": 3}, "prices.currency must be a text"),
        ({"per_hour": 3}, "prices.per_hour means nothing"),
        (None, "prices must hold"),
    ],
)
def test_a_price_that_is_none_is_named(told, said_):
    with pytest.raises(BadConfig, match=said_):
        Prices.from_config(told)
