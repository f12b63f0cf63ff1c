"""Whatever transformers' AutoModelForCausalLM loads: Llama, Gemma, Phi, Qwen, Mistral and so on.

From a directory or the hub's cache. Weights are read from safetensors only and remote code never
runs. A model without a chat template was not taught to be talked to, and its spec says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scrubjay.core.errors import MissingExtra
from scrubjay.core.protocols import VisionLanguage

FAMILY = "transformers"


def load(
    *,
    source: str | Path,
    quantize: str = "none",
    dtype: str = "auto",
    device: str = "auto",
    threads: int = 0,
) -> VisionLanguage:
    """A model that talks, and is shown no pictures.

    Args:
        source: a directory, else a hub id that is in the hub's cache.
        quantize: `none`, `8bit` or `4bit`, see `models/pretrained/quantise.py`.
        dtype: as of `models/vlm/transformers.py`.
        device: `auto`, `cpu`, `cuda`, `cuda:1` ...
        threads: of the whole process; 0 leaves them as they are.

    Raises:
        MissingExtra: what it needs is not installed.
        ModelNotFound: it is not on this machine, or is no model of such a kind.
        Damaged: its files are not whole.
        BadConfig: an option that cannot be.
    """
    try:
        from scrubjay.models.pretrained.chat import Chat
        from scrubjay.models.pretrained.looker import Looker, describe
        from scrubjay.models.pretrained.opening import open_model
        from scrubjay.models.pretrained.talking import read_tokenizer

        classes = _classes()
    except ImportError as error:
        raise MissingExtra(f"the {FAMILY} chat", "vlm") from error
    opened = open_model(
        source,
        family=FAMILY,
        classes=classes,
        quantize=quantize,
        dtype=dtype,
        device=device,
        threads=threads,
        read=read_tokenizer,
    )
    chat = Chat(opened.processor, kind=opened.kind, name=opened.name)
    instructed = opened.processor.tokenizer.chat_template is not None
    return Looker(opened, chat, describe(opened, FAMILY, max_pictures=0, instructed=instructed))


def _classes() -> Mapping[str, str]:
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    return dict.fromkeys(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, "AutoModelForCausalLM")
