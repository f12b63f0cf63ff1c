from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scrubjay.media.world.film import Background, Film, plan
from scrubjay.media.world.film_sound import AWAY_S, Said, soundtrack
from scrubjay.media.world.speak import Speaker, variants
from tests.models.voices import needs_espeak

pytestmark = needs_espeak
RATE = 16_000


@pytest.fixture(scope="module")
def film() -> Film:
    return plan(150, np.random.default_rng(8), fps=5, slow=0.4, spoken=0.6)


@pytest.fixture(scope="module")
def heard(film) -> list[tuple[np.ndarray, Said | None]]:
    return list(soundtrack(film, Speaker()))


def test_the_pieces_are_together_as_long_as_the_film(film, heard) -> None:
    assert len(heard) == len(film.shots)
    at = 0
    for (piece, _), shot in zip(heard, film.shots, strict=True):
        at += len(piece)
        assert at == round(shot.end_s * RATE)
        assert np.abs(piece).max() <= 1


def test_every_sentence_is_said_within_its_shot_and_nowhere_else(film, heard) -> None:
    assert sum(shot.spoken is not None for shot in film.shots) >= 8
    for place, ((_, said), shot) in enumerate(zip(heard, film.shots, strict=True)):
        if shot.spoken is None:
            assert said is None
            continue
        assert (said.shot, said.text) == (place, shot.spoken)
        assert said.start_s >= shot.start_s + AWAY_S - 1e-6
        assert said.end_s <= shot.end_s - AWAY_S + 0.05
        assert shot.background is not Background.MUSIC


def test_the_sound_is_loud_where_something_is_said_and_quiet_around_it(film, heard) -> None:
    at = 0.0
    for (piece, said), shot in zip(heard, film.shots, strict=True):
        if said is not None:
            begin, end = (round((one - at) * RATE) for one in (said.start_s, said.end_s))
            spoken = np.sqrt((piece[begin:end] ** 2).mean())
            before, after = piece[:begin], piece[end:]
            around = np.sqrt((np.concatenate([before, after]) ** 2).mean())
            assert spoken > 5 * around
        at = shot.end_s


def test_silence_is_silent_and_every_background_is_there(film, heard) -> None:
    quiet = [
        piece
        for (piece, said), shot in zip(heard, film.shots, strict=True)
        if said is None and shot.background is Background.SILENCE
    ]
    assert quiet
    assert all(not piece.any() for piece in quiet)
    assert {shot.background for shot in film.shots} == set(Background)


def test_it_speaks_with_the_voices_of_the_training_and_with_several(heard) -> None:
    voices = {said.voice.partition("+")[2] for _, said in heard if said is not None}
    assert len(voices) >= 5
    assert not voices & set(variants(held_out=True))


def test_the_background_follows_from_the_seed(film) -> None:
    """What is said depends on what espeak-ng said before; in a fresh process it follows, too."""
    mute = replace(film, shots=tuple(replace(shot, spoken=None) for shot in film.shots))
    first, again = (list(soundtrack(mute, Speaker())) for _ in range(2))
    for (piece, _), (same, _) in zip(first, again, strict=True):
        np.testing.assert_array_equal(piece, same)


def test_where_speech_is_heard_is_where_the_plan_says(film, heard) -> None:
    pytest.importorskip("faster_whisper", reason="its weights come with the extra speech")
    from scrubjay.models.voice_activity import VoiceActivity

    spans = list(VoiceActivity().spans(np.concatenate([piece for piece, _ in heard])))
    said = [one for _, one in heard if one is not None]
    reached = [
        one for one in said if any(_shared(one, span) > 0.5 * _length(one) for span in spans)
    ]
    planned = [span for span in spans if any(_shared(one, span) > 0 for one in said)]
    assert len(reached) >= 0.9 * len(said)
    assert sum(map(_length, planned)) >= 0.9 * sum(map(_length, spans))


def _shared(one, other) -> float:
    return min(one.end_s, other.end_s) - max(one.start_s, other.start_s)


def _length(one) -> float:
    return one.end_s - one.start_s
