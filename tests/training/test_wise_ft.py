"""Weights between two, and the choice among them by what held-out items say."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadConfig, TrainingFailed
from scrubjay.core.types import Modality, Split
from scrubjay.training.views import Decoded
from scrubjay.training.wise_ft import choose_alpha, interpolate, weights_of
from tests.training.collection import Collection, make
from tests.training.configured import configured, fit_tiny
from tests.training.tiny import TinyEncoder

ALPHAS = (0.25, 0.5, 0.75, 1.0)


def tiny(seed: int, **options: object) -> TinyEncoder:
    torch.manual_seed(seed)
    return TinyEncoder(**options)


def state(encoder: TinyEncoder) -> dict[str, np.ndarray]:
    return {
        f"{modality.value}.{name}": tensor.numpy().copy()
        for modality, tower in encoder.towers.items()
        for name, tensor in tower.state_dict().items()
    }


def held_out(made: Collection, only: str = "") -> list:
    return [replace(one, split=Split.VAL) for one in made.items if only in one.group]


def ids_from(made: Collection, first: int) -> frozenset[str]:
    return frozenset(one.id for one in made.items if int(one.group[1:]) >= first)


@pytest.fixture(scope="module")
def month(tmp_path_factory) -> tuple[Collection, TinyEncoder, TinyEncoder]:
    """A collection, an encoder that knows its first half, and one that then learnt the other."""
    made = make(24, val_every=0)
    old, new = (
        Collection([one for one in made.items if (int(one.group[1:]) < 12) is first], made.files)
        for first in (True, False)
    )
    config = configured("trainer.max_epochs=40", "model.lr=0.01", "keep=last")
    start = tiny(0)
    fit_tiny(config, old, tmp_path_factory.mktemp("old"), encoder=start)
    end = tiny(0)
    interpolate(end, weights_of(start), weights_of(start), 0.0)
    fit_tiny(config, new, tmp_path_factory.mktemp("new"), encoder=end)
    return made, start, end


def test_the_ends_are_the_very_bits_and_between_is_the_weighted_mean() -> None:
    start, end, between = tiny(1), tiny(2), tiny(3)
    first, last = state(start), state(end)
    for alpha in (0.0, 0.3, 1.0):
        interpolate(between, weights_of(start), weights_of(end), alpha)
        for name, value in state(between).items():
            if np.issubdtype(value.dtype, np.floating):
                expected = (1 - alpha) * first[name] + alpha * last[name]
                np.testing.assert_allclose(value, expected, atol=1e-7)
                exact = {0.0: first, 1.0: last}.get(alpha)
                assert exact is None or np.array_equal(value, exact[name])


def test_a_mask_keeps_its_infinities() -> None:
    """A causal mask of -inf is the same at both ends, and no number lies between."""
    encoder = tiny(0)
    mask = torch.full((2, 2), float("-inf")).triu(1)
    encoder.tower(Modality.IMAGE).register_buffer("mask", mask.clone())
    start, other = weights_of(encoder), tiny(1)
    other.tower(Modality.IMAGE).register_buffer("mask", mask.clone())
    for alpha in ALPHAS:
        interpolate(encoder, start, weights_of(other), alpha)
        assert torch.equal(encoder.tower(Modality.IMAGE).mask, mask)
        for name, one in weights_of(encoder).items():
            if not name.endswith("mask"):
                assert bool(one.isfinite().all()), name


def test_counters_are_left_alone() -> None:
    start, end = tiny(1), tiny(2)
    counter = end.towers[Modality.IMAGE].layers[1].num_batches_tracked
    counter.fill_(7)
    interpolate(end, weights_of(start), weights_of(end), 0.5)
    assert int(counter) == 7


def test_what_towers_share_is_interpolated_once() -> None:
    start, end = tiny(1, shared=True), tiny(2, shared=True)
    assert start.head is not None
    assert end.head is not None
    names = [name for name, one in weights_of(end).items() if one.shape == end.head.weight.shape]
    weights = [weights_of(end)[name] for name in names]
    assert sum(torch.equal(one, end.head.weight) for one in weights) == 1
    expected = 0.75 * start.head.weight + 0.25 * end.head.weight
    interpolate(end, weights_of(start), weights_of(end), 0.25)
    assert torch.allclose(end.head.weight, expected, atol=1e-7)


@pytest.mark.parametrize("other", [{"dim": 16}, {"shared": True}])
def test_another_network_is_refused(other) -> None:
    end = tiny(2)
    before = state(end)
    with pytest.raises(BadConfig, match="is not the same in both networks"):
        interpolate(end, weights_of(tiny(1, **other)), weights_of(end), 0.5)
    assert all(np.array_equal(before[name], value) for name, value in state(end).items())


def naive_recall(made: Collection, encoder: TinyEncoder, groups: set[str]) -> float:
    """R@1, R@5 and R@10 of both directions by sorting; a tie would lose."""
    decoded = Decoded(made.read, limits=MediaLimits(), min_side=None, max_bytes=0)
    vectors = {
        "image": encoder.encode(Modality.IMAGE, [decoded.picture(one) for one in made.items]),
        "text": encoder.encode(Modality.TEXT, [one.captions[0] for one in made.items]),
    }
    figures: list[np.floating] = []
    for query, gallery in permutations(vectors, 2):
        order = np.argsort(-vectors[query] @ vectors[gallery].T, axis=1)
        asked = [row for row, one in enumerate(made.items) if one.group in groups]
        figures += [np.mean([row in order[row, :k] for row in asked]) for k in (1, 5, 10)]
    return float(np.mean(figures))


def test_alpha_is_what_finds_new_and_old_held_out_items_best(month) -> None:
    made, start, end = month
    encoder = tiny(9)
    interpolate(encoder, weights_of(end), weights_of(end), 1.0)
    chosen = choose_alpha(
        encoder,
        weights_of(start),
        items=held_out(made),
        new=ids_from(made, 12),
        read=made.read,
        alphas=ALPHAS,
    )
    old, new = (
        {one.group for one in made.items if (int(one.group[1:]) < 12) is first}
        for first in (True, False)
    )
    means = {}
    for alpha in (0.0, *ALPHAS):
        mixed = tiny(9)
        interpolate(mixed, weights_of(start), weights_of(end), alpha)
        by_part = {"new": naive_recall(made, mixed, new), "old": naive_recall(made, mixed, old)}
        means[alpha] = np.mean(list(by_part.values()))
        for part, value in {**by_part, "mean": means[alpha]}.items():
            assert chosen.scores[f"alpha={alpha:g}/{part}"] == pytest.approx(value)
    assert len(chosen.scores) == 3 * 5
    assert chosen.alpha == max(ALPHAS, key=lambda one: means[one])
    assert means[chosen.alpha] > max(means[0.0], means[1.0]), "neither end is best here"
    assert chosen.scores["alpha=1/new"] > chosen.scores["alpha=0/new"] + 0.2
    assert chosen.scores["alpha=0/old"] > chosen.scores["alpha=1/old"] + 0.2
    assert "12 new and 12 old held-out content groups" in chosen.why
    expected = tiny(9)
    interpolate(expected, weights_of(start), weights_of(end), chosen.alpha)
    for name, value in weights_of(encoder).items():
        assert torch.equal(value, weights_of(expected)[name])


def test_between_equal_alphas_the_smallest_is_chosen(month) -> None:
    made, start, _ = month
    encoder = tiny(9)
    interpolate(encoder, weights_of(start), weights_of(start), 1.0)
    chosen = choose_alpha(
        encoder,
        weights_of(start),
        items=held_out(made),
        new=ids_from(made, 12),
        read=made.read,
        alphas=(1.0, 0.5, 0.75),
    )
    assert chosen.alpha == 0.5
    assert len({chosen.scores[f"alpha={alpha:g}/mean"] for alpha in (0, 0.5, 0.75, 1)}) == 1


def test_without_validation_items_the_weights_stay_as_trained_and_that_is_said(month) -> None:
    made, start, end = month
    encoder = tiny(9)
    interpolate(encoder, weights_of(end), weights_of(end), 1.0)
    for items, why in (
        ([], "no validation items: alpha is 1"),
        ([replace(one, captions=()) for one in held_out(made)], "no validation items"),
        ([replace(one, uris=("gone",)) for one in held_out(made)], "no validation item can be"),
    ):
        chosen = choose_alpha(
            encoder,
            weights_of(start),
            items=items,
            new=frozenset(),
            read=made.read,
            alphas=ALPHAS,
        )
        assert (chosen.alpha, dict(chosen.scores)) == (1.0, {})
        assert why in chosen.why
        kept = weights_of(encoder)
        assert all(torch.equal(kept[name], value) for name, value in weights_of(end).items())


def test_where_nothing_new_is_held_out_the_old_alone_decides(month) -> None:
    made, start, end = month
    encoder = tiny(9)
    interpolate(encoder, weights_of(end), weights_of(end), 1.0)
    chosen = choose_alpha(
        encoder,
        weights_of(start),
        items=held_out(made)[:12],
        new=frozenset(),
        read=made.read,
        alphas=ALPHAS,
    )
    assert {name.split("/")[1] for name in chosen.scores} == {"old", "mean"}
    assert chosen.scores["alpha=0.5/old"] == chosen.scores["alpha=0.5/mean"]
    assert chosen.why.endswith("on 12 old held-out content groups, the smallest such")


def test_a_file_that_is_gone_is_no_answer_and_no_question(month) -> None:
    made, start, end = month
    gone = made.items[0].uri
    fewer = Collection(made.items, {uri: data for uri, data in made.files.items() if uri != gone})
    scores = []
    for items, read in ((held_out(made), fewer.read), (held_out(made)[1:], made.read)):
        encoder = tiny(9)
        interpolate(encoder, weights_of(end), weights_of(end), 1.0)
        chosen = choose_alpha(
            encoder,
            weights_of(start),
            items=items,
            new=ids_from(made, 12),
            read=read,
            alphas=(1.0,),
        )
        scores.append(chosen.scores["alpha=1/new"])
    # Its caption is still in the gallery, where it can only stand in the way.
    assert 0 < scores[0] <= scores[1]


def test_vectors_that_are_not_finite_choose_nothing(month) -> None:
    made, start, _ = month
    encoder = tiny(9)
    with torch.no_grad():
        encoder.towers[Modality.TEXT].layers[0].bias.fill_(float("inf"))
    with pytest.raises(TrainingFailed, match=r"with alpha=0\.5 the encoder's vectors are not"):
        choose_alpha(
            encoder,
            weights_of(start),
            items=held_out(made),
            new=frozenset(),
            read=made.read,
            alphas=(0.5, 1.0),
        )
