from __future__ import annotations

import numpy as np
import pytest

from scrubjay.core.types import EncoderSpec, Modality
from scrubjay.search.needle_scale import THINGS, drawn_by, scale_of


class Apart:
    """Names are as near to drawings as a given cosine; drawings of one thing are the same."""

    def __init__(self, alike: float, modalities=frozenset(Modality), name: str = "apart") -> None:
        self.spec = EncoderSpec(name, "v1", 2 * THINGS, frozenset(modalities), f"{name} {alike}")
        self.alike = alike
        self.calls: list[Modality] = []

    def encode(self, modality, batch):
        self.calls.append(modality)
        rows = np.zeros((len(batch), 2 * THINGS), np.float32)
        places = np.arange(len(batch))
        rows[places, places] = self.alike if modality is Modality.TEXT else 1.0
        if modality is Modality.TEXT:
            rows[places, THINGS + places] = np.sqrt(1 - self.alike**2)
        return rows


def one(place: int) -> np.ndarray:
    query = np.zeros((1, 2 * THINGS), np.float32)
    query[0, place] = 1
    return query


def test_a_picture_may_be_in_the_video_itself_and_words_only_come_as_near_as_names_do() -> None:
    encoder = Apart(0.6)
    assert scale_of(one(0), encoder, [Modality.IMAGE]).perfect == 1.0
    assert scale_of(one(0), encoder, [Modality.TEXT]).perfect == pytest.approx(0.6)
    assert scale_of(one(0), encoder, [Modality.SPEECH]).perfect == pytest.approx(0.6)
    # The sum of a name and a drawing of one thing, halved in angle: cos 53.1 / 2.
    mixed = scale_of(one(0), encoder, [Modality.TEXT, Modality.IMAGE]).perfect
    assert mixed == pytest.approx(np.cos(np.arccos(0.6) / 2))


def test_one_drawing_of_the_very_thing_does_not_make_everything_related() -> None:
    assert scale_of(one(3), Apart(0.6), [Modality.IMAGE]).unrelated == pytest.approx(0, abs=1e-6)


def test_an_encoder_without_words_has_a_scale_for_pictures() -> None:
    encoder = Apart(0.6, {Modality.IMAGE, Modality.SPEECH}, "wordless")
    assert drawn_by(encoder).named is None
    assert scale_of(one(0), encoder, [Modality.SPEECH]).perfect == 1.0


def test_drawings_are_encoded_once_for_an_encoder() -> None:
    encoder = Apart(0.7, name="once")
    for _ in range(3):
        scale_of(one(0), encoder, [Modality.TEXT])
    assert encoder.calls == [Modality.IMAGE, Modality.IMAGE, Modality.TEXT]
