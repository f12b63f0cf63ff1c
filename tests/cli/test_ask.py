"""`scrubjay ask`: the answer on standard output, the steps on standard error, and clear words."""

from __future__ import annotations

import json
import re
import wave

import pytest
import soundfile
from PIL import Image

from scrubjay.cli import ask as command
from scrubjay.cli import speaking
from scrubjay.core.errors import BadMedia, MissingExtra, NotReady, UnknownName, WrongUse
from scrubjay.core.types import SAMPLE_RATE
from scrubjay.models.load import load_asr, load_tts
from tests.ask.conftest import BLUE, RED, Registered, fill, picture
from tests.cli.one_command import FAKES, running

COLOUR = "what colour is it?"
run = running(command.ask)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the command runs: two pictures, a question, no home."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(picture(RED, "EXIT")).save("red.png")
    Image.fromarray(picture(BLUE)).save("blue.png")
    samples = load_tts("fake").speak(COLOUR).samples
    soundfile.write("q.wav", samples, SAMPLE_RATE, subtype="FLOAT")
    return tmp_path


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("collection"))


@pytest.fixture
def served(collection, monkeypatch):
    """The fake has no graphs to export: it stands where a version's graphs would be opened."""
    monkeypatch.setattr(
        "scrubjay.models.load.load_version",
        lambda folder, *, version="", threads=0: Registered(version),
    )
    return collection


def test_the_answer_comes_first_then_what_it_rests_on_and_steps_go_to_stderr(folder):
    result = run(COLOUR, "--image", "red.png", *FAKES)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "red"
    assert "  [1] red.png" in lines
    assert any("written: EXIT (100%)" in line for line in lines)
    assert re.fullmatch(r"read \d\.\d s by fake\nanswer \d\.\d s by fake\n", result.stderr)
    assert not (folder / "scrubjay-home").exists(), "asking over a picture makes no home"


def test_json_is_the_documented_object(folder):
    told = json.loads(run(COLOUR, "-i", "red.png", "-i", "blue.png", "--json", *FAKES).stdout)
    assert set(told) == {
        "question", "answer", "told", "confidence", "language", "sources", "evidence", "steps",
        "notes", "parts", "spoken",
    }  # fmt: skip
    assert told["question"] == COLOUR
    assert [one["name"] for one in told["sources"]] == ["red.png", "blue.png"]
    assert told["spoken"] is None


def test_what_cannot_be_told_is_said_with_exit_code_0(folder):
    result = run("who is it?", "--image", "red.png", *FAKES)
    assert result.exit_code == 0
    assert result.stdout.startswith("I can't tell")


def test_a_spoken_question_is_answered_aloud_into_a_file(folder):
    result = run("--speech", "q.wav", "-i", "blue.png", "--speak", "--out", "a.wav", *FAKES)
    assert "heard: what colour is it?" in result.stderr
    assert "spoken into a.wav" in result.stderr
    samples, rate = soundfile.read("a.wav", dtype="float32")
    assert rate == SAMPLE_RATE
    heard = load_asr("fake").transcribe(samples)
    assert (heard.text, heard.language) == ("blue", "en")
    assert re.search(r"^listen \d+\.\d s by fake$", result.stderr, re.MULTILINE)


def test_without_speakers_a_file_is_named_and_no_other_is_overwritten(folder, monkeypatch):
    monkeypatch.setattr(speaking, "_played", lambda parts: False)
    (folder / "answer.wav").write_bytes(b"mine")
    result = run(COLOUR, "-i", "red.png", "--speak", *FAKES)
    assert "spoken into answer-2.wav" in result.stderr
    assert (folder / "answer.wav").read_bytes() == b"mine"
    with wave.open("answer-2.wav") as file:
        assert file.getnframes() > 0
    told = json.loads(run(COLOUR, "-i", "red.png", "--speak", "--json", *FAKES).stdout)
    assert told["spoken"] == "answer-3.wav"


def test_with_speakers_it_is_played_and_nothing_is_written(folder, monkeypatch):
    played = []
    monkeypatch.setattr(speaking, "_played", lambda parts: played.append(parts) or True)
    result = run(COLOUR, "-i", "red.png", "--speak", *FAKES)
    assert len(played) == 1
    assert "spoken into" not in result.stderr
    assert not (folder / "answer.wav").exists()


def test_examples_and_wrong_answers_are_taken_apart_at_the_file(folder):
    (folder / "a=b.png").write_bytes((folder / "blue.png").read_bytes())
    result = run(
        *("is it ripe?", "-i", "blue.png"),
        *("--example", "red.png=no: too red", "--example", "a=b.png=yes=sure"),
        *("--wrong", "red.png=yes"),
        *FAKES,
    )
    assert result.stdout.splitlines()[0] == "yes=sure"
    for bad in ("red.png", "gone.png=x", "red.png=", "=x"):
        with pytest.raises(WrongUse, match=r"picture and its answer|cannot be read"):
            run("is it?", "-i", "red.png", "--example", bad, *FAKES)
    with pytest.raises(WrongUse, match="no --example shows"):
        run("is it?", "-i", "red.png", "--wrong", "red.png=x", *FAKES)


def test_without_a_picture_the_collection_answers_and_is_cited(served):
    result = run("what colour is the blue thing?", "--kind", "image", "--home", served.path, *FAKES)
    lines = result.stdout.splitlines()
    assert lines[0].startswith("blue [1]")
    assert lines[1] == "  90% sure"
    assert "[1] blue.png (" in lines[2]
    assert re.search(r"^find \d+\.\d s by", result.stderr, re.MULTILINE)


