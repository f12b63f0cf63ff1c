"""The model a fit begins with: opened once, used by what learns and by what reads the table."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrubjay.core.errors import MissingExtra, WrongUse

TAUGHT = "llava, llava_next, mllama, paligemma, qwen2_vl, qwen2_5_vl, smolvlm, idefics3, internvl"
"""Kinds a message offers."""


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """A model of `vlm/transformers`, ready to be taught.

    Attributes:
        opened: with its processor.
        chat: how it is talked to.
        source: as it was named.
        quantize: `none`, `8bit` or `4bit`.
        chat_template: a file, or None.
    """

    opened: Any
    chat: Any
    source: str
    quantize: str
    chat_template: str | None

    @property
    def ends(self) -> Collection[int]:
        """Tokens that end what it writes: what its generation stops at, and its tokenizer's own."""
        told = self.opened.model.generation_config.eos_token_id
        ends = {told} if isinstance(told, int) else set(told or ())
        own = self.opened.processor.tokenizer.eos_token_id
        return frozenset(ends or ({own} if own is not None else set()))


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
        WrongUse: a model of a kind that is not taught this way.
        ModelNotFound, Damaged, BadConfig: as `vlm=transformers`.
    """
    for package in ("peft", "transformers"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtra("experiment=vlm_lora", "lora,vlm")
    from scrubjay.models.pretrained.image_text import open_talker

    refuse_other_kinds(source)
    opened, chat = open_talker(
        source, quantize=quantize, dtype=dtype, device=_place(quantize), chat_template=chat_template
    )
    if opened.model.config.is_encoder_decoder:
        raise WrongUse(_other(source, opened.kind, "reads and writes with two networks"))
    return Base(opened, chat, str(source), quantize, chat_template)


def refuse_other_kinds(source: str) -> None:
    """Say that a kind with a family of its own is not taught.

    Raises:
        WrongUse: it is one.
        ModelNotFound, Damaged: there is no model.
    """
    from scrubjay.models.pretrained.files import read_json
    from scrubjay.models.pretrained.opening import OWN_FAMILY
    from scrubjay.models.pretrained.source import find_model

    kind = read_json(find_model(source, download=None) / "config.json").get("model_type")
    if kind in OWN_FAMILY:
        raise WrongUse(_other(source, str(kind), "follows no instructions"))


def _other(source: str, kind: str, why: str) -> str:
    return (
        f"{source} holds a {kind} model, which {why} and is not taught here; choose one that goes "
        f"on with a conversation, of a kind that vlm=transformers asks, such as {TAUGHT}"
    )


def _place(quantize: str) -> str:
    """Weights are packed where they are used; others are moved by the Trainer."""
    import torch

    return "auto" if quantize != "none" and torch.cuda.is_available() else "cpu"


def fresh_processor(folder: Path, kind: str) -> Any:  # noqa: ANN401 - of transformers
    """The model's processor, once more."""
    from scrubjay.models.pretrained.processor import read_processor

    return read_processor(folder, kind=kind)
