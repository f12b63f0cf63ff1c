"""`scrubjay watch`: the answer with its moments on standard output, the steps beside it."""

from __future__ import annotations

import hashlib
import json
import re

import pytest
import soundfile
from PIL import Image

from scrubjay.cli import watch as command
from scrubjay.core.config import Settings
from scrubjay.core.errors import BadMedia, UnknownName, WrongUse
from scrubjay.core.types import SAMPLE_RATE, Item, Kind, Split
from scrubjay.models.load import load_asr, load_tts
from scrubjay.search.film_sound import Loudness
from scrubjay.store.home import Home
from tests.ask.clips import said_at, write_clip
from tests.ask.conftest import BLUE, RED, picture, spoken
from tests.cli.one_command import FAKES, running

COLOUR = "what colour is it?"
run = running(command.watch)


@pytest.fixture(autouse=True)
def tones_are_speech(monkeypatch):
    monkeypatch.setattr(
        "scrubjay.search.film_passes.activity_here", lambda: (Loudness(), "loudness", None)
    )


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mkv"
    shots = [(picture(RED, "EXIT 42", (54, 96)), 1.5), (picture(BLUE, size=(54, 96)), 1.5)]
    return write_clip(path, shots, sound=said_at({0.2: spoken("good evening")}, 3))


@pytest.fixture
def folder(tmp_path, monkeypatch, film):
    """Where the command runs: a video, a picture, a question, no home."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "film.mkv").write_bytes(film.read_bytes())
    Image.fromarray(picture(RED)).save("red.png")
    samples = load_tts("fake").speak(COLOUR).samples
    soundfile.write("q.wav", samples, SAMPLE_RATE, subtype="FLOAT")
    return tmp_path


def test_the_answer_comes_first_then_the_moments_it_rests_on(folder):
    result = run("film.mkv", COLOUR, *FAKES)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "blue"
    assert "  [1] film.mkv 0:00-0:02" in lines
    assert any("written at 0:00.0-0:01.5: EXIT 42 (100%)" in line for line in lines)
    assert any("said at 0:00.2" in line and "good evening" in line for line in lines)
    assert re.search(r"^watch \d+\.\d s by fake and fake\nanswer \d\.\d s", result.stderr)
    assert not (folder / "scrubjay-home").exists(), "watching a file makes no home"


def test_json_is_the_documented_object_and_a_clue_says_when(folder):
    told = json.loads(run("film.mkv", "what is said about the evening?", "--json", *FAKES).stdout)
    assert told["answer"] == "“good evening” [1]"
    first = told["sources"][0]
    assert (first["name"], first["start_s"], first["end_s"]) == ("film.mkv 0:00-0:02", 0.0, 1.5)
    (said,) = [one for one in told["evidence"] if one["kind"] == "speech"]
    assert 0.1 < said["start_s"] < said["end_s"] < 1.5
    assert told["spoken"] is None


def test_what_cannot_be_told_is_said_with_exit_code_0(folder):
    result = run("film.mkv", "who is it?", *FAKES)
    assert result.exit_code == 0
    assert result.stdout.startswith("I can't tell")


def test_a_spoken_question_is_answered_aloud(folder):
    result = run("film.mkv", "--speech", "q.wav", "--speak", "--out", "a.wav", *FAKES)
    assert "heard: what colour is it?" in result.stderr
    samples, _ = soundfile.read("a.wav", dtype="float32")
    assert load_asr("fake").transcribe(samples).text == "blue"


def test_videos_and_pictures_are_examples_with_right_and_wrong_answers(folder, film):
    (folder / "e.mkv").write_bytes(film.read_bytes())
    result = run(
        *("film.mkv", "is it a goal?", "--example", "e.mkv=goal", "--wrong", "e.mkv=save"),
        *("--example", "red.png=no goal"),
        *FAKES,
    )
    assert result.stdout.splitlines()[0] == "goal"
    with pytest.raises(WrongUse, match="no --example shows"):
        run("film.mkv", "is it?", "--wrong", "e.mkv=save", *FAKES)
    with pytest.raises(BadMedia, match=r"q\.wav"):
        run("film.mkv", "is it?", "--example", "q.wav=goal", *FAKES)


def test_a_file_that_is_an_item_is_known_as_one_and_found_again(folder, film):
    home = Home(Settings(home=folder / "home", threads=1))
    clip = folder / "film.mkv"
    sha256 = hashlib.sha256(clip.read_bytes()).hexdigest()
    home.catalog.upsert(
        [Item("evening", Kind.VIDEO, (str(clip),), sha256, "g", Split.TRAIN, "2026-11", 1)]
    )
    by_id = run("evening", COLOUR, "--home", "home", *FAKES)
    assert "[1] film.mkv 0:00-0:02 (evening)" in by_id.stdout
    kept = {path: path.stat().st_mtime_ns for path in home.gleanings.folder.rglob("*.json")}
    assert kept
    (folder / "copy.mkv").write_bytes(clip.read_bytes())
    copied = run("copy.mkv", COLOUR, "--home", "home", *FAKES)
    assert "(evening)" in copied.stdout
    assert kept == {path: path.stat().st_mtime_ns for path in home.gleanings.folder.rglob("*.json")}
    clip.write_bytes(b"other")
    with pytest.raises(BadMedia, match="changed since it was added"):
        run("evening", COLOUR, "--home", "home", *FAKES)


def test_an_item_that_is_no_video_is_named(folder):
    home = Home(Settings(home=folder / "home", threads=1))
    item = Item(
        "a", Kind.IMAGE, (str(folder / "red.png"),), "0" * 64, "g", Split.TRAIN, "2026-11", 1
    )
    home.catalog.upsert([item])
    with pytest.raises(WrongUse, match="no video but image"):
        run("a", COLOUR, "--home", "home", *FAKES)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (("film.mkv",), WrongUse, "ask something"),
        (("film.mkv", "--speech", "q.wav", "--microphone"), WrongUse, "one recording"),
        (("film.mkv", COLOUR, "--out", "a.wav"), WrongUse, "give both"),
        (("gone.mkv", COLOUR, *FAKES), WrongUse, "no file, and no item"),
        (("red.png", COLOUR, *FAKES), BadMedia, "not a video"),
        (("q.wav", COLOUR, *FAKES), BadMedia, "not a video"),
        (("film.mkv", COLOUR, "vlm=fakes"), UnknownName, "did you mean 'fake'"),
        (("film.mkv", COLOUR, *FAKES, "-k", "0"), WrongUse, "k must be"),
        (("film.mkv", COLOUR, "--lang", "Klingon", *FAKES), WrongUse, "two-letter code"),
        (("film.mkv", COLOUR, "--example", "gone.mkv=x", *FAKES), WrongUse, "gone.mkv"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_way_out(folder, arguments, error, said):
    with pytest.raises(error) as raised:
        run(*arguments)
    assert said in str(raised.value)
    assert raised.value.exit_code == (1 if error is BadMedia else 2)
