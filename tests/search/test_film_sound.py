"""A sound in blocks: whatever their length, the same speech is found, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.core.types import SAMPLE_RATE, Sound
from scrubjay.models.voice_activity import Span
from scrubjay.search.film_sound import LOUD_S, Loudness, speech_blocks


class Exactly:
    """Hears exactly what is not zero, when a third of a second of zeros has followed it."""

    def spans(self, sound: Sound) -> Iterator[Span]:
        loud = np.flatnonzero(sound)
        parts = np.split(loud, np.flatnonzero(np.diff(loud) > 0.3 * SAMPLE_RATE) + 1)
        for part in parts:
            if len(part):
                yield Span(int(part[0]) / SAMPLE_RATE, (int(part[-1]) + 1) / SAMPLE_RATE)


def sounding(spoken: list[tuple[float, float]]) -> tuple[Sound, list[Span]]:
    """Pauses and speech by turns."""
    parts, spans, at = [], [], 0.0
    for pause, length in spoken:
        parts += [np.zeros(round(pause * SAMPLE_RATE)), np.ones(round(length * SAMPLE_RATE))]
        spans.append(Span(at + pause, at + pause + length))
        at += pause + length
    return np.concatenate([*parts, np.zeros(SAMPLE_RATE)]).astype(np.float32), spans


tenths = st.integers(4, 60).map(lambda tenth: tenth / 10)


@settings(deadline=None, max_examples=40)
@given(
    spoken=st.lists(st.tuples(tenths, tenths), min_size=1, max_size=6),
    block_s=st.integers(8, 20),
    piece=st.integers(1_000, 90_000),
)
def test_blocks_hold_all_the_sound_and_cut_no_word(
    spoken: list[tuple[float, float]], block_s: int, piece: int
) -> None:
    sound, expected = sounding(spoken)
    pieces = (sound[at : at + piece] for at in range(0, len(sound), piece))
    blocks = list(speech_blocks(pieces, Exactly(), block_s=float(block_s)))
    np.testing.assert_array_equal(np.concatenate([one.sound for one in blocks]), sound)
    found = [span for block in blocks for span in block.spans]
    assert [one.start_s for one in found] == pytest.approx([s.start_s for s in expected], abs=2e-3)
    assert [one.end_s for one in found] == pytest.approx([s.end_s for s in expected], abs=2e-3)
    for block in blocks:
        for span in block.spans:
            assert np.count_nonzero(block.cut(span.start_s, span.end_s)) == pytest.approx(
                (span.end_s - span.start_s) * SAMPLE_RATE, abs=40
            )


def test_without_the_network_whatever_can_be_heard_counts() -> None:
    quiet, loud = np.zeros(2 * SAMPLE_RATE, np.float32), np.full(3 * SAMPLE_RATE, 0.1, np.float32)
    assert list(Loudness().spans(np.concatenate([quiet, loud, quiet]))) == [Span(2.0, 5.0)]
    (first, *_, last) = Loudness().spans(np.full(70 * SAMPLE_RATE, 0.1, np.float32))
    assert first == Span(0.0, LOUD_S)
    assert last.end_s == 70.0
    assert list(Loudness().spans(np.zeros(0, np.float32))) == []
