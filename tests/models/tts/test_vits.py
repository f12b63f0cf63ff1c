from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from scrubjay.core.errors import Damaged, ModelNotFound, NotReady, WrongUse
from scrubjay.models.load import load_tts
from tests.models.pretrained_models import save_clip
from tests.models.spoken_models import copy_without, save_vits

TEXT = "how many cups are there"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_vits(tmp_path_factory.mktemp("vits"), rate=22_050)


@pytest.fixture(scope="module")
def voice(folder: Path):
    return load_tts("vits", source=folder, seed=7)


def library(folder: Path, text: str, **how) -> np.ndarray:
    from transformers import VitsModel, VitsTokenizer

    tokenizer = VitsTokenizer.from_pretrained(folder)
    model = VitsModel.from_pretrained(folder).eval()
    torch.manual_seed(7)
    with torch.no_grad():
        return model(**tokenizer(text, return_tensors="pt"), **how).waveform[0].numpy()


def test_it_says_what_the_library_says(folder: Path, voice) -> None:
    spoken = voice.speak(TEXT)
    theirs = library(folder, TEXT)
    assert len(spoken.samples) == len(theirs)
    assert np.abs(theirs).max() > 1e-3
    np.testing.assert_allclose(spoken.samples, theirs / max(1, np.abs(theirs).max()), atol=1e-6)
    assert (spoken.rate, spoken.language) == (22_050, "en")


def test_speed_is_the_models_own(folder: Path, voice) -> None:
    spoken = voice.speak(TEXT, speed=2.0)
    theirs = library(folder, TEXT, speaking_rate=2.0)
    np.testing.assert_allclose(spoken.samples, theirs / max(1, np.abs(theirs).max()), atol=1e-6)
    assert len(spoken.samples) < len(voice.speak(TEXT).samples)


def test_it_sounds_the_same_every_time_and_leaves_the_random_state_alone(
    folder: Path, voice
) -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first, again = voice.speak(TEXT).samples, voice.speak(TEXT).samples
    assert first.tobytes() == again.tobytes()
    assert torch.equal(torch.get_rng_state(), state)
    assert load_tts("vits", source=folder, seed=8).speak(TEXT).samples.tobytes() != first.tobytes()


def test_long_texts_are_said_sentence_by_sentence(folder: Path, voice) -> None:
    sentences = [f"this is sentence {word} of a long text" for word in ("a", "b", "c") * 6]
    text = ". ".join(sentences) + "."
    spoken = voice.speak(text)
    assert len(text) > 600
    assert spoken.duration_s > 3 * voice.speak("this is sentence a of a long text").duration_s
    first = library(folder, text[: text.rindex(". ", 0, 301) + 1])
    assert np.isfinite(spoken.samples).all()
    assert len(first) < len(spoken.samples)
    voice.speak("x" * 1_000)


@pytest.mark.parametrize("text", ["", " \n", "\x00"])
def test_nothing_to_say_is_a_short_silence(voice, text: str) -> None:
    spoken = voice.speak(text)
    assert 0 < spoken.duration_s < 1
    assert not spoken.samples.any()


def test_a_text_without_its_letters_and_another_language_are_refused(voice) -> None:
    with pytest.raises(WrongUse, match="no letters"):
        voice.speak("漢字")
    with pytest.raises(WrongUse, match="speaks 'en'"):
        voice.speak("hallo", language="de")
    assert voice.speak("hello", language="en-GB").samples.any()


def test_its_language_is_its_tokenizers(tmp_path: Path) -> None:
    voice = load_tts("vits", source=save_vits(tmp_path, language="deu"))
    assert voice.spec.languages == ("de",)
    assert voice.speak("schöne grüße").language == "de"
    assert load_tts("vits", source=tmp_path, language="en").speak("a").language == "en"


def test_what_is_no_voice_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ModelNotFound, match="no directory"):
        load_tts("vits", source=tmp_path / "none")
    with pytest.raises(ModelNotFound, match="clip"):
        load_tts("vits", source=save_clip(tmp_path / "clip"))
    short = copy_without(folder, tmp_path / "short", "decoder.conv_pre.weight")
    with pytest.raises(Damaged, match="conv_pre"):
        load_tts("vits", source=short)


def test_a_tokenizer_that_needs_another_package_says_which(tmp_path: Path, folder: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text())
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({**settings, "is_uroman": True}))
    with pytest.raises(NotReady, match="pip install uroman"):
        load_tts("vits", source=tmp_path)
