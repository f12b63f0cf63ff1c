"""What the owner asks of a challenger, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from scrubjay.core.errors import BadConfig
from scrubjay.evaluate.paired import ALPHA, RESAMPLES


class Part(StrEnum):
    """What a frozen set is for."""

    HELD_OUT = "held-out"
    EARLIER = "earlier month"
    GENERAL = "general"
    SLICE = "slice"


@dataclass(frozen=True, slots=True)
class GateSettings:
    """What a challenger must show. Gains, losses, floors are shares of queries: 0.05 is 5 points.

    Attributes:
        minimum_gain: the gain on this month's held-out part must be shown to be above it.
        alpha: error of each one-sided claim.
        pool_margin: the loss on all earlier months together must be shown to be below it.
        earlier_margin: the same of each single earlier month.
        general_margin: the same of the general set.
        slice_margin: the same of each slice.
        minimum_n: content groups below which a set is not judged.
        equal_passes: how often a challenger that lost nothing must get through all regression
            checks together; sets too coarse for that are undecided.
        refuse_undecided: refuse when any set cannot tell.
        floors: name of a set -> smallest success the challenger may have on it.
        max_bytes: of the exported version; None is no limit.
        max_latency_ms: of one query; None is no limit.
        unit_tolerance: how far a row's length may be from 1.
    """

    minimum_gain: float = 0.0
    alpha: float = ALPHA
    pool_margin: float = 0.03
    earlier_margin: float = 0.05
    general_margin: float = 0.05
    slice_margin: float = 0.05
    minimum_n: int = 100
    equal_passes: float = 0.9
    refuse_undecided: bool = False
    floors: Mapping[str, float] = field(default_factory=dict)
    max_bytes: int | None = None
    max_latency_ms: float | None = None
    unit_tolerance: float = 1e-3
    resamples: int = RESAMPLES
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing.

        Raises:
            BadConfig: a value outside its range.
        """
        margins = ("pool_margin", "earlier_margin", "general_margin", "slice_margin")
        ranges: list[tuple[str, float, bool, str]] = [
            ("minimum_gain", self.minimum_gain, -1 < self.minimum_gain < 1, "between -1 and 1"),
            ("alpha", self.alpha, 0 < self.alpha < 0.5, "between 0 and 0.5"),
            ("minimum_n", self.minimum_n, self.minimum_n >= 2, "at least 2"),
            ("equal_passes", self.equal_passes, 0 < self.equal_passes < 1, "between 0 and 1"),
            ("unit_tolerance", self.unit_tolerance, self.unit_tolerance > 0, "above 0"),
            ("resamples", self.resamples, self.resamples * self.alpha >= 2, "2 / alpha or more"),
            *[
                (name, getattr(self, name), 0 < getattr(self, name) < 1, "between 0 and 1")
                for name in margins
            ],
            *[
                (f"floors.{name}", floor, 0 <= floor <= 1, "between 0 and 1")
                for name, floor in self.floors.items()
            ],
        ]
        for name, value, right, allowed in ranges:
            if not right:
                raise BadConfig(f"gate.{name} is {value:g}; it must be {allowed}")

    def margin(self, part: Part) -> float:
        """The loss a regression check of this part allows."""
        return {
            Part.EARLIER: self.earlier_margin,
            Part.GENERAL: self.general_margin,
            Part.SLICE: self.slice_margin,
        }[part]

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON, for the decision's record."""
        named = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**named, "floors": dict(self.floors)}
