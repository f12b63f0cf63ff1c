"""What learns learns, what is frozen keeps every bit."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.core.errors import BadConfig
from scrubjay.training.contrastive import (
    ContrastiveModule,
    HeldOut,
    decay_groups,
    retrieval_figures,
)
from scrubjay.training.losses import InfoNCE
from tests.training.tiny import TinyEncoder


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
