"""Weights in 8 or 4 bits, by bitsandbytes.

Memory is what it surely saves: linear layers take a quarter (8 bit) or an eighth (4 bit) of their
float32 bytes; embeddings, convolutions, the last layer and all activations stay as they are. Time
depends on the processor. Where it computes with small numbers (AVX-512 VNNI and BF16, a GPU) and
reading weights takes most of the time, a token comes faster than in float32; elsewhere weights are
unpacked in plain code, which takes longer. While a model is loaded, it takes more memory than in
float32. Measured on a whole model by bench/ask_quantised.py: docs/figures.md.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from scrubjay.core.errors import BadConfig, MissingExtra

if TYPE_CHECKING:
    import torch
    from torch import nn


class Quantise(StrEnum):
    """How many bits a weight of a linear layer takes."""

    NONE = "none"
    EIGHT = "8bit"
    FOUR = "4bit"

    @classmethod
    def named(cls, name: str) -> Quantise:
        """The one of that name.

        Raises:
            BadConfig: there is none.
        """
        try:
            return cls(name)
        except ValueError:
            raise BadConfig(f"vlm.quantize is one of {', '.join(cls)}, not {name!r}") from None


def quantisation(wanted: Quantise, dtype: torch.dtype) -> Any:  # noqa: ANN401 - of transformers
    """What transformers wants to be told: LLM.int8() (Dettmers et al. 2022) or NF4 (2023).

    Args:
        wanted: 8 or 4 bits.
        dtype: that sums are computed in.

    Raises:
        MissingExtra: bitsandbytes or accelerate are not installed.
    """
    try:
        with no_kernels_from_the_network():
            import bitsandbytes  # noqa: F401
    except ImportError as error:
        raise MissingExtra(f"vlm.quantize={wanted}", "vlm") from error
    if importlib.util.find_spec("accelerate") is None:
        raise MissingExtra(f"vlm.quantize={wanted}", "vlm")
    from transformers import BitsAndBytesConfig

    if wanted is Quantise.EIGHT:
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def keep_learnable(model: nn.Module) -> None:
    """Let nothing repack 4-bit weights for answering on a processor.

    bitsandbytes does so when a model is asked, for good, and what is packed that way passes no
    gradient on and says nothing of it.
    """
    for module in model.modules():
        layer: Any = module
        if hasattr(layer, "support_avx512bf16_for_cpu"):
            layer.support_avx512bf16_for_cpu = False


def weight_bytes(model: nn.Module) -> int:
    """Bytes that a model's weights take, with what is needed to unpack them."""
    seen: set[int] = set()
    total = 0
    for tensor in (*model.parameters(), *model.buffers()):
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        total += tensor.numel() * tensor.element_size()
        total += _packing_bytes(tensor)
    return total


def _packing_bytes(weight: Any) -> int:  # noqa: ANN401 - bitsandbytes' own parameters
    total = 0
    state = getattr(weight, "quant_state", None)
    for state_ in (state, getattr(state, "state2", None)):
        for part in (getattr(state_, "absmax", None), getattr(state_, "code", None)):
            if part is not None:
                total += part.numel() * part.element_size()
    scales = getattr(weight, "SCB", None)
    if scales is not None:
        total += scales.numel() * scales.element_size()
    return total


@contextmanager
def no_kernels_from_the_network() -> Iterator[None]:
    """Where the package `kernels` is installed, bitsandbytes would fetch machine code with it."""
    import logging

    heard = logging.getLogger("bitsandbytes.backends.cpu.ops")
    level, had = heard.level, sys.modules.get("kernels")
    blocked = "bitsandbytes" not in sys.modules
    if blocked:
        sys.modules["kernels"] = None  # type: ignore[assignment]
        heard.setLevel(logging.ERROR)
    try:
        yield
    finally:
        if blocked:
            heard.setLevel(level)
            del sys.modules["kernels"]
            if had is not None:
                sys.modules["kernels"] = had
