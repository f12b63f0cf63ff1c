from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from scrubjay.core.errors import UnsupportedModality, WrongUse
from scrubjay.core.types import Modality
from scrubjay.models.load import load_encoder

RGB = {
    "red": (220, 40, 40),
    "green": (50, 160, 70),
    "blue": (40, 80, 200),
    "yellow": (240, 220, 50),
    "white": (240, 240, 240),
    "black": (20, 20, 20),
}
HERTZ = {"low": 150, "middle": 600, "high": 2400, "shrill": 6000}


def plain(colour: str, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(-15, 16, (40, 60, 3))
    return np.clip(np.array(RGB[colour]) + noise, 0, 255).astype(np.uint8)


def tone(name: str) -> np.ndarray:
    time = np.arange(8000) / 16_000
    return (0.5 * np.sin(2 * np.pi * HERTZ[name] * time)).astype(np.float32)


@pytest.mark.parametrize("colour", RGB)
def test_a_colour_word_is_nearest_to_its_picture(colour: str) -> None:
    encoder = load_encoder("fake")
    texts = encoder.encode(Modality.TEXT, [f"a {colour} square" for colour in RGB])
    picture = encoder.encode(Modality.IMAGE, [plain(colour)])
    assert list(RGB)[int((texts @ picture[0]).argmax())] == colour


@pytest.mark.parametrize("name", HERTZ)
def test_a_pitch_word_is_nearest_to_its_tone(name: str) -> None:
    encoder = load_encoder("fake")
    texts = encoder.encode(Modality.TEXT, [f"a {name} tone" for name in HERTZ])
    heard = encoder.encode(Modality.SPEECH, [tone(name)])
    assert list(HERTZ)[int((texts @ heard[0]).argmax())] == name


def test_silence_is_silent() -> None:
    encoder = load_encoder("fake")
    texts = encoder.encode(Modality.TEXT, ["silent", *HERTZ])
    for samples in (0, 1, 8000):
        heard = encoder.encode(Modality.SPEECH, [np.zeros(samples, np.float32)])
        assert int((texts @ heard[0]).argmax()) == 0


def test_equal_content_has_equal_vectors_and_other_content_has_not() -> None:
    encoder = load_encoder("fake")
    same = encoder.encode(Modality.IMAGE, [plain("red"), plain("red"), plain("red", seed=1)])
    np.testing.assert_array_equal(same[0], same[1])
    assert same[0] @ same[2] < 0.9999


def test_its_vectors_are_the_same_in_every_process() -> None:
    program = (
        "from scrubjay.models.load import load_encoder\n"
        "from scrubjay.core.types import Modality\n"
        "encoder = load_encoder('fake')\n"
        "print(encoder.spec.fingerprint, encoder.encode(Modality.TEXT, ['a red door'])[0].tolist())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(runs) == 1


def test_options_change_the_fingerprint() -> None:
    made = {load_encoder("fake", **options).spec.fingerprint for options in ({}, {"dim": 32})}
    assert len(made) == 2


def test_it_pretends_to_lack_a_tower() -> None:
    encoder = load_encoder("fake", modalities=["image", "text"])
    with pytest.raises(UnsupportedModality, match="speech"):
        encoder.encode(Modality.SPEECH, [tone("low")])


def test_too_few_numbers_are_refused() -> None:
    with pytest.raises(WrongUse, match="dim >= 24"):
        load_encoder("fake", dim=8)
