"""What a month's run may be told, as plain values checked before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from scrubjay.core.errors import BadConfig, UnknownName
from scrubjay.retrain.gating.frozen import FOUND_AMONG

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DataSettings:
    """Where new data come from and what of it is looked at.

    Attributes:
        source: `s3://bucket/prefix`, a folder, or None for what is in the catalog already.
        general: a folder with pictures and descriptions of anybody's.
        slices: attributes, `language` or `tag`, whose values become sets of the gate.
        max_gone: share of the known items that may be gone at once.
        min_new: new items to learn from below which the month waits.
    """

    source: str | None = None
    general: str | None = None
    slices: tuple[str, ...] = ()
    max_gone: float = 0.5
    min_new: int = 1

    def __post_init__(self) -> None:
        """Refuse what means nothing.

        Raises:
            BadConfig: a value outside its range.
        """
        if not 0 <= self.max_gone <= 1:
            raise BadConfig(f"data.max_gone is {self.max_gone}; it must be between 0 and 1")
        if self.min_new < 1:
            raise BadConfig(f"data.min_new is {self.min_new}; it must be 1 or more")


@dataclass(frozen=True, slots=True)
class EvaluateSettings:
    """What counts as found: a right answer among so many first.

    In a small collection ten are most of it; ask for fewer there.
    """

    found_among: int = FOUND_AMONG

    def __post_init__(self) -> None:
        """Refuse fewer than one.

        Raises:
            BadConfig: it is below 1.
        """
        if self.found_among < 1:
            raise BadConfig(f"evaluate.found_among is {self.found_among}; it must be 1 or more")


@dataclass(frozen=True, slots=True)
class BridgeSettings:
    """When mapped rows are good enough to be searched."""

    min_recall: float = 0.8

    def __post_init__(self) -> None:
        """Refuse a share that is none.

        Raises:
            BadConfig: it is not between 0 and 1.
        """
        if not 0 <= self.min_recall <= 1:
            raise BadConfig(f"bridge.min_recall is {self.min_recall}; it must be between 0 and 1")


@dataclass(frozen=True, slots=True)
class EmbedSettings:
    """How many mapped rows a run re-embeds; None is all."""

    limit: int | None = None

    def __post_init__(self) -> None:
        """Refuse a negative number.

        Raises:
            BadConfig: it is below 0.
        """
        if self.limit is not None and self.limit < 0:
            raise BadConfig(f"embed.limit is {self.limit}; give 0 or more, or null for all")


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """Where Prometheus text metrics of the run go; None writes none."""

    folder: str | None = None


@dataclass(frozen=True, slots=True)
class RetainSettings:
    """Generations kept for a rollback, besides the one that serves."""

    generations: int = 1

    def __post_init__(self) -> None:
        """Refuse a negative number.

        Raises:
            BadConfig: it is below 0.
        """
        if self.generations < 0:
            raise BadConfig(f"retain.generations is {self.generations}; it must be 0 or more")


def section(kind: type[T], name: str, given: Mapping[str, Any] | None) -> T:
    """Settings of one section; lists become tuples.

    Raises:
        UnknownName: a key the section does not have.
        BadConfig: a value of another type than the setting's.
    """
    known = [one.name for one in fields(kind)]  # type: ignore[arg-type]
    values = {}
    for key, value in (given or {}).items():
        if key not in known:
            raise UnknownName(f"setting of {name!r}", key, known)
        values[key] = tuple(value) if isinstance(value, list) else value
    try:
        return kind(**values)
    except TypeError as error:
        raise BadConfig(f"{name}: {error}") from error
