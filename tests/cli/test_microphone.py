"""The microphone: ends by itself after speech, and says in words why it cannot record."""

from __future__ import annotations

import itertools
import sys
import types

import numpy as np
import pytest

from scrubjay.cli import microphone
from scrubjay.cli.microphone import BLOCK_S, SILENCE_S, microphone_blocks, record, until_silence
from scrubjay.core.errors import BadMedia, MissingExtra, NotReady
from scrubjay.core.types import SAMPLE_RATE

SAMPLES = round(BLOCK_S * SAMPLE_RATE)
RNG = np.random.default_rng(0)


def blocks(*parts):
    """(seconds, loudness) in turn, then the last for ever."""
    for seconds, level in parts:
        for _ in range(round(seconds / BLOCK_S)):
            yield (level * RNG.standard_normal(SAMPLES)).astype(np.float32)
    level = parts[-1][1]
    while True:
        yield (level * RNG.standard_normal(SAMPLES)).astype(np.float32)


def length_s(sound):
    return len(sound) / SAMPLE_RATE


def test_a_pause_after_speech_ends_the_recording():
    sound = until_silence(blocks((0.5, 0.001), (2.0, 0.1), (9, 0.001)), seconds=30)
    assert length_s(sound) == pytest.approx(2.5 + SILENCE_S, abs=0.11)


def test_a_short_pause_between_words_does_not():
    parts = (0.5, 0.001), (1.0, 0.1), (0.6, 0.001), (1.0, 0.1), (9, 0.001)
    sound = until_silence(blocks(*parts), seconds=30)
    assert length_s(sound) == pytest.approx(3.1 + SILENCE_S, abs=0.11)


def test_who_speaks_at_once_is_heard_and_the_pause_still_ends_it():
    sound = until_silence(blocks((3.0, 0.1), (9, 0.001)), seconds=30)
    assert length_s(sound) == pytest.approx(3.0 + SILENCE_S, abs=0.11)


def test_a_noisy_room_is_not_taken_for_speech():
    sound = until_silence(blocks((0.5, 0.02), (2.0, 0.2), (9, 0.02)), seconds=30)
    assert length_s(sound) == pytest.approx(2.5 + SILENCE_S, abs=0.11)


def test_time_is_up_when_nobody_pauses():
    assert length_s(until_silence(blocks((9, 0.1)), seconds=1.23)) == pytest.approx(1.23)


def test_silence_alone_is_refused():
    with pytest.raises(BadMedia, match="nothing was heard"):
        until_silence(itertools.repeat(np.zeros(SAMPLES, np.float32)), seconds=2)


class FakePortAudioError(Exception):
    pass


def device(monkeypatch, stream):
    module = types.SimpleNamespace(PortAudioError=FakePortAudioError, InputStream=stream)
    monkeypatch.setitem(sys.modules, "sounddevice", module)


def test_blocks_of_a_device_arrive_in_order(monkeypatch):
    class Stream:
        def __init__(self, **options):
            assert (options["samplerate"], options["channels"]) == (SAMPLE_RATE, 1)
            for i in range(4):
                options["callback"](np.full((SAMPLES, 1), i, np.float32), SAMPLES, None, None)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    device(monkeypatch, Stream)
    taken = list(itertools.islice(microphone_blocks(), 4))
    assert [one[0] for one in taken] == [0, 1, 2, 3]
    assert all(one.shape == (SAMPLES,) for one in taken)


def test_no_device_is_said_with_the_way_around(monkeypatch):
    def stream(**_):
        raise FakePortAudioError("Error querying device -1")

    device(monkeypatch, stream)
    with pytest.raises(NotReady, match="--speech FILE"):
        next(microphone_blocks())


def test_nobody_is_asked_to_speak_before_the_microphone_records(monkeypatch):
    told = []

    def stream(**_):
        raise FakePortAudioError("Error querying device -1")

    device(monkeypatch, stream)
    with pytest.raises(NotReady):
        record(3, ready=lambda: told.append("listening"))
    assert told == []
    heard = blocks((0.5, 0.001), (2.0, 0.1), (9, 0.001))
    monkeypatch.setattr(microphone, "microphone_blocks", lambda: heard)
    sound = record(30, ready=lambda: told.append("listening"))
    assert told == ["listening"]
    assert length_s(sound) == pytest.approx(2.5 + SILENCE_S, abs=0.11)


def test_a_device_that_gives_nothing_is_not_waited_for_for_ever(monkeypatch):
    class Stream:
        def __init__(self, **_):
            pass

        __enter__ = __exit__ = lambda *_: None

    device(monkeypatch, Stream)
    monkeypatch.setattr(microphone, "WAIT_S", 0.05)
    with pytest.raises(NotReady, match="gave nothing"):
        next(microphone_blocks())


def test_a_missing_extra_names_its_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(MissingExtra, match=r"scrubjay\[speech\]"):
        next(microphone_blocks())


def test_a_missing_portaudio_names_its_package(monkeypatch, tmp_path):
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    with pytest.raises(NotReady, match="libportaudio2"):
        next(microphone_blocks())
