"""What the owner asks of a month's rows, as plain values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from scrubjay.core.errors import BadConfig, UnknownName

BAD_ROWS = "bad rows"
LANGUAGE = "language"
DUPLICATES = "duplicates"
SHIFT = "shift"
RULES = (BAD_ROWS, LANGUAGE, DUPLICATES, SHIFT)
"""Every batch rule, in the order they are reported."""

_LANGUAGE_CODE = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True, slots=True)
class ValidateSettings:
    """What new objects must be like. Shares are of 1: 0.05 is 5 in 100.

    Attributes:
        max_bad: largest share of the new objects that may be bad.
        require_description: whether a picture without a description is a bad row.
        max_description: characters one description may have.
        languages: codes the descriptions should be in, such as `en`; none turns the rule off.
        max_other_language: largest share of the new described items in any other language.
        max_duplicates: largest share of the new objects that repeat another's content.
        class_columns: `tags`, `kind`, and attributes, whose shares are compared with the last
            snapshot's; one that no item has is left out.
        max_shift: largest distance between the shares, beyond what chance alone makes of it.
        alpha: how often chance alone may look like a shift, per column.
        minimum_n: items below which a share or a shift is not judged.
        stop_on: rules that stop the run when they are broken; the others warn.
        seed: the same seed gives the same verdict.
    """

    max_bad: float = 0.05
    require_description: bool = False
    max_description: int = 5_000
    languages: tuple[str, ...] = ()
    max_other_language: float = 0.1
    max_duplicates: float = 0.3
    class_columns: tuple[str, ...] = ("tags", "kind", "class", "label", "category", "type")
    max_shift: float = 0.3
    alpha: float = 0.01
    minimum_n: int = 20
    stop_on: tuple[str, ...] = (BAD_ROWS, LANGUAGE)
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing; lists of names become tuples.

        Raises:
            BadConfig: a value outside its range.
            UnknownName: `stop_on` names no rule.
        """
        for name in ("languages", "class_columns", "stop_on"):
            object.__setattr__(self, name, _names(name, getattr(self, name)))
        for name in ("max_bad", "max_other_language", "max_duplicates", "max_shift"):
            _require(name, getattr(self, name), low=0, high=1)
        _require("alpha", self.alpha, low=0.001, high=0.5)
        _require("max_description", self.max_description, low=1)
        _require("minimum_n", self.minimum_n, low=1)
        _require_flag("require_description", self.require_description)
        for code in self.languages:
            if not _LANGUAGE_CODE.fullmatch(code):
                raise BadConfig(f"validate.languages has {code!r}; write codes such as en or de")
        for rule in self.stop_on:
            if rule not in RULES:
                raise UnknownName("rule in validate.stop_on", rule, RULES)

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON, for the verdict's record."""
        named = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in named.items()}


def _names(name: str, given: object) -> tuple[str, ...]:
    if isinstance(given, list | tuple) and all(isinstance(one, str) for one in given):
        return tuple(given)
    raise BadConfig(f"validate.{name} is {given!r}; it must be a list of names, such as [en, de]")


def _require_flag(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise BadConfig(f"validate.{name} is {value!r}; it must be true or false")


def _require(name: str, value: object, *, low: float, high: float | None = None) -> None:
    allowed = f"between {low:g} and {high:g}" if high is not None else f"at least {low:g}"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and low <= value and (high is None or value <= high)):  # type: ignore[operator]
        raise BadConfig(f"validate.{name} is {value!r}; it must be {allowed}")
