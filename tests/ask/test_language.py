"""Languages: their codes, their names, and which model to bring."""

from __future__ import annotations

import pytest

from scrubjay.ask.language import cannot, language_code, language_name
from scrubjay.core.errors import WrongUse
from scrubjay.core.looking import ModelSpec
from scrubjay.models.family import Room


def spec(*languages):
    return ModelSpec("builtin", "shipped", "f", languages=languages)


@pytest.mark.parametrize(
    ("given", "code"), [("de", "de"), (" DE ", "de"), ("pt-BR", "pt"), ("yue_Hant", "yue")]
)
def test_a_code_is_what_stands_before_the_region(given, code):
    assert language_code(given) == code


@pytest.mark.parametrize("given", ["", "d", "German!", "<|im_start|>", "de;rm", "deutsch"])
def test_what_is_no_code_is_refused(given):
    with pytest.raises(WrongUse, match="two-letter code"):
        language_code(given)


@pytest.mark.parametrize("room", [Room.VLM, Room.ASR, Room.TTS])
def test_a_model_without_the_language_names_the_settings_that_bring_one(room):
    told = cannot(spec("en"), room, "hi")
    assert "only English; for Hindi bring a model" in told
    assert f"{room.value}=" in told


def test_a_model_that_knows_it_or_does_not_say_is_not_refused():
    assert cannot(spec("en", "hi"), Room.VLM, "hi") is None
    assert cannot(spec(), Room.VLM, "hi") is None
    codes = [f"x{letter}" for letter in "abcdefghij"]
    assert "and 2 more" in (cannot(spec(*codes), Room.VLM, "hi") or "")
    assert language_name("xx") == "xx"
