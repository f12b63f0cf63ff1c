"""Wrong captions: planted ones are found, good ones are left alone."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.core.types import Modality
from scrubjay.evaluate.examples import View
from scrubjay.evaluate.mislabelled import fits_of


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def collection(n: int, *, noise: float, wrong: int, seed: int = 0):
    """n pictures with a caption each, by a model of such noise; `wrong` captions changed places."""
    rng = np.random.default_rng(seed)
    things = unit(rng.standard_normal((n, 32)))
    images = unit(things + noise * rng.standard_normal((n, 32)))
    said = np.arange(n)
    moved = rng.choice(n, wrong, replace=False)
    said[moved] = np.roll(moved, 1)
    texts = unit(things[said] + noise * rng.standard_normal((n, 32)))
    groups = tuple(f"g{i}" for i in range(n))
    captions = tuple(f"thing {i}" for i in said)
    uris = tuple(f"{i}.jpg" for i in range(n))
    return (
        View(Modality.TEXT, texts, groups, ("",) * n, captions),
        View(Modality.IMAGE, images, groups, uris, captions),
        {int(one) for one in moved},
    )


@pytest.mark.parametrize(("noise", "seed"), [(0.06, 0), (0.1, 1), (0.1, 2)])
def test_planted_wrong_captions_are_found_and_little_else(noise: float, seed: int) -> None:
    texts, images, planted = collection(400, noise=noise, wrong=20, seed=seed)
    fits = fits_of(texts, images)
    assert fits is not None
    found = {int(fits.captions[at]) for at in fits.suspects()}
    precision = len(found & planted) / len(found)
    recall = len(found & planted) / len(planted)
    assert precision >= 0.9
    assert recall >= 0.9


def test_nobody_is_accused_where_nothing_is_wrong() -> None:
    accused = sum(
        len(fits.suspects())
        for seed in range(5)
        if (fits := fits_of(*collection(300, noise=0.08, wrong=0, seed=seed)[:2])) is not None
    )
    assert accused <= 3  # of 1,500


def test_a_model_that_knows_nothing_accuses_nobody() -> None:
    rng = np.random.default_rng(0)
    groups = tuple(f"g{i}" for i in range(200))
    texts = View(Modality.TEXT, unit(rng.standard_normal((200, 16))), groups, ("",) * 200, groups)
    images = View(Modality.IMAGE, unit(rng.standard_normal((200, 16))), groups, groups, groups)
    fits = fits_of(texts, images)
    assert fits is not None
    assert len(fits.suspects()) <= 2
    assert len(fits.vague()) == 0  # it cannot say that of anybody


def test_margins_are_those_of_a_loop() -> None:
    texts, images, _ = collection(12, noise=0.5, wrong=2)
    fits = fits_of(texts, images)
    assert fits is not None
    scores = texts.vectors.astype(np.float64) @ images.vectors.T.astype(np.float64)
    for at in range(12):
        others = [j for j in range(12) if j != at]
        assert fits.own[at] == pytest.approx(scores[at, at], abs=1e-5)
        assert fits.media_margin[at] == pytest.approx(
            scores[at, at] - max(scores[at, j] for j in others), abs=1e-5
        )
        assert fits.caption_margin[at] == pytest.approx(
            scores[at, at] - max(scores[j, at] for j in others), abs=1e-5
        )
        assert fits.beaten[at] == pytest.approx(
            sum(scores[at, j] >= scores[at, at] for j in others) / 11
        )


def test_captions_that_say_nothing_are_vague_and_not_wrong() -> None:
    texts, images, _ = collection(300, noise=0.05, wrong=0)
    rng = np.random.default_rng(5)
    empty = rng.choice(300, 10, replace=False)
    texts.vectors[empty] = unit(images.vectors.mean(axis=0, keepdims=True))
    fits = fits_of(texts, images)
    assert fits is not None
    vague = {int(fits.captions[at]) for at in fits.vague()}
    wrong = {int(fits.captions[at]) for at in fits.suspects()}
    assert len(vague & set(empty.tolist())) + len(wrong & set(empty.tolist())) >= 8
    assert not (vague | wrong) - set(empty.tolist())


def test_few_captions_accuse_nobody_and_none_is_nothing() -> None:
    texts, images, _ = collection(10, noise=0.05, wrong=3)
    fits = fits_of(texts, images)
    assert fits is not None
    assert not len(fits.suspects())
    others = View(Modality.IMAGE, images.vectors, ("x",) * 10, images.uris, images.texts)
    assert fits_of(texts, others) is None


def test_a_picture_in_the_wrong_class_is_found_among_the_many_of_a_class() -> None:
    rng = np.random.default_rng(0)
    words = unit(rng.standard_normal((10, 32)))
    really = np.repeat(np.arange(10), 40)
    images = unit(words[really] + 0.1 * rng.standard_normal((400, 32)))
    told = really.copy()
    planted = set(rng.choice(400, 12, replace=False).tolist())
    for at in planted:
        told[at] = (told[at] + 3) % 10
    texts = View(
        Modality.TEXT,
        words,
        tuple(f"c{i}" for i in range(10)),
        ("",) * 10,
        tuple(f"class {i}" for i in range(10)),
    )
    media = View(
        Modality.IMAGE,
        images,
        tuple(f"c{i}" for i in told),
        tuple(f"{i}.png" for i in range(400)),
        ("",) * 400,
    )
    fits = fits_of(texts, media)
    assert fits is not None
    found = {int(fits.media[at]) for at in fits.suspects()}
    assert len(found & planted) >= 11
    assert len(found - planted) <= 1


def test_one_wrong_caption_among_five_good_ones_is_found() -> None:
    texts, images, _ = collection(60, noise=0.05, wrong=0)
    rng = np.random.default_rng(1)
    five = View(
        Modality.TEXT,
        unit(np.repeat(texts.vectors, 5, axis=0) + 0.05 * rng.standard_normal((300, 32))),
        tuple(group for group in texts.groups for _ in range(5)),
        ("",) * 300,
        tuple(f"{group} {k}" for group in texts.groups for k in range(5)),
    )
    five.vectors[103] = five.vectors[7]  # said of picture 20, true of picture 1
    fits = fits_of(five, images)
    assert fits is not None
    assert [int(fits.captions[at]) for at in fits.suspects()] == [103]
