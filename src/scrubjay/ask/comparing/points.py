"""What is compared: a model, how it is asked, in how many bits, with which prompt."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from scrubjay import __version__
from scrubjay.ask.comparing.questions import Posed
from scrubjay.ask.prompt import Prompts
from scrubjay.ask.settings import AskSettings, Choice

NONE: Final = "none"


class By(StrEnum):
    """How a point comes to an answer."""

    CHAIN = "chain"
    """As `scrubjay ask` does: what is written is read, then the model is asked."""
    MODEL = "model"
    """The model alone."""
    OCR = "ocr"
    """What is written in the picture, whatever is asked."""
    ENCODER = "encoder"
    """The candidate answer that is nearest to the picture (zero-shot)."""
    COMMONEST = "commonest"
    """What such questions are answered most often, without a look (a baseline)."""


LABELLED: Final = frozenset({By.ENCODER, By.COMMONEST})
"""They draw on the answers of other questions."""


@dataclass(frozen=True, slots=True)
class Point:
    """One row of a comparison.

    Attributes:
        name: unlike every other's.
        settings: its models and how they are asked.
        encoder: of `By.ENCODER`.
        chat: a model that is only talked to, in the place of the settings' vlm.
        words: as it was chosen, for whoever wants it in a configuration.
        prompts: folder of the home's own prompts.
    """

    name: str
    by: By = By.CHAIN
    settings: AskSettings = field(default_factory=AskSettings)
    encoder: Choice | None = None
    chat: Choice | None = None
    words: tuple[str, ...] = ()
    prompts: Path | None = None

    @property
    def prompted(self) -> bool:
        """Whether it puts questions into a prompt."""
        return self.by in {By.CHAIN, By.MODEL}

    @property
    def family(self) -> str:
        """Of the model that answers."""
        if self.by is By.ENCODER:
            return self.encoder.family if self.encoder else ""
        if self.by is By.OCR:
            return self.settings.ocr.family
        if self.chat is not None:
            return self.chat.family
        return self.settings.vlm.family if self.prompted else ""

    @property
    def quantize(self) -> str:
        """Bits of its weights, as its family says it."""
        if not self.prompted:
            return NONE
        return str((self.chat or self.settings.vlm).options.get("quantize", NONE))

    def key(self, questions: Sequence[Posed]) -> str:
        """Changes when its answers may: settings, prompt, model files, version of Scrubjay."""
        told: dict[str, Any] = {"by": self.by.value, "version": __version__}
        settings = self.settings
        if self.prompted:
            template = Prompts(self.prompts).get(settings.prompt)
            told |= {"template": repr(template), "sampling": asdict(settings.sampling)}
            told |= {"least": settings.least_confidence, "vlm": _choice(settings.vlm)}
        if self.chat is not None:
            told["chat"] = _choice(self.chat)
        if self.by in {By.CHAIN, By.OCR}:
            told["ocr"] = _choice(settings.ocr)
        if self.encoder is not None:
            told["encoder"] = _choice(self.encoder)
        if self.by in LABELLED:
            told["answers"] = [(one.answers, one.sha256s) for one in questions]
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=repr).encode()).hexdigest()

    def same_model(self, other: Point) -> bool:
        """Whether nothing but the prompt differs."""
        plain = replace(self.settings, prompt="")
        return (self.by, self.encoder, plain) == (
            other.by,
            other.encoder,
            replace(other.settings, prompt=""),
        )


def _choice(choice: Choice) -> list[Any]:
    """A choice and the state of the files it names."""
    return [choice.family, dict(choice.options), stamp(choice.options)]


def stamp(options: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    """Names, sizes and times of the files an option names, or that are in the folder it names."""
    found: list[tuple[str, int, int]] = []
    for value in options.values():
        if not isinstance(value, str | Path) or not str(value).strip():
            continue
        path = Path(value).expanduser()
        try:
            # A model's files are in its folder or one below; whoever names `/` waits no longer.
            inside = [*path.glob("*"), *path.glob("*/*")] if path.is_dir() else [path]
            files = sorted(inside)
            stats = [(one, one.stat()) for one in files if one.is_file()]
        except (OSError, ValueError):
            continue
        found += [(str(one), stat.st_size, stat.st_mtime_ns) for one, stat in stats]
    return found
