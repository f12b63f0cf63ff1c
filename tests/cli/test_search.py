"""`scrubjay search`: one query, an answer for people or machines, clear words when it cannot."""

from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from scrubjay.cli import search as command
from scrubjay.cli.search import clock, place, printable
from scrubjay.core.errors import BadMedia, NotReady, WrongUse
from scrubjay.core.types import Hit, Kind

runner = CliRunner()
app = typer.Typer()
app.command()(command.search)


def run(home, *arguments, **options):
    result = runner.invoke(app, [*arguments, "--home", str(home.path)], **options)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_json_is_the_documented_object(champion_home):
    result = run(champion_home, "red", "--k", "2", "--json")
    told = json.loads(result.stdout)
    assert list(told) == [
        "query",
        "hits",
        "next",
        "cut",
        "uncut",
        "took_ms",
        "version",
        "generation",
    ]
    assert told["query"]["text"] == "red"
    assert len(told["hits"]) == 2
    assert set(told["hits"][0]) == {
        "id", "kind", "uri", "score", "caption", "attributes", "start_s", "end_s", "evidence",
    }  # fmt: skip


def test_in_a_pipe_a_hit_is_a_line_of_score_caption_and_path(champion_home):
    result = run(champion_home, "red", "--kind", "image")
    lines = [line.split("\t") for line in result.stdout.splitlines()]
    assert len(lines) == 3
    assert all(re.fullmatch(r"-?\d\.\d{3}", score) for score, _, _ in lines)
    assert {caption for _, caption, _ in lines} == {"a red one", "a green one", "a blue one"}
    scores = [float(score) for score, _, _ in lines]
    assert scores == sorted(scores, reverse=True)


def test_a_picture_and_a_recording_find_themselves(champion_home):
    folder = champion_home.folder
    by_picture = json.loads(run(champion_home, "--image", str(folder / "red.png"), "--json").stdout)
    assert by_picture["hits"][0]["uri"].endswith("red.png")
    assert by_picture["hits"][0]["score"] == pytest.approx(1, abs=1e-3)
    by_speech = json.loads(
        run(champion_home, "--speech", str(folder / "low.wav"), "--kind", "speech", "--json").stdout
    )
    assert by_speech["hits"][0]["uri"].endswith("low.wav")
    assert {hit["kind"] for hit in by_speech["hits"]} == {"speech"}


def test_a_picture_finds_recordings_when_asked_for(champion_home):
    picture = str(champion_home.folder / "red.png")
    told = json.loads(run(champion_home, "--image", picture, "--kind", "speech", "--json").stdout)
    assert {hit["kind"] for hit in told["hits"]} == {"speech"}


def test_where_narrows_and_nothing_found_is_said_in_words(champion_home):
    told = json.loads(run(champion_home, "red", "--where", "price = 20", "--json").stdout)
    assert [hit["attributes"]["price"] for hit in told["hits"]] == [20]
    nothing = run(champion_home, "red", "--where", "price = 99")
    assert nothing.stdout == ""
    assert "nothing found" in nothing.stderr
    assert "price = 99" in nothing.stderr
    assert nothing.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give a query"),
        (["--speech", "a.wav", "--microphone"], "one recording"),
        (["red", "--weight", "text"], "'text' is not understood"),
        (["red", "--weight", "text=much"], "'text=much' is not understood"),
        (["red", "--weight", "text=1", "--weight", "text=2"], "each part once"),
        (["red", "--weight", "image=1"], "the query has no image"),
        (["red", "--weight", "text=inf"], "is inf"),
        (["red", "--after", "x"], "no cursor"),
        (["--like", "nobody"], "no item 'nobody'"),
    ],
)
def test_what_is_no_query_is_refused(champion_home, arguments, said):
    with pytest.raises(WrongUse, match=said):
        run(champion_home, *arguments)


def hits(home, *arguments):
    return json.loads(run(home, *arguments, "--json").stdout)["hits"]


def test_several_are_mixed_by_their_weights(champion_home):
    red, green = (str(champion_home.folder / f"{name}.png") for name in ("red", "green"))
    (item,) = [one for one in hits(champion_home, "--image", red) if one["uri"] == red]
    mixed = ("--image", green, "--like", item["id"], "--kind", "image")
    far = hits(champion_home, *mixed, "--weight", "like=-3")
    near = hits(champion_home, *mixed, "--weight", "like=3", "--weight", "image=0.1")
    assert [one["id"] for one in (*far, *near)].count(item["id"]) == 0
    assert far[0]["uri"] == green
    assert far[0]["score"] != pytest.approx(near[0]["score"], abs=1e-3)
    told = json.loads(run(champion_home, "red", *mixed, "--weight", "text=0.5", "--json").stdout)
    assert told["query"]["weights"] == {"text": 0.5}
    assert (told["query"]["text"], told["query"]["image"]) == ("red", green)


