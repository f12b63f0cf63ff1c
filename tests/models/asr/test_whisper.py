from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from scrubjay.core.errors import BadMedia, Damaged, ModelNotFound, UnknownName, WrongUse
from scrubjay.models.load import load_asr
from tests.models.pretrained_models import save_clip
from tests.models.spoken_models import LANGUAGES, copy_without
from tests.models.voices import needs_espeak, noise, say, silence


@pytest.fixture(scope="module")
def whole(whisper_folder: Path):
    return load_asr("whisper", source=whisper_folder, vad=False)


@pytest.fixture(scope="module")
def listener(whisper_folder: Path):
    return load_asr("whisper", source=whisper_folder)


@pytest.fixture(scope="module")
def library(whisper_folder: Path):
    """The library's own model and processor."""
    from transformers import WhisperForConditionalGeneration, WhisperProcessor

    return (
        WhisperForConditionalGeneration.from_pretrained(whisper_folder).eval(),
        WhisperProcessor.from_pretrained(whisper_folder),
    )


def theirs(library, sound: np.ndarray, language: str) -> list[tuple[str, float, float]]:
    model, processor = library
    long = len(sound) > 30 * 16_000
    inputs = processor.feature_extractor(
        sound,
        sampling_rate=16_000,
        return_tensors="pt",
        return_attention_mask=True,
        **({"truncation": False, "padding": "longest"} if long else {}),
    )
    made = model.generate(
        **inputs, language=language, task="transcribe", return_timestamps=True, return_segments=True
    )
    return [
        (
            processor.tokenizer.decode(one["tokens"], skip_special_tokens=True).strip(),
            round(float(one["start"]), 3),
            round(min(float(one["end"]), len(sound) / 16_000), 3),
        )
        for one in made["segments"][0]
        if float(one["start"]) < len(sound) / 16_000
    ]


def ours(transcript) -> list[tuple[str, float, float]]:
    return [(one.text, round(one.start_s, 3), round(one.end_s, 3)) for one in transcript.segments]


@pytest.mark.parametrize("seconds", [4.0, 29.5, 71.0])
def test_it_hears_what_the_library_hears(whole, library, seconds: float) -> None:
    sound = noise(seconds, 0.1, seed=int(seconds))
    expected = [one for one in theirs(library, sound, "de") if one[0]]
    assert expected
    heard = whole.transcribe(sound, language="de")
    assert ours(heard) == expected
    assert (heard.language, heard.language_confidence) == ("de", None)
    assert heard.duration_s == pytest.approx(seconds)


def test_the_language_is_the_likeliest_of_the_librarys(whole, library) -> None:
    model, processor = library
    sound = noise(3.0, 0.1, seed=1)
    features = processor.feature_extractor(sound, sampling_rate=16_000, return_tensors="pt")
    (number,) = model.detect_language(features.input_features).tolist()
    heard = whole.transcribe(sound)
    assert f"<|{heard.language}|>" == processor.tokenizer.convert_ids_to_tokens(number)
    assert 1 / len(LANGUAGES) <= heard.language_confidence <= 1
    assert ours(heard) == ours(whole.transcribe(sound, language=heard.language))


def test_its_confidence_is_the_mean_of_its_tokens(whole, library) -> None:
    """Scored again, all tokens at once, by the library's own forward pass."""
    model, processor = library
    sound = noise(4.0, 0.1, seed=3)
    features = processor.feature_extractor(sound, sampling_rate=16_000, return_tensors="pt")
    made = model.generate(
        features.input_features,
        language="en",
        task="transcribe",
        return_timestamps=True,
        return_segments=True,
        return_dict_in_generate=True,
        output_scores=True,
    )
    first = made["segments"][0][0]
    scores = torch.stack(list(first["result"]["scores"])).log_softmax(-1)
    sequence = first["result"]["sequences"][-len(scores) :]
    count = len(first["tokens"])
    expected = scores[torch.arange(count), sequence[:count]].mean().exp()
    heard = whole.transcribe(sound, language="en").segments[0]
    assert heard.confidence == pytest.approx(float(expected), abs=1e-5)
    assert 0 < heard.confidence < 1


@needs_espeak
def test_only_speech_is_heard_and_stays_in_its_place(listener, library) -> None:
    speech = say("how many cups are on the table")
    sound = np.concatenate([silence(40), speech, silence(40), speech, silence(3)])
    heard = listener.transcribe(sound, language="en")
    assert heard.segments
    first, second = 40.0, 80.0 + len(speech) / 16_000
    for one in heard.segments:
        begin = first if one.start_s < 60 else second
        assert begin - 0.5 < one.start_s <= one.end_s < begin + len(speech) / 16_000 + 0.5
    assert {one.start_s < 60 for one in heard.segments} == {True, False}
    assert listener.transcribe(noise(5)).segments == ()
    assert listener.transcribe(noise(5)).language is None


def test_only_pieces_of_the_words_are_written(whole, library) -> None:
    tokenizer = library[1].tokenizer
    heard = whole.transcribe(noise(4.0), language="en", words=["one", "two cups"])
    pieces = {
        tokenizer.decode(tokenizer.encode(form, add_special_tokens=False)[at : at + 1]).strip()
        for word in ("one", "two cups")
        for form in (
            word,
            word.capitalize(),
            "Two Cups",
            *(f" {w}" for w in (word, "One", "Two cups", "Two Cups")),
        )
        for at in range(9)
    } | set(" .,?!")
    left = heard.text
    for piece in sorted(filter(None, pieces), key=len, reverse=True):
        left = left.replace(piece, " ")
    assert heard.text.strip()
    assert left.strip() == ""


def test_what_it_does_not_know_is_refused(whole, tmp_path: Path, whisper_folder: Path) -> None:
    with pytest.raises(UnknownName, match="language of the Whisper"):
        whole.transcribe(silence(1), language="ja")
    with pytest.raises(BadMedia):
        whole.transcribe(np.zeros((3, 3), np.float32))
    with pytest.raises(ModelNotFound, match="no directory"):
        load_asr("whisper", source=tmp_path / "none")
    with pytest.raises(ModelNotFound, match="clip"):
        load_asr("whisper", source=save_clip(tmp_path / "clip"))
    with pytest.raises(WrongUse, match="no device"):
        load_asr("whisper", source=whisper_folder, device="cuda:7")
    short = copy_without(whisper_folder, tmp_path / "short", "model.encoder.conv1.weight")
    with pytest.raises(Damaged, match="conv1"):
        load_asr("whisper", source=short)


def test_an_empty_sound_says_nothing(whole) -> None:
    heard = whole.transcribe(silence(0))
    assert (heard.segments, heard.language, heard.duration_s) == ((), None, 0.0)
