"""Figures of an encoder: perfect, blind and guessing ones get what they must."""

from __future__ import annotations

import zlib
from itertools import combinations

import numpy as np
import pytest

from scrubjay.core.types import EncoderSpec, Modality
from scrubjay.media.world.captions import plainest
from scrubjay.media.world.scene import Sampler, Template, has_held_out_pair, meaning
from scrubjay.media.world.speak import Speaker
from scrubjay.media.world.things import newcomers
from scrubjay.training.world import measure
from scrubjay.training.world.measure import DIRECTIONS, Gallery, gallery, probes, retrieval

DIM = 64


class Fake:
    """Vectors by a function from what media mean."""

    spec = EncoderSpec("fake", "", DIM, frozenset(Modality), "0" * 64, 96, 10.0)

    def __init__(self, vector):
        self.vector = vector

    def encode(self, modality, batch):
        rows = np.stack([self.vector(modality, media) for media in batch]).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def key(media) -> bytes:
    return media.encode() if isinstance(media, str) else media.tobytes()


def unit(text: str) -> np.ndarray:
    return np.random.default_rng(zlib.crc32(text.encode())).normal(size=DIM)


def perfect(of: Gallery) -> Fake:
    meant = dict(zip(map(key, of.pictures), of.texts, strict=True))
    meant |= dict(zip(map(key, of.sounds), of.texts, strict=bool(of.sounds)))
    return Fake(lambda _, media: unit(meant.get(key(media), media)))


GUESSING = Fake(lambda _, media: unit(str(zlib.crc32(key(media)))))
BLIND = Fake(lambda _, media: np.ones(DIM))


@pytest.fixture(scope="module")
def silent_gallery() -> Gallery:
    return gallery(200, seed=1, sampler=Sampler())


@pytest.fixture
def drawn(monkeypatch):
    """What every picture that is drawn shows, by its bytes."""
    shown: dict[bytes, str] = {}
    real = measure.draw

    def drawing(scene, random):
        made = real(scene, random)
        shown[key(made.picture)] = plainest(scene).text
        return made

    monkeypatch.setattr(measure, "draw", drawing)
    return shown


def test_a_perfect_encoder_finds_everything_first(silent_gallery) -> None:
    found = retrieval(perfect(silent_gallery), silent_gallery)
    assert [one.name for one in found] == ["text->image", "image->text"]
    for one in found:
        assert one.n_queries == one.n_gallery == 200
        assert one.recall[1].value == one.recall[10].value == one.mrr.value == 1.0
        assert one.median_rank.value == 1.0


def test_every_direction_is_measured_when_scenes_are_spoken(espeak) -> None:
    of = gallery(20, seed=1, sampler=Sampler(), speaker=Speaker())
    found = retrieval(perfect(of), of)
    assert [one.name for one in found] == [f"{a.value}->{b.value}" for a, b in DIRECTIONS]
    assert {one.name for one in found} == {
        f"{a}->{b}"
        for one in combinations(["image", "speech", "text"], 2)
        for a, b in (one, one[::-1])
    }
    assert all(one.recall[1].value == 1.0 for one in found)
    assert all(0.3 < len(sound) / 16_000 < 10 for sound in of.sounds)


def test_an_encoder_that_sees_one_point_finds_nothing(silent_gallery) -> None:
    for one in retrieval(BLIND, silent_gallery):
        assert one.recall[1].value == one.recall[10].value == 0.0


def test_an_encoder_that_guesses_finds_what_chance_gives(silent_gallery) -> None:
    for one in retrieval(GUESSING, silent_gallery):
        assert one.recall[1].value < 0.05
        assert one.recall[10].value == pytest.approx(10 / 200, abs=0.06)


def test_a_perfect_encoder_passes_every_probe(drawn) -> None:
    seeing = Fake(lambda _, media: unit(media if isinstance(media, str) else drawn[key(media)]))
    found = probes(seeing, n=100)
    assert set(found) == {"count", "colour_binding", "left_right", "above_below"}
    assert all(one.value == 1.0 for one in found.values())


def test_one_that_does_not_bind_is_at_chance_or_worse(drawn) -> None:
    """A bag of words knows how many and which, and nothing of colours' owners and sides."""

    def bag(_, media):
        text = media if isinstance(media, str) else drawn[key(media)]
        words = sorted(word for word in text.split() if word not in {"a", "an"})
        return np.sum([unit(word) for word in words], axis=0)

    found = probes(Fake(bag), n=100)
    assert found["count"].value == 1.0
    assert found["left_right"].value == found["above_below"].value == 1.0
    assert found["colour_binding"].value < 0.6


def test_blind_encoders_pass_no_probe_and_guessing_ones_half() -> None:
    assert all(one.value == 0.0 for one in probes(BLIND, n=40).values())
    for one in probes(GUESSING, n=300).values():
        assert one.value == pytest.approx(0.5, abs=0.12)


def test_a_gallery_is_as_asked_and_always_the_same() -> None:
    pairs = gallery(30, seed=2, sampler=Sampler(held_out_pairs=True), template=Template.SOME)
    assert all(has_held_out_pair(scene.everything) for scene in pairs.scenes)
    unseen = gallery(30, seed=2, sampler=Sampler(), template=Template.COUNT_AND)
    assert {scene.template for scene in unseen.scenes} == {Template.COUNT_AND}
    new = gallery(30, seed=2, sampler=Sampler(shown=newcomers(), shapes=0.0))
    assert {one for scene in new.scenes for one in scene.concepts} <= set(newcomers())
    again = gallery(30, seed=2, sampler=Sampler(shown=newcomers(), shapes=0.0))
    assert again.texts == new.texts
    assert all(np.array_equal(a, b) for a, b in zip(new.pictures, again.pictures, strict=True))
    assert new.sounds == ()


def test_no_two_scenes_of_a_gallery_mean_the_same(silent_gallery) -> None:
    assert len({meaning(scene) for scene in silent_gallery.scenes}) == 200
