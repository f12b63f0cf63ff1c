"""Which models answer, and how they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scrubjay.core.errors import BadConfig, WrongUse
from scrubjay.core.looking import Sampling

ROOMS = ("vlm", "ocr", "asr", "tts")
"""Settings that choose a model."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A family and its options, as a configuration names them."""

    family: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AskSettings:
    """The models of the chains. The defaults work offline, in English.

    Attributes:
        vlm: what looks at pictures.
        ocr: what reads text in them.
        asr: what hears questions and recordings.
        tts: what speaks answers.
        prompt: name of the template a question is put into (`ask/prompt.py`).
        sampling: how answers are drawn.
        k: items of the collection that are looked at for a question without a picture.
        least_confidence: an answer its model is less sure of becomes "I can't tell".
    """

    vlm: Choice = Choice("builtin")
    ocr: Choice = Choice("rapidocr")
    asr: Choice = Choice("pocketsphinx")
    tts: Choice = Choice("espeak")
    prompt: str = "plain"
    sampling: Sampling = field(default_factory=Sampling)
    k: int = 5
    least_confidence: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be followed.

        Raises:
            BadConfig: a value out of its range.
        """
        if not 1 <= self.k <= 100:
            raise BadConfig(f"k must be from 1 to 100, not {self.k}")
        if not 0 <= self.least_confidence <= 1:
            raise BadConfig(f"least_confidence must be from 0 to 1, not {self.least_confidence}")

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> AskSettings:
        """The settings of a composed configuration.

        Raises:
            BadConfig: a value that cannot be used.
        """
        given = dict(config)
        given |= {room: _choice(room, given[room]) for room in ROOMS if room in given}
        try:
            sampling = _sampling(given.pop("sampling", {}))
            for name, kind in (("prompt", str), ("k", int), ("least_confidence", int | float)):
                if name in given and (
                    not isinstance(given[name], kind) or isinstance(given[name], bool)
                ):
                    raise BadConfig(f"{name} cannot be {given[name]!r}")
            return cls(sampling=sampling, **given)
        except (TypeError, WrongUse) as error:
            raise BadConfig(f"asking: {error}") from error


def _choice(room: str, told: object) -> Choice:
    """A family and what is set of its options; what is null is left to the family."""
    if not isinstance(told, Mapping) or not isinstance(told.get("family"), str):
        raise BadConfig(f"{room} must name a family, as `{room}={{family: builtin}}`")
    options = {
        str(name): value for name, value in told.items() if name != "family" and value is not None
    }
    return Choice(told["family"], options)


def _sampling(told: object) -> Sampling:
    if not isinstance(told, Mapping):
        raise BadConfig("sampling must hold settings by name, such as temperature")
    values = {str(name): value for name, value in told.items()}
    stop = values.pop("stop", None) or []
    if not isinstance(stop, list) or not all(isinstance(one, str) for one in stop):
        raise BadConfig(f"sampling.stop must be a list of texts, not {stop!r}")
    for name, value in values.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise BadConfig(f"sampling.{name} must be a number, not {value!r}")
    return Sampling(**values, stop=tuple(stop))
