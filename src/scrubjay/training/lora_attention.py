"""An adapter on attention that computes with its weights itself: `nn.MultiheadAttention`.

Imported once peft is there.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from peft import LoraConfig
from peft.tuners.lora.layer import MultiheadAttention
from torch import Tensor, nn
from torch.func import functional_call


class AdaptedAttention(MultiheadAttention):  # type: ignore[misc]  # peft has no types
    """peft's adapter of queries, keys, values and output, on weights that stand still.

    peft's own adds the adapter to the weights before every pass and subtracts it afterwards: what
    is left of each is a little off, at each step. Here a pass is given the sums instead.
    """

    def forward(
        self, query: Tensor, *args: Tensor | None, **kwargs: Tensor | bool | None
    ) -> tuple[Tensor, Tensor | None]:
        """What the attention returns; takes what it takes."""
        base: nn.MultiheadAttention = self.get_base_layer()
        summed = {
            "in_proj_weight": base.in_proj_weight + self._added(self),
            "out_proj.base_layer.weight": base.out_proj.weight + self._added(base.out_proj),
        }
        made: tuple[Tensor, Tensor | None] = functional_call(base, summed, (query, *args), kwargs)
        return made

    def _added(self, layer: Any) -> Tensor:  # noqa: ANN401 - one of peft's
        (name,) = layer.lora_A
        with torch.autocast(layer.lora_A[name].weight.device.type, enabled=False):
            added: Tensor = layer.get_delta_weight(name)
        return added

    # peft's make the weights anew, since its passes take them away.
    named_modules = nn.Module.named_modules
    state_dict = nn.Module.state_dict


@cache
def times_counted() -> int:
    """How many times this peft adds the adapter of an attention's output when it runs its own.

    Twice in every release up to 0.21.2: it adds it, and then merges it
    (github.com/huggingface/peft/pull/3774 mends that).
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        plain = nn.MultiheadAttention(1, 1)
        plain.out_proj.weight.zero_()
        layer = MultiheadAttention(plain, "one", LoraConfig(init_lora_weights=False), r=1)
        output: Any = plain.out_proj  # peft's by now
        for half in (output.lora_A, output.lora_B):
            half["one"].weight.fill_(1.0)
        layer.merge()
        return round(float(output.weight))
