"""A frozen speech model, put on an encoder that never heard a sound, finds pictures by voice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from scrubjay.media.audio import encode_wav
from scrubjay.training.handwriting import find_handwriting
from scrubjay.training.spoken_digits import read_recordings
from tests.ask.extracting.bench_modules import bench
from tests.models.voices import needs_espeak, say

VOICES = (
    "en-us", "en-us+m1", "en-us+m3", "en-us+f1", "en-us+f3", "en-gb", "en-gb+m2", "en-gb+f2",
    "en-us+m7", "en-gb+f4",
)  # fmt: skip
NEVER_HEARD = ("en-gb+m5", "en-us+f5", "en-us+m6", "en-gb-scotland+m8", "en-gb-x-rp+f2")
MANNERS = ((0.9, 42), (1.15, 60))
"""Speed and pitch."""


def write_collection(folder: Path, words: tuple[str, ...]) -> None:
    """Digits as `experiment=spoken_digits` reads them; `new` are voices never learned from."""
    for digit, word in enumerate(words):
        for take, voice in enumerate(NEVER_HEARD):
            (folder / f"{digit}_new_{take}.wav").write_bytes(encode_wav(say(word, voice)))
        for number, voice in enumerate(VOICES):
            for take, (speed, pitch) in enumerate(MANNERS):
                name = f"{digit}_{'abcdefghij'[number]}_{5 + take}.wav"
                spoken = say(word, voice, speed=speed, pitch=pitch)
                (folder / name).write_bytes(encode_wav(spoken))
    for part, digits in zip(("train", "test"), find_handwriting(None), strict=True):
        larger = np.kron(digits.images, np.ones((1, 3, 3), np.uint8))
        np.savez(folder / f"{part}.npz", images=larger, labels=digits.labels.astype(np.uint8))


@pytest.mark.slow
@pytest.mark.timeout(900)
@needs_espeak
def test_voices_nobody_learned_from_find_handwriting_and_typed_words_find_what_they_found(
    tmp_path,
) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed: no handwriting")
    torch.set_num_threads(1)
    teaching = bench("speech_tower")
    folder = tmp_path / "digits"
    folder.mkdir()
    write_collection(folder, teaching.WORDS)
    heard = [(one.sound, one.digit) for one in read_recordings(folder) if one.speaker != "new"]
    base = teaching.teach_base(tmp_path / "base", folder, steps=220)
    listener = teaching.teach_listener(tmp_path / "listener", "whisper", heard, steps=300)
    found = teaching.attach(tmp_path, folder, base, listener, "new", epochs=4)
    print(found)
    assert found["precision_at_10"] >= 0.5, "chance is 0.1"
    assert found["served_precision_at_10"] >= found["precision_at_10"] - 0.05
    assert found["speech_to_text"] >= 0.5
    assert found["same_bits"]
    assert found["text_to_image"] == found["text_to_image_before"] >= 0.9
