"""Sentences said by espeak-ng: words in time, voices kept apart."""

from __future__ import annotations

import ctypes.util
import subprocess
import sys

import numpy as np
import pytest

from scrubjay.core.errors import NotReady
from scrubjay.core.types import SAMPLE_RATE
from scrubjay.media.world.captions import caption
from scrubjay.media.world.scene import Sampler
from scrubjay.media.world.speak import (
    ACCENTS,
    HELD_OUT_ACCENT,
    UNCLEAR,
    Speaker,
    Voice,
    any_voice,
    variants,
)
from scrubjay.media.world.things import Language

spoken = pytest.mark.skipif(
    ctypes.util.find_library("espeak-ng") is None,
    reason="espeak-ng is not installed (Debian: apt-get install espeak-ng)",
)
PLAIN = Voice("en-us+f2", 160, 50, 50)


@pytest.fixture(scope="module")
def speaker() -> Speaker:
    return Speaker()


@spoken
def test_every_word_is_said_in_order_and_inside_the_sound(speaker: Speaker) -> None:
    random = np.random.default_rng(0)
    for at in range(120):
        language = list(Language)[at % 4]
        text = caption(Sampler().scene(random), language, random).text
        said = speaker.say(text, any_voice(language, random, held_out=at % 3 == 0))
        length = len(said.sound) / SAMPLE_RATE
        times = [time for word in said.words for time in (word.begin, word.finish)]
        assert times == sorted(times), text
        assert 0 <= times[0] < times[-1] <= length + 1e-3, text
        assert length < 10
        letters = {text[word.start : word.end].lower() for word in said.words}
        last = text.split(" ")[-1].split("'")[-1].lower()
        assert last in letters, text
        assert said.sound.dtype == np.float32
        assert 0.05 < np.abs(said.sound).max() <= 1.5


@spoken
def test_words_are_cut_where_they_are_written(speaker: Speaker) -> None:
    text = "five green apples and a dog"
    said = speaker.say(text, PLAIN)
    assert [text[word.start : word.end] for word in said.words] == text.split(" ")
    assert all(0.03 < word.finish - word.begin < 0.8 for word in said.words)


@spoken
def test_a_fast_voice_takes_less_time(speaker: Speaker) -> None:
    slow, fast = (
        len(speaker.say("a dog and a cat", PLAIN._replace(rate=rate)).sound) for rate in (120, 215)
    )
    assert fast < 0.75 * slow


@spoken
def test_two_speakers_and_a_list_of_voices_do_not_disturb_each_other(speaker: Speaker) -> None:
    other, deep = Speaker(), Voice("de+m3", 120, 25, 30)
    lengths = []
    for _ in range(2):
        lengths.append(len(speaker.say("ein roter Kreis", deep).sound))
        other.say("a dog", PLAIN)
        variants.cache_clear()
        variants(held_out=True)
    assert lengths[0] == pytest.approx(lengths[1], rel=0.01)


@spoken
def test_a_fresh_process_says_the_same_sentences_the_same_way() -> None:
    code = (
        "import hashlib, numpy as np\n"
        "from scrubjay.media.world.speak import Speaker, any_voice\n"
        "speaker, random = Speaker(), np.random.default_rng(1)\n"
        "said = [speaker.say('a dog', any_voice('en', random)).sound for _ in range(20)]\n"
        "print(hashlib.sha256(b''.join(one.tobytes() for one in said)).hexdigest())\n"
    )
    told = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
        for _ in range(2)
    }
    assert len(told) == 1


@spoken
def test_voices_of_tests_are_never_those_of_training() -> None:
    training, tests = set(variants(held_out=False)), set(variants(held_out=True))
    assert len(training) > 40
    assert len(tests) > 8
    assert not training & tests
    assert not (training | tests) & UNCLEAR
    random = np.random.default_rng(0)
    for language in Language:
        heard = [any_voice(language, random).name.split("+") for _ in range(300)]
        assert {accent for accent, _ in heard} == set(ACCENTS[language])
        assert {variant for _, variant in heard} <= training
        kept = [any_voice(language, random, held_out=True).name.split("+") for _ in range(300)]
        assert {variant for _, variant in kept} == tests
        assert (HELD_OUT_ACCENT in {accent for accent, _ in kept}) == (language == "en")
    assert HELD_OUT_ACCENT not in {accent for some in ACCENTS.values() for accent in some}


@spoken
def test_every_voice_there_is_can_speak(speaker: Speaker) -> None:
    for accents in (*ACCENTS.values(), (HELD_OUT_ACCENT,)):
        for accent in dict.fromkeys(accents):
            for variant in (*variants(held_out=False)[::13], *variants(held_out=True)[::5]):
                assert len(speaker.say("taxi", Voice(f"{accent}+{variant}", 160, 50, 50)).words)


@spoken
def test_a_voice_nobody_has_is_refused(speaker: Speaker) -> None:
    with pytest.raises(NotReady, match="no voice 'nobody-at-all'"):
        speaker.say("a dog", Voice("nobody-at-all", 160, 50, 50))


def test_without_espeak_ng_it_says_what_to_install() -> None:
    code = (
        "import ctypes.util\n"
        "ctypes.util.find_library = lambda name: None\n"
        "from scrubjay.core.errors import NotReady\n"
        "from scrubjay.media.world.speak import Speaker, variants\n"
        "for use in (Speaker, lambda: variants(held_out=True)):\n"
        "    try:\n"
        "        use()\n"
        "    except NotReady as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert (
        done.splitlines() == ["espeak-ng is not installed (Debian: apt-get install espeak-ng)"] * 2
    )
