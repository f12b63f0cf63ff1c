"""Models that talk about pictures, of any kind that transformers knows: opened, and talked to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scrubjay.core.errors import BadConfig
from scrubjay.models.pretrained.chat import Chat
from scrubjay.models.pretrained.opening import OWN_FAMILY, Opened, open_model

FAMILY = "transformers"


def open_talker(
    source: str | Path,
    *,
    quantize: str = "none",
    dtype: str = "auto",
    device: str = "auto",
    threads: int = 0,
    chat_template: str | Path | None = None,
) -> tuple[Opened, Chat]:
    """A model with its processor, and how it is talked to; options and errors of `open_model`.

    Args:
        chat_template: a file with a Jinja template for a model that has none, or a wrong one.

    Raises:
        BadConfig: the template cannot be read, too.
    """
    template = read_template(chat_template)
    opened = open_model(
        source,
        family=FAMILY,
        classes=classes(),
        quantize=quantize,
        dtype=dtype,
        device=device,
        threads=threads,
    )
    return opened, Chat(opened.processor, kind=opened.kind, name=opened.name, template=template)


def classes() -> Mapping[str, str]:
    """`model_type` to the class in transformers, of what no family of its own asks."""
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as IMAGE_TEXT_TO_TEXT,
    )

    kinds = (*IMAGE_TEXT_TO_TEXT, "phi4_multimodal")
    made_by = dict.fromkeys(kinds, "AutoModelForImageTextToText")
    made_by["phi4_multimodal"] = "AutoModelForCausalLM"
    return {kind: name for kind, name in made_by.items() if kind not in OWN_FAMILY}


def read_template(path: str | Path | None) -> str | None:
    """The text of a template's file; None without one.

    Raises:
        BadConfig: it cannot be read.
    """
    if path is None:
        return None
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"vlm.chat_template={path} cannot be read: {error}") from error