def test_the_next_page_follows_the_one_before(champion_home):
    whole = hits(champion_home, "red")
    first = json.loads(run(champion_home, "red", "--k", "3", "--json").stdout)
    rest = hits(champion_home, "red", "--k", "3", "--after", first["next"])
    assert first["hits"] + rest == whole


def test_a_query_file_that_cannot_be_used_is_named(champion_home, tmp_path):
    with pytest.raises(WrongUse, match=r"no\.png cannot be read: No such file"):
        run(champion_home, "--image", str(tmp_path / "no.png"))
    with pytest.raises(WrongUse, match="cannot be read"):
        run(champion_home, "--speech", str(tmp_path))
    text = tmp_path / "text.png"
    text.write_text("not a picture")
    with pytest.raises(BadMedia, match=r"text\.png: cannot be searched with: not a picture"):
        run(champion_home, "--image", str(text))


def test_without_a_champion_it_says_what_to_do(tmp_path):
    result = runner.invoke(app, ["red", "--home", str(tmp_path / "empty")])
    assert isinstance(result.exception, NotReady)
    assert "scrubjay train" in str(result.exception)


def test_the_microphone_is_a_spoken_query(champion_home, monkeypatch):
    asked = []

    def speak(seconds, *, ready):
        asked.append(seconds)
        ready()
        return np.full(8000, 0.01, np.float32)

    monkeypatch.setattr("scrubjay.cli.microphone.record", speak)
    result = run(champion_home, "--microphone", "--seconds", "4", "--json")
    assert asked == [4.0]
    assert json.loads(result.stdout)["query"]["speech"] == "microphone"
    assert "listening" in result.stderr


class Terminal(io.StringIO):
    """Standard output that says it is a terminal, and keeps what is written."""

    def isatty(self):
        return True


@pytest.fixture
def in_terminal(champion_home, monkeypatch):
    """Search for red pictures in a terminal with these variables; what it showed."""
    for name in ("NO_COLOR", "TMUX", "KITTY_WINDOW_ID", "TERM_PROGRAM", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)

    def show(thumbnails=True, **environment):
        for name, value in {"TERM": "xterm-256color", "COLUMNS": "160", **environment}.items():
            monkeypatch.setenv(name, value)
        with contextlib.redirect_stdout(Terminal()) as shown:
            command.search(
                text="red", kind=[Kind.IMAGE], home=champion_home.path, thumbnails=thumbnails
            )
        return shown.getvalue()

    return show


def test_a_terminal_shows_a_table_with_pictures_when_it_can(in_terminal):
    plain = in_terminal()
    assert "▀" not in plain
    assert "a green one" in plain
    assert "3 found in" in plain
    assert in_terminal(COLORTERM="truecolor").count("▀") > 100
    assert "▀" not in in_terminal(COLORTERM="truecolor", thumbnails=False)
    assert "▀" not in in_terminal(COLORTERM="truecolor", NO_COLOR="1")


def test_a_terminal_with_its_own_protocol_gets_it(in_terminal):
    shown = in_terminal(KITTY_WINDOW_ID="1")
    assert shown.count("\x1b_Ga=T") == 3
    assert "a blue one" in shown


def test_a_picture_gone_since_is_no_reason_to_fail(in_terminal, monkeypatch):
    def gone(uri, *, max_bytes):
        raise BadMedia("file is gone", uri)

    monkeypatch.setattr("scrubjay.store.reader.read_uri", gone)
    assert "a red one" in in_terminal(COLORTERM="truecolor")


def hit(uri, start_s=None, end_s=None):
    return Hit("a", Kind.SPEECH, uri, 0.5, None, start_s=start_s, end_s=end_s)


def test_paths_are_relative_when_that_is_shorter(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert place(hit(str(tmp_path / "a" / "b.wav"))) == str(Path("a", "b.wav"))
    assert place(hit("file://" + str(tmp_path / "b.wav"))) == "b.wav"
    assert place(hit("/b.wav")) == "/b.wav"
    assert place(hit("s3://bucket/b.wav")) == "s3://bucket/b.wav"
    assert place(hit("/b.wav", 75.5, 80.0)) == "/b.wav 1:15.5-1:20.0"


def test_moments_are_minutes_and_seconds():
    assert [clock(one) for one in (0, 9.96, 59.96, 3600)] == [
        "0:00.0",
        "0:10.0",
        "1:00.0",
        "60:00.0",
    ]


def test_what_strangers_wrote_cannot_steer_the_terminal():
    shown = printable("a\x1b[31m red\nthing\x07 \udcff \x9b2J")
    assert shown == "a\ufffd[31m red thing\ufffd \ufffd \ufffd2J"
