"""Whatever transformers' AutoModelForImageTextToText loads, and Phi-4 multimodal.

LLaVA, LLaVA-NeXT, PaliGemma, Llama 3.2 Vision, Qwen-VL, SmolVLM, Idefics, InternVL and so on, from
a directory or the hub's cache. Weights are read from safetensors only and remote code never runs.
"""

from __future__ import annotations

from pathlib import Path

from scrubjay.core.errors import MissingExtra
from scrubjay.core.protocols import VisionLanguage

FAMILY = "transformers"


def load(
    *,
    source: str | Path,
    adapter: str | Path | None = None,
    quantize: str = "none",
    dtype: str = "auto",
    device: str = "auto",
    threads: int = 0,
    chat_template: str | Path | None = None,
) -> VisionLanguage:
    """A model that talks about pictures.

    Args:
        source: a directory, else a hub id that is in the hub's cache.
        adapter: a directory with a LoRA adapter of that model, as a run leaves one.
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
        BadConfig: an option that cannot be, or an adapter of another model.
    """
    try:
        from scrubjay.models.pretrained.image_text import open_talker
        from scrubjay.models.pretrained.looker import Looker, describe
    except ImportError as error:
        raise MissingExtra(f"the {FAMILY} vlm", "vlm") from error
    opened, chat = open_talker(
        source,
        quantize=quantize,
        dtype=dtype,
        device=device,
        threads=threads,
        chat_template=chat_template,
    )
    if adapter is not None:
        from scrubjay.models.pretrained.adapter import opened_with

        opened = opened_with(opened, Path(adapter))
    return Looker(opened, chat, describe(opened, FAMILY, instructed=chat.instructed))
