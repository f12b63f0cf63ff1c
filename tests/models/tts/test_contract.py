"""The promises of Voice, held by every family that `families(Room.TTS)` finds.

A new family needs one line in BUILDERS: how to make a small one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from scrubjay.core.errors import WrongUse
from scrubjay.core.hearing import Spoken
from scrubjay.core.looking import ModelSpec
from scrubjay.core.protocols import Voice
from scrubjay.models.family import Room
from scrubjay.models.load import families, load_tts
from tests.models.spoken_models import save_vits

TEXT = "how many cups are on the table"


def espeak(request, folder) -> Voice:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    return load_tts("espeak")


def remote(request, folder) -> Voice:
    url = request.getfixturevalue("standing_server").url
    return load_tts("remote", url=url, model="voice", retries=0)


BUILDERS = {
    "espeak": espeak,
    "fake": lambda *_: load_tts("fake"),
    "remote": remote,
    "vits": lambda _, folder: load_tts("vits", source=save_vits(folder.mktemp("vits"))),
}

each = pytest.mark.parametrize("family", BUILDERS)


@pytest.fixture(scope="module")
def voices(request, tmp_path_factory) -> Callable[[str], Voice]:
    made: dict[str, Voice] = {}

    def voice(family: str) -> Voice:
        if family not in made:
            made[family] = BUILDERS[family](request, tmp_path_factory)
        return made[family]

    return voice


@pytest.fixture
def voice(voices, family: str) -> Voice:
    return voices(family)


def check(spoken: Spoken) -> None:
    assert isinstance(spoken, Spoken)
    assert spoken.samples.dtype == np.float32
    assert spoken.samples.ndim == 1
    assert np.isfinite(spoken.samples).all()
    assert np.abs(spoken.samples).max() <= 1
    assert 8_000 <= spoken.rate <= 96_000
    assert spoken.duration_s > 0
    assert spoken.voice


@each
def test_the_spec_says_what_it_is(family: str, voice: Voice) -> None:
    assert isinstance(voice, Voice)
    spec = voice.spec
    assert isinstance(spec, ModelSpec)
    assert spec == voice.spec
    assert spec.family == family
    assert len(spec.fingerprint) == 64


@each
def test_a_text_becomes_a_sound(family: str, voice: Voice) -> None:
    spoken = voice.speak(TEXT)
    check(spoken)
    assert spoken.language == "en"
    assert np.abs(spoken.samples).max() > 1e-4
    assert voice.speak(TEXT, language="en-GB").language == "en"


@each
def test_a_longer_text_takes_longer(family: str, voice: Voice) -> None:
    assert voice.speak(f"{TEXT} {TEXT} {TEXT}").duration_s > 1.5 * voice.speak(TEXT).duration_s


@each
@pytest.mark.parametrize("text", ["", "  \n"])
def test_nothing_to_say_is_a_short_silence(family: str, voice: Voice, text: str) -> None:
    spoken = voice.speak(text)
    check(spoken)
    assert spoken.duration_s < 1
    assert not spoken.samples.any()


@each
def test_the_same_text_sounds_the_same(family: str, voice: Voice) -> None:
    first = voice.speak(TEXT).samples
    voice.speak("something else")
    assert voice.speak(TEXT).samples.tobytes() == first.tobytes()


@each
def test_faster_is_shorter(family: str, voice: Voice) -> None:
    slow, fast = (voice.speak(TEXT, speed=speed) for speed in (0.7, 1.9))
    check(fast)
    assert fast.duration_s < slow.duration_s


@each
def test_threads_hear_what_one_hears(family: str, voice: Voice) -> None:
    alone = voice.speak(TEXT).samples.tobytes()
    with ThreadPoolExecutor(3) as pool:
        spoken = list(pool.map(lambda _: voice.speak(TEXT).samples.tobytes(), range(3)))
    assert spoken == [alone] * 3


@each
def test_what_nobody_speaks_is_refused(family: str, voice: Voice) -> None:
    with pytest.raises(WrongUse):
        voice.speak(TEXT, language="no language")
    for speed in (0.0, -1.0, float("nan"), 100.0):
        with pytest.raises(WrongUse):
            voice.speak(TEXT, speed=speed)
    with pytest.raises(WrongUse):
        voice.speak("a " * 10_000)


@pytest.mark.parametrize("family", families(Room.TTS))
def test_every_family_has_a_builder_here(family: str) -> None:
    assert family in BUILDERS, f"{family!r} is not held to the contract: add it to BUILDERS"


def test_no_builder_is_left_over() -> None:
    assert set(BUILDERS) <= set(families(Room.TTS))
