"""What is frozen is what only that tower uses, however the towers hold it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from scrubjay.core.errors import BadConfig, UnknownName
from scrubjay.core.types import Modality
from scrubjay.training.contrastive import ContrastiveModule
from scrubjay.training.losses import InfoNCE
from tests.training.tiny import TinyEncoder


class Whole(nn.Module):
    """A tower that holds every tower and runs one: how a shared network looks from outside."""

    def __init__(self, parts: nn.ModuleDict, name: str) -> None:
        super().__init__()
        self.parts, self.name = parts, name

    def forward(self, **inputs: torch.Tensor) -> torch.Tensor:
        return self.parts[self.name](**inputs)


def test_a_frozen_tower_is_in_eval_mode_and_without_gradients_whatever_is_called() -> None:
    encoder = TinyEncoder(dropout=0.5)
    ContrastiveModule(encoder, InfoNCE(), freeze=["image"]).train()
    image, text = encoder.tower(Modality.IMAGE), encoder.tower(Modality.TEXT)
    assert not any(one.training for one in image.modules())
    assert all(one.training for one in text.modules())
    assert not any(one.requires_grad for one in image.parameters())
    assert all(one.requires_grad for one in text.parameters())


def test_freezing_spares_what_a_learning_tower_shares() -> None:
    encoder = TinyEncoder(shared=True)
    module = ContrastiveModule(encoder, InfoNCE(), freeze=["text"]).train()
    assert encoder.head is not None
    assert all(one.requires_grad for one in encoder.head.parameters())
    assert encoder.head.training
    text = encoder.tower(Modality.TEXT)
    own = [one for one in text.parameters() if all(one is not h for h in encoder.head.parameters())]
    assert own
    assert not any(one.requires_grad for one in own)
    assert module.towers["image"].training


@pytest.mark.parametrize("freeze", [["txt"], ["image", "speach"]])
def test_an_unknown_tower_is_refused_with_the_nearest(freeze: list[str]) -> None:
    with pytest.raises(UnknownName, match="tower to freeze"):
        ContrastiveModule(TinyEncoder(), InfoNCE(), freeze=freeze)


def test_freezing_everything_is_refused() -> None:
    with pytest.raises(BadConfig, match="leaves no tower to train"):
        ContrastiveModule(TinyEncoder(), InfoNCE(), freeze=["image", "text", "speech"])


def test_a_tower_that_holds_the_whole_network_freezes_its_own_part_only() -> None:
    encoder = TinyEncoder(shared=True)
    parts = nn.ModuleDict({one.value: encoder.tower(one) for one in Modality})
    encoder.towers = {one: Whole(parts, one.value) for one in Modality}
    ContrastiveModule(encoder, InfoNCE(), freeze=["image", "text"]).train()
    assert encoder.head is not None
    learns = {id(one) for one in [*parts["speech"].parameters(), *encoder.head.parameters()]}
    for name, parameter in parts.named_parameters():
        assert parameter.requires_grad == (id(parameter) in learns), name
    (norm,) = (one for one in parts["image"].modules() if isinstance(one, nn.BatchNorm1d))
    assert not norm.training
    assert encoder.head.training
    assert parts["speech"].training


def test_looking_at_what_a_tower_uses_changes_nothing() -> None:
    encoder = TinyEncoder()
    before = {
        name: one.clone() for name, one in encoder.towers[Modality.IMAGE].state_dict().items()
    }
    module = ContrastiveModule(encoder, InfoNCE(), freeze=["text"])
    after = encoder.towers[Modality.IMAGE].state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(parameter.grad is None for parameter in module.parameters())
    assert not any(one._forward_pre_hooks for one in module.modules())
