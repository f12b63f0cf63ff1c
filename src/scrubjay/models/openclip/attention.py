"""Which of torch's ways to attend is the quicker one to learn with."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

SHORT = 128
"""Tokens up to which plain matrix products win on a processor.

torch 2.13, one core, 32 sequences in bf16, forward and backward: of 50 tokens and 6 heads 11 ms
against 27 by its blockwise kernel, of 77 and 4 heads 16 against 29; of 197 and 12 heads 260 against
230.
"""


def quickest(tokens: int, device: torch.device, *, training: bool) -> AbstractContextManager[None]:
    """Attention as it is fastest for sequences of a length; the same numbers but for rounding."""
    halved = torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") == torch.bfloat16
    if training and halved and device.type == "cpu" and tokens <= SHORT:
        return sdpa_kernel(SDPBackend.MATH)
    return nullcontext()
