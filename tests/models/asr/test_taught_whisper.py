"""A Whisper of the real class, taught ten words, hears them from voices it never heard."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from scrubjay.models.load import load_asr
from tests.models.spoken_models import make_whisper, save_whisper, whisper_tokenizer
from tests.models.voices import needs_espeak, say, silence

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200), needs_espeak]

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
VOICES = (
    "en-us", "en-us+m1", "en-us+m3", "en-us+f1", "en-us+f3", "en-gb", "en-gb+m2", "en-gb+f2",
    "en-gb-x-rp+m4", "en-us+m7", "en-gb+f4", "en-029+m1",
)  # fmt: skip
HELD_OUT = ("en-gb+m5", "en-us+f5", "en-us+m6", "en-gb-scotland+m8", "en-gb-x-rp+f2")
MANNERS = ((0.85, 40), (1.0, 55), (1.2, 65))
"""Speed and pitch."""
SECONDS = 2
STEPS, BATCH = 450, 32


def placed(word: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, float, float]:
    """A word somewhere in a window, with noise, and its times."""
    word = word[: int(1.4 * 16_000)] * random.uniform(0.3, 1.0)
    start = random.uniform(0.0, 0.5)
    sound = np.zeros(SECONDS * 16_000, np.float32)
    at = round(start * 16_000)
    sound[at : at + len(word)] = word
    sound += random.normal(0, 10 ** random.uniform(-5, -2.5), len(sound))
    return sound, start, start + len(word) / 16_000


def teach(tokenizer, model) -> None:
    from transformers import WhisperFeatureExtractor

    random = np.random.default_rng(1)
    torch.manual_seed(1)
    hears = WhisperFeatureExtractor(feature_size=80, chunk_length=SECONDS)
    number = tokenizer.convert_tokens_to_ids
    start = [number(f"<|{one}|>") for one in ("startoftranscript", "en", "transcribe")]
    features, rows = [], []
    for voice in VOICES:
        for speed, pitch in MANNERS:
            for word in WORDS:
                for _ in range(3):
                    sound, begin, end = placed(say(word, voice, speed=speed, pitch=pitch), random)
                    made = hears(sound, sampling_rate=16_000, return_tensors="pt")
                    features.append(made.input_features[0])
                    times = [number(f"<|{round(t / 0.02) * 0.02:.2f}|>") for t in (begin, end)]
                    said = tokenizer.encode(f" {word}", add_special_tokens=False)
                    rows.append([*start, times[0], *said, times[1], number("<|endoftext|>")])
    longest = max(map(len, rows))
    end = number("<|endoftext|>")
    given = torch.tensor([row[:-1] + [end] * (longest - len(row)) for row in rows])
    wanted = torch.tensor([row[1:] + [-100] * (longest - len(row)) for row in rows])
    wanted[:, :2] = -100
    heard = torch.stack(features)
    learner = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    rate = torch.optim.lr_scheduler.OneCycleLR(learner, 2e-3, STEPS, pct_start=0.1)
    model.train()
    for _ in range(STEPS):
        some = torch.from_numpy(random.integers(0, len(rows), BATCH))
        logits = model(input_features=heard[some], decoder_input_ids=given[some]).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), wanted[some].flatten())
        learner.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        learner.step()
        rate.step()
    model.eval()


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    torch.set_num_threads(1)
    tokenizer = whisper_tokenizer()
    model = make_whisper(tokenizer, width=64, layers=2, seconds=SECONDS)
    model.generation_config.max_length = 12
    teach(tokenizer, model)
    folder = tmp_path_factory.mktemp("taught")
    return save_whisper(folder, model=model, tokenizer=tokenizer, seconds=SECONDS)


def test_voices_it_never_heard_are_heard_right(taught: Path) -> None:
    listener = load_asr("whisper", source=taught)
    right = [
        listener.transcribe(np.concatenate([silence(0.3), say(word, voice), silence(0.3)])).text
        == word
        for voice in HELD_OUT
        for word in WORDS
    ]
    print(f"{sum(right)} of {len(right)} words of held-out voices")
    assert np.mean(right) >= 0.8


def test_what_is_said_one_after_the_other_is_heard_in_order_and_time(taught: Path) -> None:
    listener = load_asr("whisper", source=taught)
    said = [WORDS[at] for at in (3, 1, 4, 1, 5, 9, 2, 6)]
    parts = [part for word in said for part in (silence(1.6), say(word, "en-us", speed=1.1))]
    heard = listener.transcribe(np.concatenate(parts), language="en")
    at, begins = 0, []
    for place, part in enumerate(parts):
        if place % 2:
            begins.append(at / 16_000)
        at += len(part)
    assert len(heard.segments) == len(said)
    right = [one.text == word for one, word in zip(heard.segments, said, strict=True)]
    assert np.mean(right) >= 0.8
    off = [abs(one.start_s - begin) for one, begin in zip(heard.segments, begins, strict=True)]
    assert np.median(off) < 0.25


def test_it_is_surer_of_what_it_hears_right(taught: Path) -> None:
    listener = load_asr("whisper", source=taught)
    known = [listener.transcribe(say(word)).confidence for word in WORDS]
    strange = [
        listener.transcribe(say(word, "de")).confidence or 0.0
        for word in ("Schlüssel", "Bahnhof", "Kartoffel", "Straße", "Wohnung")
    ]
    assert np.median([one or 0.0 for one in known]) > np.median(strange)
