"""Whatever transformers' AutoModelForImageTextToText loads, and Phi-4 multimodal.

LLaVA, LLaVA-NeXT, PaliGemma, Llama 3.2 Vision, Qwen-VL, SmolVLM, Idefics, InternVL and so on, from
a directory or the hub's cache. Weights are read from safetensors only and remote code never runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scrubjay.core.errors import BadConfig, MissingExtra
from scrubjay.core.protocols import VisionLanguage

FAMILY = "transformers"


def load(
    *,
    source: str | Path,
    quantize: str = "none",
    dtype: str = "auto",
    device: str = "auto",
    threads: int = 0,
    chat_template: str | Path | None = None,
) -> VisionLanguage:
    """A model that talks about pictures.

    Args:
        source: a directory, else a hub id that is in the hub's cache.
        quantize: `none`, `8bit` or `4bit`, see `models/pretrained/quantise.py`.
        dtype: `auto`, `float32`, `bfloat16` or `float16`; `auto` is what the weights were saved in
            where the device is good at it, else float32.
        device: `auto`, `cpu`, `cuda`, `cuda:1` ...
        threads: of the whole process; 0 leaves them as they are.
        chat_template: a file with a Jinja template for a model that has none, or a wrong one.

    Raises:
        MissingExtra: what it needs is not installed.
        ModelNotFound: it is not on this machine, or is no model of such a kind.
        WrongUse: another family asks such models.
        Damaged: its files are not whole.
        BadConfig: an option that cannot be.
    """
    template = None if chat_template is None else _read(Path(chat_template))
    try:
        from scrubjay.models.pretrained.chat import Chat
        from scrubjay.models.pretrained.looker import Looker, describe
        from scrubjay.models.pretrained.opening import open_model

        classes = _classes()
    except ImportError as error:
        raise MissingExtra(f"the {FAMILY} vlm", "vlm") from error
    opened = open_model(
        source,
        family=FAMILY,
        classes=classes,
        quantize=quantize,
        dtype=dtype,
        device=device,
        threads=threads,
    )
    chat = Chat(opened.processor, kind=opened.kind, name=opened.name, template=template)
    return Looker(opened, chat, describe(opened, FAMILY, instructed=chat.instructed))


def _classes() -> Mapping[str, str]:
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as IMAGE_TEXT_TO_TEXT,
    )

    from scrubjay.models.pretrained.opening import OWN_FAMILY

    kinds = (*IMAGE_TEXT_TO_TEXT, "phi4_multimodal")
    made_by = dict.fromkeys(kinds, "AutoModelForImageTextToText")
    made_by["phi4_multimodal"] = "AutoModelForCausalLM"
    return {kind: name for kind, name in made_by.items() if kind not in OWN_FAMILY}


def _read(path: Path) -> str:
    try:
        return path.expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"vlm.chat_template={path} cannot be read: {error}") from error
