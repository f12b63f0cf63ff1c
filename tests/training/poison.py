"""A loss that turns bad."""

from __future__ import annotations

from typing import Any

from scrubjay.training.losses import InfoNCE


class Poisoned(InfoNCE):
    """InfoNCE whose training loss is not a number at one call."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._at, self._calls = at, 0

    def forward(self, vectors: Any, groups: Any) -> Any:
        found = super().forward(vectors, groups)
        self._calls += self.training
        bad = self.training and self._calls == self._at
        return {**found, "loss": found["loss"] * float("nan")} if bad else found
