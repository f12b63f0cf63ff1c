from __future__ import annotations

import importlib.util
import itertools
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from scrubjay.core.errors import BadConfig, MissingExtra
from scrubjay.models import voice_activity
from scrubjay.models.voice_activity import Span, SpeechRules, VoiceActivity, together
from tests.models.voices import music, needs_espeak, noise, say, silence, tone

SENTENCES = (
    "how many cups are on the table",
    "what colour is the car",
    "read the sign aloud please",
    "seven",
)


@pytest.fixture(scope="module")
def activity() -> VoiceActivity:
    return VoiceActivity()


def clip(voice: str, level: float) -> tuple[np.ndarray, list[Span]]:
    """Four sentences with pauses between them, all in noise of one level."""
    parts, truth, at = [silence(0.75)], [], 12_000
    for place, text in enumerate(SENTENCES):
        spoken = say(text, voice)
        truth.append(Span(at / 16_000, (at + len(spoken)) / 16_000))
        pause = silence(0.7 + 0.4 * place)
        parts += [spoken, pause]
        at += len(spoken) + len(pause)
    sound = np.concatenate(parts)
    return sound + noise(len(sound) / 16_000, level), truth


@needs_espeak
@pytest.mark.parametrize("level", [0.0, 0.001, 0.005])
@pytest.mark.parametrize("voice", ["en-us", "en-gb+f3", "de", "fr", "es", "en-gb-scotland+m3"])
def test_speech_between_silence_and_noise_is_found_within_100_ms(
    activity: VoiceActivity, voice: str, level: float
) -> None:
    sound, truth = clip(voice, level)
    found = list(activity.spans(sound))
    assert len(found) == len(truth)
    for span, real in zip(found, truth, strict=True):
        assert span.start_s == pytest.approx(real.start_s, abs=0.1)
        assert span.end_s == pytest.approx(real.end_s, abs=0.1)


@pytest.mark.parametrize(
    "sound",
    [
        noise(6, 0.05),
        noise(6, 0.4),
        np.cumsum(noise(6, 0.0005)).astype(np.float32),
        tone(4),
        silence(3),
        (noise(4) > 0.3).astype(np.float32),
    ],
    ids=["noise", "loud noise", "rumble", "tone", "silence", "clicks"],
)
def test_what_is_no_speech_is_none(activity: VoiceActivity, sound: np.ndarray) -> None:
    assert list(activity.spans(sound)) == []


def test_music_is_hardly_ever_taken_for_speech(activity: VoiceActivity) -> None:
    sounds = [music(8, seed) for seed in range(12)]
    sounds += [
        np.concatenate([tone(0.4, lowest * 1.3**step) for step in range(10)])
        for lowest in (200, 300, 450)
    ]
    spans = [span for sound in sounds for span in activity.spans(sound)]
    heard = sum(span.end_s - span.start_s for span in spans)
    assert heard < 0.02 * sum(len(sound) for sound in sounds) / 16_000


@needs_espeak
@pytest.mark.parametrize("voice", ["en-us", "en-gb+f3", "de"])
def test_a_word_out_of_digital_silence_is_found_wherever_it_begins(
    activity: VoiceActivity, voice: str
) -> None:
    found = [
        len(list(activity.spans(np.concatenate([np.zeros(at, np.float32), say("four", voice)]))))
        for at in (0, 1_000, 8_191, 20_123, 48_000, 160_077)
    ]
    assert found == [1] * 6


