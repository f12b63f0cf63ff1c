"""What learns learns, what is frozen keeps every bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from scrubjay.core.errors import BadConfig, UnknownName
from scrubjay.core.types import Modality
from scrubjay.training.contrastive import (
    ContrastiveModule,
    HeldOut,
    decay_groups,
    retrieval_figures,
)
from scrubjay.training.losses import InfoNCE
from tests.training.tiny import TinyEncoder


def snapshot(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def changed(before: dict[str, torch.Tensor], module: nn.Module) -> set[str]:
    return {name for name, now in module.state_dict().items() if not torch.equal(before[name], now)}


def test_only_matrices_decay() -> None:
    encoder = TinyEncoder()
    module = ContrastiveModule(encoder, InfoNCE(), weight_decay=0.3)
    decayed, plain = decay_groups(module.parameters(), 0.3)
    assert {one.ndim for one in decayed["params"]} == {2}
    assert {one.ndim for one in plain["params"]} == {0, 1}
    assert any(one is module.loss.logit_scale for one in plain["params"])
    assert (decayed["weight_decay"], plain["weight_decay"]) == (0.3, 0.0)
    every = sum(one.numel() for one in module.parameters())
    assert sum(one.numel() for group in (decayed, plain) for one in group["params"]) == every


def test_the_temperature_starts_at_the_encoders() -> None:
    module = ContrastiveModule(TinyEncoder(), InfoNCE())
    assert module.loss.logit_scale.item() == pytest.approx(np.log(1 / 0.07))


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


@pytest.mark.parametrize(
    "settings", [{"lr": 0}, {"weight_decay": -1}, {"final_lr": 2}, {"freeze": "text"}]
)
def test_settings_that_cannot_be_are_refused(settings: dict) -> None:
    with pytest.raises(BadConfig):
        ContrastiveModule(TinyEncoder(), InfoNCE(), **settings)


def held_out(rows: list[list[float]], groups: list[int]) -> HeldOut:
    return HeldOut(np.array(rows, np.float32), np.array(groups), np.arange(len(groups)))


def test_held_out_recall_in_both_directions_by_hand() -> None:
    pictures = held_out([[1, 0], [0, 1]], [0, 1])
    captions = held_out([[1, 0], [0.6, 0.8], [0.8, 0.6]], [0, 1, 1])
    figures = retrieval_figures({"image": pictures, "text": captions})
    assert figures["text_to_image/R@1"] == pytest.approx(2 / 3)
    assert figures["image_to_text/R@1"] == 1.0
    assert figures["text_to_image/R@5"] == 1.0
    assert figures["recall"] == pytest.approx((2 / 3 + 5) / 6)


def test_a_direction_without_right_answers_is_left_out() -> None:
    alone = {"image": held_out([[1, 0]], [0]), "speech": held_out([[1, 0]], [5])}
    assert retrieval_figures(alone) == {}
