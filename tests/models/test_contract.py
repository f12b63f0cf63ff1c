"""The promises of core/protocols.py, held by every family that `families()` finds.

A new family is found by itself. It needs one line in BUILDERS, so that the test knows how to make
a small one; without that line the last test fails and says so.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scrubjay.core.errors import BadMedia, UnsupportedModality
from scrubjay.core.protocols import Encoder, TrainableEncoder
from scrubjay.core.types import Media, Modality
from scrubjay.models.load import families, load_encoder, load_trainable, load_version
from tests.models.pretrained_models import SAVE, TEXTS, pictures
from tests.models.speech_models import SAVE_SPEECH

SMALL = {"width": 48, "layers": 2, "heads": 4, "dim": 32, "image_size": 48}


def exported_builtin(request, tmp_path_factory) -> Encoder:
    folder = tmp_path_factory.mktemp("builtin-version")
    (folder / "export").mkdir()
    load_trainable("builtin", **SMALL).export(folder / "export")
    return load_version(folder, threads=1)


def joined(request) -> Encoder:
    """A CLIP's picture tower with a text and a speech tower that know nothing yet."""
    clip = request.getfixturevalue("trainable")("clip")
    fresh = load_trainable(
        "builtin", **{**SMALL, "dim": clip.spec.dim, "modalities": ["text", "speech"]}
    )
    return load_encoder("joined", image=clip, text=fresh, speech=fresh)


ALL = frozenset(Modality)
CLIP_STYLE = frozenset({Modality.IMAGE, Modality.TEXT})

BUILDERS: dict[str, dict[str, tuple[Callable[..., Encoder], frozenset[Modality]]]] = {
    "fake": {"fake": (lambda *_: load_encoder("fake"), ALL)},
    "builtin": {"builtin": (lambda *_: load_encoder("builtin", **SMALL), ALL)},
    "joined": {"joined": (lambda request, _: joined(request), ALL)},
    "transformers": {
        kind: (lambda request, _, kind=kind: request.getfixturevalue("trainable")(kind), CLIP_STYLE)
        for kind in SAVE
    },
    "open_clip": {
        f"open_clip {kind}": (
            lambda request, _, kind=kind: request.getfixturevalue("open_clip")(kind),
            CLIP_STYLE,
        )
        for kind in ("vit", "siglip")
    },
    "speech": {
        f"speech {kind}": (
            lambda request, _, kind=kind: request.getfixturevalue("speech_tower")(kind),
            ALL,
        )
        for kind in SAVE_SPEECH
    },
    "exported": {
        "exported builtin": (exported_builtin, ALL),
        **{
            f"exported {kind}": (
                lambda request, _, kind=kind: request.getfixturevalue("served")(kind),
                CLIP_STYLE,
            )
            for kind in SAVE
        },
        **{
            f"exported speech {kind}": (
                lambda request, _, kind=kind: load_version(
                    request.getfixturevalue("speech_version")(kind), threads=1
                ),
                ALL,
            )
            for kind in SAVE_SPEECH
        },
    },
}
"""Family -> the small encoders held to the contract: how to make one, and the towers it has."""

MADE = {name: made for small in BUILDERS.values() for name, made in small.items()}
TRAINABLE = ("builtin", "joined", *SAVE, *BUILDERS["open_clip"], *BUILDERS["speech"])

each = pytest.mark.parametrize("name", MADE)
each_tower = pytest.mark.parametrize(
    ("name", "modality"),
    [
        pytest.param(name, modality, id=f"{name} {modality}")
        for name, (_, modalities) in MADE.items()
        for modality in sorted(modalities)
    ],
)
each_trainable_tower = pytest.mark.parametrize(
    ("name", "modality"),
    [
        pytest.param(name, modality, id=f"{name} {modality}")
        for name in TRAINABLE
        for modality in sorted(MADE[name][1])
    ],
)


@pytest.fixture(scope="module")
def encoders(request, tmp_path_factory) -> Callable[[str], Encoder]:
    made: dict[str, Encoder] = {}

    def encoder(name: str) -> Encoder:
        if name not in made:
            made[name] = MADE[name][0](request, tmp_path_factory)
        return made[name]

    return encoder


@pytest.fixture
def encoder(encoders, name: str) -> Encoder:
    return encoders(name)


def sounds() -> list[np.ndarray]:
    random = np.random.default_rng(5)
    made = []
    for seconds, frequency in ((0.4, 200), (1.1, 700), (0.75, 2500), (2.3, 90), (0.02, 400)):
        time = np.arange(round(seconds * 16_000)) / 16_000
        tone = np.sin(2 * np.pi * frequency * time * (1 + 0.2 * time))
        made.append((0.3 * tone + 0.02 * random.standard_normal(len(time))).astype(np.float32))
    return made


