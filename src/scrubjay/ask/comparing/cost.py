"""What a thousand answers cost, by the owner's own prices."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from scrubjay.ask.comparing.said import Said
from scrubjay.core.errors import BadConfig

PER: Final = 1000
RATES: Final = ("per_hour", "per_million_in", "per_million_out", "per_answer")


@dataclass(frozen=True, slots=True)
class Price:
    """What one model costs, in the table's currency; what is None costs nothing.

    Attributes:
        per_hour: of the machine it runs on.
        per_million_in: tokens read.
        per_million_out: tokens written.
    """

    per_hour: float | None = None
    per_million_in: float | None = None
    per_million_out: float | None = None
    per_answer: float | None = None


@dataclass(frozen=True, slots=True)
class Prices:
    """The price table.

    Attributes:
        machine_per_hour: of this machine, for models that run on it and have no price of their own;
            None: not known.
        models: point, model or family -> its price.
    """

    currency: str = "USD"
    machine_per_hour: float | None = None
    models: Mapping[str, Price] = field(default_factory=dict)

    @classmethod
    def from_config(cls, told: object) -> Prices:
        """The table of a configuration.

        Raises:
            BadConfig: a price that is none.
        """
        if not isinstance(told, Mapping):
            raise BadConfig("prices must hold currency, machine_per_hour and models")
        models = told.get("models") or {}
        if not isinstance(models, Mapping):
            raise BadConfig("prices.models must hold prices by the name of a point or model")
        for key in told:
            if key not in {"currency", "machine_per_hour", "models"}:
                raise BadConfig(f"prices.{key} means nothing here")
        currency = told.get("currency", "USD")
        if not isinstance(currency, str) or not currency.strip():
            raise BadConfig(f"prices.currency must be a text, not {currency!r}")
        return cls(
            currency=currency.strip(),
            machine_per_hour=_amount("prices.machine_per_hour", told.get("machine_per_hour")),
            models={str(name): _price(str(name), one) for name, one in models.items()},
        )

    def of(self, names: Sequence[str], *, elsewhere: bool) -> Price | None:
        """The price of a point by the first of its names that has one; None: it is not known.

        Args:
            names: the point's, its model's and its family's.
            elsewhere: whether it runs on another machine than this.
        """
        for name in names:
            if name in self.models:
                return self.models[name]
        if elsewhere or self.machine_per_hour is None:
            return None
        return Price(per_hour=self.machine_per_hour)


def cost_per_1000(price: Price | None, said: Sequence[Said]) -> float | None:
    """What a thousand such answers cost, asked one after the other.

    Returns:
        None where there is no price, no answer, or tokens have a price and were not counted.
    """
    answers = [one for one in said if one.error is None]
    if price is None or not answers:
        return None
    total = (price.per_answer or 0.0) * len(answers)
    total += (price.per_hour or 0.0) * sum(one.seconds for one in answers) / 3600
    for rate, counts in (
        (price.per_million_in, [one.tokens_in for one in answers]),
        (price.per_million_out, [one.tokens_out for one in answers]),
    ):
        if rate:
            known = [one for one in counts if one is not None]
            if len(known) != len(counts):
                return None
            total += rate * sum(known) / 1e6
    return PER * total / len(answers)


def _price(name: str, told: object) -> Price:
    if not isinstance(told, Mapping) or not told:
        raise BadConfig(f"prices.models.{name} must hold some of {', '.join(RATES)}")
    for key in told:
        if key not in RATES:
            raise BadConfig(f"prices.models.{name}.{key} means nothing; known: {', '.join(RATES)}")
    return Price(**{key: _amount(f"prices.models.{name}.{key}", told[key]) for key in told})


def _amount(name: str, told: Any) -> float | None:  # noqa: ANN401 - YAML
    if told is None:
        return None
    good = isinstance(told, int | float) and not isinstance(told, bool)
    if not good or not math.isfinite(told) or told < 0:
        raise BadConfig(f"{name} must be a number of at least 0, not {told!r}")
    return float(told)
