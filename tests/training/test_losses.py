"""Losses against loops written out by hand, and the promises of the issue."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from scrubjay.core.errors import BadConfig, UnknownName
from scrubjay.training.losses import PAIRS, InfoNCE, PairLoss, SigLIP, pair_name


def unit(n: int, dim: int, seed: int) -> torch.Tensor:
    rows = torch.from_numpy(np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32))
    return functional.normalize(rows, dim=-1)


def naive_one_way(cosine: np.ndarray, same: np.ndarray, scale: float) -> float:
    """Feeney & Hughes 2024, written out: mean over rows of the mean over their positives."""
    rows = []
    for i in range(cosine.shape[0]):
        negatives = sum(
            math.exp(scale * c) for c, s in zip(cosine[i], same[i], strict=True) if not s
        )
        terms = [
            -math.log(math.exp(scale * c) / (math.exp(scale * c) + negatives))
            for c, s in zip(cosine[i], same[i], strict=True)
            if s
        ]
        if terms:
            rows.append(sum(terms) / len(terms))
    return sum(rows) / len(rows)


def naive_info_nce(a, b, groups_a, groups_b, scale: float) -> float:
    cosine, same = a @ b.T, groups_a[:, None] == groups_b[None, :]
    return (naive_one_way(cosine, same, scale) + naive_one_way(cosine.T, same.T, scale)) / 2


def naive_siglip(a, b, groups_a, groups_b, scale: float, bias: float) -> float:
    total = 0.0
    for i in range(len(a)):
        for j in range(len(b)):
            sign = 1 if groups_a[i] == groups_b[j] else -1
            total += math.log1p(math.exp(-sign * (scale * float(a[i] @ b[j]) + bias)))
    return total / ((len(a) + len(b)) / 2)


@settings(max_examples=40, deadline=None)
@given(
    groups_a=st.lists(st.integers(0, 4), min_size=1, max_size=7),
    groups_b=st.lists(st.integers(0, 4), min_size=1, max_size=7),
    seed=st.integers(0, 1000),
    scale=st.floats(1.0, 30.0),
)
def test_both_losses_equal_their_written_out_loops(groups_a, groups_b, seed, scale) -> None:
    a, b = unit(len(groups_a), 6, seed), unit(len(groups_b), 6, seed + 1)
    vectors = {"image": a, "text": b}
    groups = {"image": torch.tensor(groups_a), "text": torch.tensor(groups_b)}
    found = {
        "info": InfoNCE(logit_scale=math.log(scale))(vectors, groups),
        "sig": SigLIP(logit_scale=math.log(scale), bias=-3.0)(vectors, groups),
    }
    if not set(groups_a) & set(groups_b):
        assert found == {"info": {}, "sig": {}}
        return
    plain = (a.double().numpy(), b.double().numpy(), np.array(groups_a), np.array(groups_b))
    assert float(found["info"]["loss"].detach()) == pytest.approx(
        naive_info_nce(*plain, scale), rel=1e-4, abs=1e-5
    )
    assert float(found["sig"]["loss"].detach()) == pytest.approx(
        naive_siglip(*plain, scale, -3.0), rel=1e-4, abs=1e-5
    )


def test_info_nce_with_one_positive_a_row_is_clips_cross_entropy() -> None:
    a, b = unit(8, 5, 1), unit(8, 5, 2)
    numbers = torch.arange(8)
    found = InfoNCE(logit_scale=math.log(20.0))(
        {"image": a, "text": b}, {"image": numbers, "text": numbers}
    )
    logits = 20.0 * a @ b.T
    clip = (
        functional.cross_entropy(logits, numbers) + functional.cross_entropy(logits.T, numbers)
    ) / 2
    assert torch.allclose(found["loss"], clip, atol=1e-6)


def test_info_nce_of_two_orthogonal_pairs_by_hand() -> None:
    eye = torch.eye(2)
    numbers = torch.tensor([7, 9])
    found = InfoNCE(logit_scale=0.0)(
        {"image": eye, "speech": eye}, {"image": numbers, "speech": numbers}
    )
    assert float(found["loss"].detach()) == pytest.approx(math.log(1 + math.exp(-1)))


def test_siglip_of_two_orthogonal_pairs_by_hand() -> None:
    eye = torch.eye(2)
    numbers = torch.tensor([0, 1])
    found = SigLIP(logit_scale=0.0, bias=0.5)(
        {"image": eye, "text": eye}, {"image": numbers, "text": numbers}
    )
    right, wrong = math.log1p(math.exp(-1.5)), math.log1p(math.exp(0.5))
    assert float(found["loss"].detach()) == pytest.approx((2 * right + 2 * wrong) / 2)


@pytest.mark.parametrize("loss", [InfoNCE(logit_scale=2.0), SigLIP(logit_scale=2.0)])
def test_items_of_one_group_are_never_pushed_apart(loss: PairLoss) -> None:
    cosine = torch.rand(6, 5, requires_grad=True)
    same = torch.tensor([0, 0, 1, 1, 2, 3])[:, None] == torch.tensor([0, 0, 1, 2, 2])[None, :]
    (gradient,) = torch.autograd.grad(loss.pair(cosine, same), cosine)
    assert (gradient[same] <= 0).all(), "raising the cosine of a positive must never raise the loss"
    assert (gradient[~same] >= 0).all()
    assert (gradient[same] < 0).any()
    assert (gradient[~same] > 0).any()


def test_each_pair_present_counts_and_absent_ones_do_not() -> None:
    vectors = {"image": unit(4, 5, 1), "text": unit(3, 5, 2), "speech": unit(2, 5, 3)}
    groups = {"image": torch.arange(4), "text": torch.arange(3), "speech": torch.tensor([0, 3])}
    loss = InfoNCE(logit_scale=1.0)
    found = loss(vectors, groups)
    assert list(found) == [*(pair_name(*pair) for pair in PAIRS), "loss"]
    for pair in PAIRS:
        alone = loss({name: vectors[name] for name in pair}, {name: groups[name] for name in pair})
        assert torch.equal(alone["loss"], found[pair_name(*pair)])
        assert set(alone) == {pair_name(*pair), "loss"}
    mean = torch.stack([found[pair_name(*pair)] for pair in PAIRS]).mean()
    assert torch.allclose(found["loss"], mean)
    assert loss({"image": vectors["image"]}, {"image": groups["image"]}) == {}


def test_weights_change_the_mean_and_zero_leaves_a_pair_out() -> None:
    vectors = {"image": unit(4, 5, 1), "text": unit(4, 5, 2), "speech": unit(4, 5, 3)}
    groups = dict.fromkeys(vectors, torch.arange(4))
    loss = InfoNCE(logit_scale=1.0, weights={"image-speech": 3.0, "speech-text": 0.0})
    found = loss(vectors, groups)
    assert set(found) == {"image-text", "image-speech", "loss"}
    assert torch.allclose(found["loss"], (found["image-text"] + 3 * found["image-speech"]) / 4)


@pytest.mark.parametrize("make", [InfoNCE, SigLIP])
def test_a_batch_of_one_group_only_has_a_finite_gradient(make: type[PairLoss]) -> None:
    rows = unit(3, 4, 0).requires_grad_()
    numbers = torch.zeros(3, dtype=torch.int64)
    found = make(logit_scale=3.0)(
        {"image": rows, "text": unit(3, 4, 1)}, {"image": numbers, "text": numbers}
    )
    found["loss"].backward()
    assert torch.isfinite(rows.grad).all()


@pytest.mark.parametrize("make", [InfoNCE, SigLIP])
def test_losses_stay_float32_and_finite_under_bf16_autocast(make: type[PairLoss]) -> None:
    rows = unit(64, 8, 0)
    numbers = torch.arange(64)
    loss = make(logit_scale=math.log(100.0))
    plain = loss({"image": rows, "text": rows}, {"image": numbers, "text": numbers})["loss"]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = loss({"image": rows, "text": rows}, {"image": numbers, "text": numbers})["loss"]
    assert found.dtype is torch.float32
    assert torch.isfinite(found)
    assert torch.equal(found, plain)


def test_the_temperature_learns_and_is_held_below_its_limit() -> None:
    rows, numbers = unit(6, 4, 0), torch.arange(6)
    loss = InfoNCE(logit_scale=1.0)
    loss({"image": rows, "text": rows}, {"image": numbers, "text": numbers})["loss"].backward()
    assert loss.logit_scale.grad is not None
    assert float(loss.logit_scale.grad) < 0, "matching rows ask for a sharper temperature"
    with torch.no_grad():
        loss.logit_scale.fill_(50.0)
    assert float(loss.scale().detach()) == pytest.approx(100.0)


def test_it_starts_where_the_encoder_left_off_unless_told_otherwise() -> None:
    own, chosen = SigLIP(), SigLIP(logit_scale=1.0, bias=-2.0)
    for loss in (own, chosen):
        loss.start_from(4.7, -12.9)
    assert (own.logit_scale.item(), own.bias.item()) == pytest.approx((4.7, -12.9))
    assert (chosen.logit_scale.item(), chosen.bias.item()) == pytest.approx((1.0, -2.0))
    never_had_a_bias = SigLIP()
    never_had_a_bias.start_from(4.7, 0.0)
    assert never_had_a_bias.bias.item() == -10.0


def test_wrong_settings_are_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownName, match="image-speech"):
        InfoNCE(weights={"image-speach": 1.0})
    with pytest.raises(BadConfig, match="0 or more"):
        InfoNCE(weights={"image-text": -1.0})
    with pytest.raises(BadConfig, match="above 0"):
        SigLIP(max_scale=0.0)
