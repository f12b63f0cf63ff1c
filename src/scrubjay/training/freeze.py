"""Freezing towers: what only they use stops learning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from scrubjay.core.errors import BadConfig, UnknownName
from scrubjay.core.protocols import TrainableEncoder
from scrubjay.core.types import SAMPLE_RATE, Media, Modality

PROBES: dict[Modality, Media] = {
    Modality.IMAGE: np.zeros((64, 64, 3), np.uint8),
    Modality.TEXT: "a",
    Modality.SPEECH: np.zeros(SAMPLE_RATE, np.float32),
}
"""One thing of each modality, to see what a tower uses to encode it."""


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """What one tower used: identities of parameters and modules."""

    parameters: frozenset[int]
    modules: frozenset[int]


def freeze_towers(
    encoder: TrainableEncoder, towers: nn.ModuleDict, freeze: Sequence[str]
) -> list[nn.Module]:
    """Stop gradients of what the frozen towers use and no other tower does.

    What a tower uses is seen by encoding one thing with it, not by what it holds: a tower may hold
    the whole network and use its own part.

    Returns:
        The modules that must stay in eval mode, each by itself: a child may be another tower's.

    Raises:
        UnknownName: a name that is no tower.
        BadConfig: no tower is left to train.
    """
    for name in freeze:
        if name not in towers:
            raise UnknownName("tower to freeze", str(name), list(towers))
    if not freeze:
        return []
    if set(freeze) >= set(towers):
        raise BadConfig(
            f"freeze=[{','.join(freeze)}] leaves no tower to train; this encoder has "
            f"{', '.join(towers)}"
        )
    uses = {name: use_of(encoder, Modality(name), tower) for name, tower in towers.items()}
    learning = [use for name, use in uses.items() if name not in freeze]
    kept = frozenset[int]().union(*(use.parameters for use in learning))
    in_use = frozenset[int]().union(*(use.modules for use in learning))
    alone: dict[int, nn.Module] = {}
    for name in freeze:
        for parameter in towers[name].parameters():
            if id(parameter) in uses[name].parameters - kept:
                parameter.requires_grad = False
        for module in towers[name].modules():
            if id(module) in uses[name].modules - in_use:
                alone[id(module)] = module
    if not any(parameter.requires_grad for parameter in towers.parameters()):
        raise BadConfig(f"freeze=[{','.join(freeze)}] leaves no weight to train")
    return list(alone.values())


def lock_towers(
    encoder: TrainableEncoder, towers: nn.ModuleDict, locked: Sequence[str]
) -> list[nn.Module]:
    """Stop everything the locked towers use, also what a tower uses that goes on learning.

    Their vectors then stay as they are, to the bit.

    Returns:
        The modules that must stay in eval mode, each by itself.

    Raises:
        UnknownName: a name that is no tower.
        BadConfig: nothing is left to train.
    """
    for name in locked:
        if name not in towers:
            raise UnknownName("tower to lock", str(name), list(towers))
    still: dict[int, nn.Module] = {}
    for name in locked:
        use = use_of(encoder, Modality(name), towers[name])
        still |= {id(one): one for one in towers[name].modules() if id(one) in use.modules}
        for parameter in towers[name].parameters():
            if id(parameter) in use.parameters:
                parameter.requires_grad = False
    if not any(parameter.requires_grad for parameter in towers.parameters()):
        raise BadConfig(
            f"freeze=[{','.join(locked)}] locks every weight: the towers of this encoder share "
            f"them all; join its picture tower with a text tower of its own: encoder=joined"
        )
    return list(still.values())


def use_of(encoder: TrainableEncoder, modality: Modality, tower: nn.Module) -> Use:
    """What a tower uses to encode one thing: modules that run, parameters that get a gradient.

    A parameter that is frozen gets none.
    """
    inputs = encoder.preprocess(modality, train=False)([PROBES[modality]])
    tensors = {name: torch.from_numpy(np.array(array)) for name, array in inputs.items()}
    ran: set[int] = set()
    hooks = [
        module.register_forward_pre_hook(lambda called, _: ran.add(id(called)))
        for module in tower.modules()
    ]
    learnable = [one for one in tower.parameters() if one.requires_grad]
    try:
        with _eval_mode(tower), torch.enable_grad():
            total = tower(**tensors).float().sum()
            gradients: Sequence[Tensor | None] = (
                torch.autograd.grad(total, learnable, allow_unused=True)
                if learnable and total.requires_grad
                else [None] * len(learnable)
            )
    finally:
        for hook in hooks:
            hook.remove()
    used = {id(one) for one, grad in zip(learnable, gradients, strict=True) if grad is not None}
    return Use(frozenset(used), frozenset(ran))


@contextmanager
def _eval_mode(module: nn.Module) -> Iterator[None]:
    modes = {one: one.training for one in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for one, mode in modes.items():
            one.training = mode
