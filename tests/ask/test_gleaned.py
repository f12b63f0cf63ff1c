"""What is known is not asked again, and survives being written down."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from scrubjay.ask.gleaned import Gleaned
from scrubjay.core.hearing import Heard, Transcript
from scrubjay.core.looking import ModelSpec, Reply, Sampling
from scrubjay.core.reading import Reading, TextLine
from scrubjay.store.gleanings import Gleanings

SPEC = ModelSpec("f", "n", "0123abc")
ITEM = SimpleNamespace(sha256="a" * 64, id="a")
PICTURE = np.zeros((4, 4, 3), np.uint8)
READING = Reading(
    (TextLine("EXIT \u2028 ü", 0.98765, ((0.1, 0.2), (0.3, 0.2), (0.3, 0.4), (0.1, 0.4))),),
    4,
    4,
    "r",
)
HEARD = Transcript((Heard("hello", 0.5, 1.25, 0.75), Heard("x", 2.0, 3.0)), "en", 4.0, "l")


@pytest.fixture
def kept(tmp_path):
    return Gleanings(tmp_path / "gleanings")


def never():
    raise AssertionError("it is asked again")


def test_readings_transcripts_and_captions_come_back_as_they_were_told_first(kept):
    first, again = Gleaned(kept), Gleaned(kept)
    one = first.reading(ITEM, PICTURE, SPEC, lambda: READING)
    assert again.reading(ITEM, PICTURE, SPEC, never) == one
    assert one.lines[0].text == READING.lines[0].text
    heard = first.transcript(ITEM, "en", SPEC, lambda: HEARD)
    assert again.transcript(ITEM, "en", SPEC, never) == heard
    assert (heard.text, heard.language, heard.duration_s) == ("hello x", "en", 4.0)
    reply = first.caption(ITEM, SPEC, Sampling(), lambda: Reply("a cat", confidence=0.5))
    assert again.caption(ITEM, SPEC, Sampling(), never) == reply == Reply("a cat", confidence=0.5)
    other = Sampling(temperature=0.5)
    assert again.caption(ITEM, SPEC, other, lambda: Reply("a dog")).text == "a dog"


def test_the_same_recording_in_another_language_is_heard_anew(kept):
    gleaned = Gleaned(kept)
    gleaned.transcript(ITEM, None, SPEC, lambda: HEARD)
    other = Transcript((), "de", 4.0, "l")
    assert gleaned.transcript(ITEM, "de", SPEC, lambda: other).language == "de"


@pytest.mark.parametrize("told", ["{}", '{"lines": 3}', '{"lines": [{"text": 1}]}'])
def test_what_somebody_else_wrote_is_made_again(kept, told):
    Gleaned(kept).reading(ITEM, PICTURE, SPEC, lambda: READING)
    (path,) = kept.folder.rglob("*.json")
    path.write_text(told)
    assert Gleaned(kept).reading(ITEM, PICTURE, SPEC, lambda: READING).text == READING.text
    assert Gleaned(kept).reading(ITEM, PICTURE, SPEC, never).text == READING.text


def test_what_was_handed_over_is_known_for_a_while_and_never_written(kept):
    gleaned = Gleaned(kept)
    assert gleaned.reading(None, PICTURE, SPEC, lambda: READING) is READING
    assert gleaned.reading(None, PICTURE.copy(), SPEC, never) is READING
    other = Reading((), 4, 4, "r")
    assert gleaned.reading(None, PICTURE + 1, SPEC, lambda: other) is other
    assert not kept.folder.exists()
