from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from scrubjay.core.errors import BadMedia, ModelNotFound, UnknownName, WrongUse
from scrubjay.models.load import load_asr
from tests.models.spoken_models import LANGUAGES
from tests.models.voices import needs_espeak, noise, say, silence

pytest.importorskip("faster_whisper")


@pytest.fixture(scope="module")
def whole(converted_folder: Path):
    return load_asr("faster_whisper", source=converted_folder, vad=False, threads=1, beam=2)


@pytest.fixture(scope="module")
def listener(converted_folder: Path):
    return load_asr("faster_whisper", source=converted_folder, threads=1, beam=2)


@pytest.fixture(scope="module")
def library(converted_folder: Path):
    from faster_whisper import WhisperModel

    return WhisperModel(str(converted_folder), device="cpu", cpu_threads=1, local_files_only=True)


def theirs(library, sound: np.ndarray, **how) -> tuple[list[tuple[str, float, float]], object]:
    segments, info = library.transcribe(sound, beam_size=2, temperature=0.0, **how)
    found = [
        (one.text.strip(), round(one.start, 3), round(min(one.end, len(sound) / 16_000), 3), one)
        for one in segments
        if one.text.strip() and one.start < len(sound) / 16_000
    ]
    return found, info


def ours(transcript) -> list[tuple[str, float, float]]:
    return [(one.text, round(one.start_s, 3), round(one.end_s, 3)) for one in transcript.segments]


@pytest.mark.parametrize("seconds", [4.0, 45.0])
def test_it_hears_what_the_library_hears(whole, library, seconds: float) -> None:
    sound = noise(seconds, 0.1, seed=2)
    expected, _ = theirs(library, sound, language="de")
    assert expected
    heard = whole.transcribe(sound, language="de")
    assert ours(heard) == [one[:3] for one in expected]
    chances = [np.exp(min(0.0, one[3].avg_logprob)) for one in expected]
    assert [one.confidence for one in heard.segments] == pytest.approx(chances)
    assert (heard.language, heard.language_confidence) == ("de", None)


def test_the_language_is_identified_as_by_the_library(whole, library) -> None:
    sound = noise(3.0, 0.1, seed=5)
    _, info = theirs(library, sound)
    heard = whole.transcribe(sound)
    assert heard.language == info.language
    assert heard.language in LANGUAGES
    assert heard.language_confidence == pytest.approx(info.language_probability)


def test_the_same_sound_is_heard_the_same_way(whole) -> None:
    sound = noise(3.0, 0.1, seed=6)
    assert whole.transcribe(sound) == whole.transcribe(sound)


@needs_espeak
def test_only_speech_is_heard_and_stays_in_its_place(listener) -> None:
    speech = say("how many cups are on the table")
    sound = np.concatenate([silence(40), speech, silence(40), speech, silence(3)])
    heard = listener.transcribe(sound, language="en")
    second = 80.0 + len(speech) / 16_000
    assert heard.segments
    for one in heard.segments:
        begin = 40.0 if one.start_s < 60 else second
        assert begin - 0.5 < one.start_s <= one.end_s < begin + len(speech) / 16_000 + 0.5
    assert listener.transcribe(noise(5)).segments == ()
    assert listener.transcribe(noise(5)).language is None


def test_only_pieces_of_the_words_are_written(whole) -> None:
    heard = whole.transcribe(noise(4.0), language="en", words=["one"])
    assert set(heard.text.lower()) <= set("one .,?!")


def test_compute_types_and_wrong_options(converted_folder: Path) -> None:
    int8 = load_asr("faster_whisper", source=converted_folder, compute_type="int8", threads=1)
    full = load_asr("faster_whisper", source=converted_folder, threads=1)
    assert int8.spec.fingerprint != full.spec.fingerprint
    assert int8.spec.languages
    for options in ({"compute_type": "int3"}, {"beam": 0}, {"device": "abacus"}):
        with pytest.raises(WrongUse):
            load_asr("faster_whisper", source=converted_folder, **options)


def test_what_is_no_converted_whisper_says_what_to_do(
    whisper_folder: Path, converted_folder: Path, tmp_path: Path, whole
) -> None:
    with pytest.raises(ModelNotFound, match="no directory"):
        load_asr("faster_whisper", source="large-v3")
    with pytest.raises(ModelNotFound, match="ct2-transformers-converter"):
        load_asr("faster_whisper", source=whisper_folder)
    half = tmp_path / "half"
    shutil.copytree(converted_folder, half)
    (half / "tokenizer.json").unlink()
    with pytest.raises(ModelNotFound, match=r"tokenizer\.json"):
        load_asr("faster_whisper", source=half)
    shutil.copy(converted_folder / "tokenizer.json", half)
    (half / "model.bin").write_bytes((half / "model.bin").read_bytes()[:5_000])
    with pytest.raises(ModelNotFound, match="CTranslate2"):
        load_asr("faster_whisper", source=half)
    with pytest.raises(UnknownName, match="language"):
        whole.transcribe(silence(1), language="xx")
    with pytest.raises(BadMedia):
        whole.transcribe(np.zeros((3, 3), np.float32))


def test_an_empty_sound_says_nothing(whole) -> None:
    heard = whole.transcribe(silence(0))
    assert (heard.segments, heard.language, heard.duration_s) == ((), None, 0.0)