@pytest.mark.parametrize("samples", [0, 1, 160, 512, 513])
def test_sounds_too_short_to_say_anything(activity: VoiceActivity, samples: int) -> None:
    sound = noise(1)[:samples]
    assert sum(len(some) for some in activity.chances(sound)) == -(-samples // 512)
    assert list(activity.spans(sound)) == []


@needs_espeak
def test_it_hears_what_the_network_by_its_own_library_hears(activity: VoiceActivity) -> None:
    """faster-whisper runs the same file with ONNX Runtime, the whole sound at once."""
    vad = pytest.importorskip("faster_whisper.vad")
    pytest.importorskip("onnxruntime")
    sound, _ = clip("en-us", 0.003)
    sound = np.tile(sound, 2)
    sound = sound[: len(sound) // 512 * 512]
    theirs = vad.get_vad_model()(sound)
    ours = np.concatenate(list(activity.chances(sound)))
    assert len(theirs) == len(ours) > 2 * voice_activity.WINDOWS_AT_ONCE
    np.testing.assert_allclose(ours, theirs.reshape(-1), atol=1e-4)


@needs_espeak
def test_a_long_sound_is_heard_piece_by_piece_and_cut_where_it_is_quiet(
    activity: VoiceActivity,
) -> None:
    sound = np.tile(np.concatenate([say("how many cups are on the table"), silence(0.1)]), 150)
    rules = SpeechRules(longest_s=10)
    tracemalloc.start()
    spans = list(activity.spans(sound, rules))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sound.nbytes > 12e6
    assert peak < 4e6
    assert max(span.end_s - span.start_s for span in spans) <= 10 + rules.before_s
    covered = sum(span.end_s - span.start_s for span in spans)
    assert covered > 0.95 * len(sound) / 16_000
    assert all(a.end_s <= b.start_s + 1e-9 for a, b in itertools.pairwise(spans))


@needs_espeak
def test_threads_hear_the_same_as_one(activity: VoiceActivity) -> None:
    sounds = [clip(voice, 0.001)[0] for voice in ("en-us", "de", "fr", "es")]
    alone = [list(activity.spans(sound)) for sound in sounds]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda sound: list(activity.spans(sound)), sounds * 3)) == alone * 3


def chances_of(*values: float) -> list[np.ndarray]:
    return [np.array(values, np.float32)]


def test_spans_follow_the_rules_by_hand() -> None:
    rules = SpeechRules(
        begins=0.5, ends=0.3, silence_s=0.064, least_s=0.06, before_s=0, after_s=0, longest_s=1
    )
    window = voice_activity.WINDOW_S

    def found(*values: float) -> list[tuple[int, int]]:
        spans = voice_activity._joined(iter(chances_of(*values)), rules)
        return [(round(a / window), round(b / window)) for a, b in spans]

    assert found(0.1, 0.9, 0.9, 0.1, 0.9, 0.1, 0.1, 0.1) == [(1, 5)]
    assert found(0.9, 0.9, 0.4, 0.4, 0.4, 0.1, 0.1) == [(0, 2)]
    assert found(0.1, 0.9, 0.1, 0.1) == []
    assert found(0.9, 0.9, 0.1, 0.1, 0.9, 0.9, 0.9) == [(0, 2), (4, 7)]
    many = [0.9] * 40
    many[25] = 0.4
    assert found(*many) == [(0, 25), (26, 40)]


def test_neighbours_are_taken_together_as_far_as_they_fit() -> None:
    spans = [Span(0, 4), Span(5, 9), Span(9.5, 12), Span(30, 31)]
    assert list(together(spans, longest_s=10)) == [Span(0, 9), Span(9.5, 12), Span(30, 31)]
    assert list(together([], longest_s=10)) == []


def test_neighbours_with_a_longer_pause_stay_apart() -> None:
    spans = [Span(0, 2), Span(2.5, 4), Span(4.8, 6)]
    assert list(together(spans, longest_s=10, pause_s=0.7)) == [Span(0, 4), Span(4.8, 6)]


def test_rules_nobody_can_follow_are_refused() -> None:
    for rules in ({"begins": 0.2}, {"silence_s": -1}, {"longest_s": 0.1}):
        with pytest.raises(BadConfig):
            SpeechRules(**rules)


def test_without_its_file_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(voice_activity, "FILE", "assets/other.onnx")
    voice_activity._network.cache_clear()
    with pytest.raises(MissingExtra, match=r"scrubjay\[speech\]"):
        VoiceActivity()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra):
        VoiceActivity()