def test_a_second_question_finds_what_was_read_and_heard(served):
    run("what colour is the blue thing?", "--home", served.path, *FAKES)
    kept = {path: path.stat().st_mtime_ns for path in served.path.rglob("gleanings/*/*.json")}
    assert len(kept) == 5
    run("what colour is the red thing?", "--home", served.path, *FAKES)
    assert kept == {
        path: path.stat().st_mtime_ns for path in served.path.rglob("gleanings/*/*.json")
    }


def test_standing_values_of_the_home_count_and_overrides_count_more(folder):
    home = folder / "home"
    home.mkdir()
    (home / "ask.yaml").write_text(
        "vlm: fake\nocr: fake\nasr: fake\ntts: fake\nprompt: mine\nsampling: {max_new_tokens: 1}\n"
    )
    (home / "prompts").mkdir()
    (home / "prompts" / "mine.yaml").write_text("question: 'repeat: one two'")
    ask = ("what?", "-i", "red.png", "--home", home)
    assert run(*ask).stdout.splitlines()[0] == "one"
    assert run(*ask, "sampling.max_new_tokens=9").stdout.splitlines()[0] == "one two"
    assert run(*ask, "prompt=plain").stdout.startswith("I can't tell")


def test_an_answer_never_steers_the_terminal(folder):
    poison = "repeat: \x1b[31mred\x1b[0m \u202eevil"
    result = run(poison, "-i", "red.png", *FAKES)
    assert "\x1b" not in result.stdout + result.stderr
    assert "\u202e" not in result.stdout + result.stderr


def test_a_prompt_is_optimised_written_and_used(folder):
    lines = []
    for n in range(12):
        Image.fromarray(picture((RED, BLUE)[n % 2], size=(20, 60 + n))).save(f"{n}.png")
        lines.append({"image": f"{n}.png", "question": COLOUR, "answer": ("red", "blue")[n % 2]})
    (folder / "q.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    home = folder / "home"
    result = run("--optimise", "q.jsonl", "--save", "ours", "--home", home, *FAKES)
    assert "100.0% of" in result.stdout
    assert "it is not shown to be better than plain" in result.stdout
    assert (home / "prompts" / "ours.yaml").is_file()
    answer = run(COLOUR, "-i", "red.png", "--home", home, *FAKES, "prompt=ours")
    assert answer.stdout.splitlines()[0] == "red"
    told = run("--optimise", "q.jsonl", "--save", "ours", "--home", home, "--json", *FAKES)
    assert json.loads(told.stdout)["best"]["accuracy"] == 1.0
    with pytest.raises(WrongUse, match="comes with Scrubjay"):
        run("--optimise", "q.jsonl", "--save", "plain", "--home", home, *FAKES)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ((), WrongUse, "ask something"),
        (("--speech", "q.wav", "--microphone"), WrongUse, "one recording"),
        ((COLOUR, "--out", "a.wav"), WrongUse, "give both"),
        ((COLOUR, "-i", "gone.png", *FAKES), WrongUse, "gone.png"),
        ((COLOUR, "-i", "q.wav", *FAKES), BadMedia, "not a picture"),
        (("--speech", "red.png", *FAKES), BadMedia, "red.png"),
        ((COLOUR, *FAKES), NotReady, "scrubjay add"),
        ((COLOUR, "-i", "red.png", *FAKES, "prompt=nobody"), UnknownName, "nobody"),
        ((COLOUR, "-i", "red.png", "vlm=fakes"), UnknownName, "did you mean 'fake'"),
        ((COLOUR, "-i", "red.png", *FAKES, "vlm.weights=3"), WrongUse, "weights"),
        ((COLOUR, "-i", "red.png", *FAKES, "sampling.top_p=7"), WrongUse, "top_p"),
        ((COLOUR, "-i", "red.png", *FAKES, "k=0"), WrongUse, "k must be"),
        ((COLOUR, "-i", "red.png", "--lang", "Klingon", *FAKES), WrongUse, "two-letter code"),
        (("--optimise", "gone.jsonl", *FAKES), WrongUse, "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_way_out(folder, arguments, error, said):
    with pytest.raises(error) as raised:
        run(*arguments)
    assert said in str(raised.value)
    assert raised.value.exit_code == (1 if error in {BadMedia, NotReady} else 2)


def test_a_language_the_built_in_model_lacks_names_what_to_bring(folder):
    result = run("quelle couleur ?", "-i", "red.png", "--lang", "fr", *FAKES)
    assert result.exit_code == 0
    assert "only English; for French bring" in result.stdout


def test_a_microphone_that_is_not_there_says_so(folder, monkeypatch):
    def none(seconds, *, ready):
        raise MissingExtra("recording a query", "speech")

    monkeypatch.setattr("scrubjay.cli.microphone.record", none)
    with pytest.raises(MissingExtra, match=r"scrubjay\[speech\]"):
        run("--microphone", "-i", "red.png", *FAKES)


def test_a_question_into_the_microphone(folder, monkeypatch):
    samples = load_tts("fake").speak(COLOUR).samples
    monkeypatch.setattr("scrubjay.cli.microphone.record", lambda seconds, *, ready: samples)
    assert run("--microphone", "-i", "red.png", *FAKES).stdout.splitlines()[0] == "red"


def test_long_texts_are_spoken_in_parts_that_join_to_the_whole():
    text = "One sentence here. " * 600
    parts = list(speaking.portions(text, 1000))
    assert all(0 < len(part) <= 1000 for part in parts)
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")
    assert all(part.endswith(".") for part in parts)
    assert list(speaking.portions("x" * 2500, 1000)) == ["x" * 1000, "x" * 1000, "x" * 500]
    assert list(speaking.portions("")) == [""]
