"""`scrubjay describe`: a picture in words, also aloud."""

from __future__ import annotations

import json
import re

import pytest
import soundfile
from PIL import Image

from scrubjay.cli import describe as command
from scrubjay.core.errors import WrongUse
from scrubjay.models.load import load_asr
from tests.ask.conftest import RED, picture
from tests.cli.one_command import FAKES, running

run = running(command.describe)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(picture(RED, "KEEP OUT")).save("red.png")
    return tmp_path


def test_a_description_has_what_is_shown_and_what_is_written(folder):
    result = run("red.png", *FAKES)
    assert result.stdout.splitlines()[0] == "A red picture. The text in it: “KEEP OUT”."
    assert re.search(r"^look \d+\.\d s by fake$", result.stderr, re.MULTILINE)


def test_json_has_the_parts(folder):
    told = json.loads(run("red.png", "--json", *FAKES).stdout)
    assert set(told["parts"]) == {"caption", "text", "objects", "uncertain", "summary"}
    assert told["parts"]["text"] == "KEEP OUT"
    assert told["answer"] == told["parts"]["summary"]


def test_a_description_is_spoken_in_its_own_language(folder):
    result = run("red.png", "--speak", "--out", "d.wav", "--lang", "fr", *FAKES)
    assert "for French bring" in result.stderr
    heard = load_asr("fake").transcribe(soundfile.read("d.wav", dtype="float32")[0])
    assert heard.language == "en"
    assert heard.text.startswith("A red picture.")


def test_what_cannot_be_done_is_said(folder):
    with pytest.raises(WrongUse, match=r"gone\.png"):
        run("gone.png", *FAKES)
    with pytest.raises(WrongUse, match="give both"):
        run("red.png", "--out", "d.wav", *FAKES)
    with pytest.raises(WrongUse, match="cannot be written"):
        run("red.png", "--speak", "--out", "no/such/folder.wav", *FAKES)
