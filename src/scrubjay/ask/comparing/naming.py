"""Names of points, each unlike every other's and telling what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any, Final

from scrubjay.ask.comparing.points import NONE, By, Point
from scrubjay.ask.prompt import Prompts
from scrubjay.ask.settings import Choice

_NAMED: Final[Mapping[By, str]] = {
    By.CHAIN: "{}",
    By.MODEL: "{} alone",
    By.OCR: "text read by {}",
    By.ENCODER: "nearest by {}",
    By.COMMONEST: "commonest answer",
}


def own_name(point: Point) -> str:
    """What a point is called that was given no name."""
    choice: Choice | None = point.chat or point.settings.vlm
    if point.by is By.OCR:
        choice = point.settings.ocr
    elif point.by is By.ENCODER:
        choice = point.encoder
    name = _NAMED[point.by].format(described(choice) if choice else "")
    if point.quantize != NONE:
        name += f" {point.quantize}"
    return name


def described(choice: Choice) -> str:
    """A family, and the folder or model it was told of."""
    told: Any = choice.options.get("model") or choice.options.get("source")
    return choice.family if told is None else f"{choice.family} {PurePath(str(told)).name}"


def distinct(points: Sequence[Point]) -> tuple[Point, ...]:
    """The same, but what is named like one before is numbered, and what is one again left out."""
    kept: list[Point] = []
    names: set[str] = set()
    for one in points:
        if any(replace(one, name=other.name, words=other.words) == other for other in kept):
            continue
        name, number = one.name, 1
        while name in names:
            number += 1
            name = f"{one.name} ({number})"
        names.add(name)
        kept.append(replace(one, name=name))
    return tuple(kept)


def prompt_needless(point: Point, others: Mapping[str, tuple[Point, bool]]) -> bool:
    """Whether a point differs from one that answered in nothing but a prompt it does not take.

    Args:
        others: those that answered, and whether each follows instructions.
    """
    if not point.prompted or Prompts(point.prompts).get(point.settings.prompt).examples:
        return False
    return any(
        point.same_model(other) and not instructed and not _has_examples(other)
        for other, instructed in others.values()
    )


def _has_examples(point: Point) -> bool:
    return bool(Prompts(point.prompts).get(point.settings.prompt).examples)
