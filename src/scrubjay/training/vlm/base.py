"""The model a fit begins with: opened once, used by what learns and by what reads the table."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.core.errors import MissingExtra

if TYPE_CHECKING:
    from scrubjay.core.protocols import VisionLanguage
    from scrubjay.models.pretrained.opening import Opened
    from scrubjay.models.pretrained.ways.way import Way


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """A model that looks, ready to be taught.

    Attributes:
        opened: with its processor.
        way: how it is talked to.
        source: as it was named.
        quantize: `none`, `8bit` or `4bit`.
        chat_template: a file, or None.
    """

    opened: Opened
    way: Way
    source: str
    quantize: str
    chat_template: str | None

    def looker(self) -> VisionLanguage:
        """The model as its family asks it, with what it has learned so far."""
        return self.way.looker(self.opened)


def open_base(
    source: str,
    *,
    quantize: str = "none",
    dtype: str = "auto",
    chat_template: str | None = None,
) -> Base:
    """Open a model to teach it.

    Args:
        source: a directory, else a hub id that is in the hub's cache.
        quantize: `none`; `4bit` for QLoRA, `8bit` likewise.
        dtype: of the weights, or of what packed ones are unpacked to; as for `vlm=transformers`.
        chat_template: a file with a Jinja template for a model that has none, or a wrong one.

    Raises:
        MissingExtra: transformers, peft or what packs weights are not installed.
        ModelNotFound, Damaged, BadConfig: as `vlm=transformers`.
    """
    for package in ("peft", "transformers"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtra("experiment=vlm_lora", "lora,vlm")
    from scrubjay.models.pretrained.image_text import read_template
    from scrubjay.models.pretrained.opening import open_model
    from scrubjay.models.pretrained.ways.kinds import way_of

    template = read_template(chat_template)
    kind = way_of(source)
    opened = open_model(
        source,
        family=kind.family,
        classes=kind.classes(),
        quantize=quantize,
        dtype=dtype,
        device=_place(quantize),
    )
    return Base(opened, kind.of(opened, template), str(source), quantize, chat_template)


def _place(quantize: str) -> str:
    """Weights are packed where they are used; others are moved by the Trainer."""
    import torch

    return "auto" if quantize != "none" and torch.cuda.is_available() else "cpu"


def fresh_processor(folder: Path, kind: str) -> Any:  # noqa: ANN401 - of transformers
    """The model's processor, once more."""
    from scrubjay.models.pretrained.processor import read_processor

    return read_processor(folder, kind=kind)