def some(modality: Modality) -> list[Media]:
    return {Modality.IMAGE: pictures, Modality.TEXT: lambda: TEXTS, Modality.SPEECH: sounds}[
        modality
    ]()


def other(modality: Modality) -> list[Media]:
    return some(Modality.TEXT if modality is Modality.IMAGE else Modality.IMAGE)


@each
def test_the_spec_says_what_it_is(name: str, encoder: Encoder) -> None:
    assert isinstance(encoder, Encoder)
    spec = encoder.spec
    assert spec == encoder.spec
    assert spec.dim > 0
    assert spec.modalities == MADE[name][1]
    assert len(spec.fingerprint) == 64
    assert (spec.image_size is not None) == (Modality.IMAGE in spec.modalities)
    assert (spec.speech_window_s is not None) == (Modality.SPEECH in spec.modalities)


@each_tower
def test_rows_are_finite_and_of_unit_length(
    name: str, encoder: Encoder, modality: Modality
) -> None:
    vectors = encoder.encode(modality, some(modality))
    assert vectors.shape == (len(some(modality)), encoder.spec.dim)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@each_tower
def test_different_media_have_different_rows(
    name: str, encoder: Encoder, modality: Modality
) -> None:
    vectors = encoder.encode(modality, some(modality))
    cosines = vectors @ vectors.T
    assert cosines[~np.eye(len(vectors), dtype=bool)].max() < 0.99999


@each_tower
def test_a_row_does_not_depend_on_its_batch(
    name: str, encoder: Encoder, modality: Modality
) -> None:
    media = some(modality)
    alone = np.concatenate([encoder.encode(modality, [one]) for one in media])
    many = encoder.encode(modality, media * 9)
    backwards = encoder.encode(modality, media[::-1])[::-1]
    for together in (many[: len(media)], many[-len(media) :], backwards):
        assert (alone * together).sum(axis=1).min() >= 0.9999


@each_tower
def test_encoding_twice_gives_the_same_bytes(
    name: str, encoder: Encoder, modality: Modality
) -> None:
    first, again = (encoder.encode(modality, some(modality)) for _ in range(2))
    assert first.tobytes() == again.tobytes()


@each_tower
def test_nothing_becomes_no_rows(name: str, encoder: Encoder, modality: Modality) -> None:
    vectors = encoder.encode(modality, [])
    assert vectors.shape == (0, encoder.spec.dim)
    assert vectors.dtype == np.float32


@each
def test_a_missing_tower_is_named(name: str, encoder: Encoder) -> None:
    for missing in set(Modality) - encoder.spec.modalities:
        with pytest.raises(UnsupportedModality, match=missing.value):
            encoder.encode(missing, some(missing))
        with pytest.raises(UnsupportedModality, match=missing.value):
            encoder.encode(missing, [])


@each_tower
def test_media_of_another_kind_are_refused(name: str, encoder: Encoder, modality: Modality) -> None:
    with pytest.raises(BadMedia):
        encoder.encode(modality, other(modality))


@each_trainable_tower
def test_training_preprocess_fits_its_tower(
    name: str, encoder: TrainableEncoder, modality: Modality
) -> None:
    import torch

    inputs = encoder.preprocess(modality, train=True)(some(modality))
    plain = encoder.preprocess(modality, train=False)(some(modality))
    assert inputs.keys() == plain.keys()
    with torch.no_grad():
        made = encoder.tower(modality)(**{k: torch.from_numpy(v) for k, v in plain.items()})
        varied = encoder.tower(modality)(**{k: torch.from_numpy(v) for k, v in inputs.items()})
    assert varied.shape == made.shape == (len(some(modality)), encoder.spec.dim)
    unit = torch.nn.functional.normalize(made, dim=-1).numpy()
    cosines = (unit * encoder.encode(modality, some(modality))).sum(axis=1)
    assert cosines.min() >= 0.9999


@each
def test_what_can_be_trained_says_so(name: str, encoder: Encoder) -> None:
    assert isinstance(encoder, TrainableEncoder) == (name in TRAINABLE)


@pytest.mark.parametrize("name", SAVE)
def test_towers_freeze_apart(name: str, encoder: TrainableEncoder) -> None:
    """A frozen text tower leaves the image tower everything to learn with."""
    image, text = (
        {id(one) for one in encoder.tower(modality).parameters()}
        for modality in (Modality.IMAGE, Modality.TEXT)
    )
    assert image
    assert text
    assert not image & text


@pytest.mark.parametrize("family", families())
def test_every_family_has_a_builder_here(family: str) -> None:
    assert family in BUILDERS, (
        f"the family {family!r} is not held to the contract: add a function that makes a small "
        f"one to BUILDERS in {__file__}"
    )


def test_no_builder_is_left_over() -> None:
    assert set(BUILDERS) <= set(families())
