"""`scrubjay search --in VIDEO`: end to end on a small video with a red square in it."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scrubjay.cli.search import search
from scrubjay.cli.search_in import OUTLINE
from scrubjay.core.config import Settings
from scrubjay.core.errors import (
    BadMedia,
    NotReady,
    ScrubjayError,
    UnknownItem,
    UnsupportedModality,
    WrongUse,
)
from scrubjay.core.types import Champion, Item, Kind, Modality, Split
from scrubjay.search.needle_tiles import overlap
from scrubjay.store.home import Home
from tests.cli.conftest import tone
from tests.cli.one_command import running
from tests.media.films import RED, write_film
from tests.search.needles import HEIGHT, WIDTH, HalfRed, film, frame, write_video

pytest.importorskip("av", reason="videos need the `speech` extra")

run = running(search)
PLACE = (8, 8, 40, 40)
HALF, CLIP, SAID = "half.png", "clip.mp4", "said.wav"
EVERYTHING = frozenset(Modality)


@dataclasses.dataclass(frozen=True)
class Shelf:
    """A home, and a folder with videos and examples."""

    home: Path
    folder: Path

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory) -> Shelf:
    root = tmp_path_factory.mktemp("needles")
    folder = root / "media"
    folder.mkdir()
    write_video(folder / "film.mp4", film(12, (5, 8, PLACE)))
    write_video(folder / "empty.mp4", film(4))
    write_video(folder / "clip.mp4", film(3, (0, 3, (40, 0, 120, 90))))
    write_film(folder / "long.mp4", [(RED, 31.0)], fps=1)
    write_film(folder / "mute.mp4", [(RED, 2.0)], sound=True, picture=False)
    half = frame(0, (40, 0, 120, 90)).picture
    Image.fromarray(half).save(folder / "half.png")
    Image.fromarray(half[:, 20:140]).save(folder / "more.png")
    (folder / "said.wav").write_bytes(tone(300))
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    home = Home(Settings(home=root / "home"))
    for item_id, name, kind in (
        ("film", "film.mp4", Kind.VIDEO),
        ("of/the.owner", "empty.mp4", Kind.VIDEO),
        ("half", "half.png", Kind.IMAGE),
    ):
        data = (folder / name).read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        uri = str(folder / name)
        home.catalog.upsert(
            [Item(item_id, kind, (uri,), digest, name, Split.TEST, "2026-11", len(data))]
        )
    home.catalog.upsert(
        [
            Item(
                "gone",
                Kind.VIDEO,
                (str(folder / "g.mp4"),),
                "0" * 64,
                "g",
                Split.TEST,
                "2026-11",
                9,
            )
        ]
    )

    def build(staging: Path) -> None:
        (staging / "export").mkdir()
        (staging / "export" / "encoder.json").write_text(json.dumps({"family": "fake"}))

    version = home.registry.register(build, month="2026-11", lineage={}, metrics={}, card="red")
    attributes = home.catalog.attribute_types()
    generation = home.generations.create(version, dim=2, attribute_types=attributes)
    home.registry.publish(Champion(version, generation.name), expected=None)
    return Shelf(root / "home", folder)


@pytest.fixture(autouse=True)
def encoder(monkeypatch):
    """What serves: sees how much is red; whatever is said or written means half red."""
    sees = HalfRed(EVERYTHING)

    def load(folder, *, version="", threads=0):
        sees.spec = dataclasses.replace(sees.spec, version=version)
        return sees

    monkeypatch.setattr("scrubjay.models.load.load_version", load)
    return sees


def looked(shelf: Shelf, *arguments: str, within: str = "film.mp4") -> dict:
    done = run(*arguments, "--in", shelf[within], "--json", "--home", shelf.home)
    return json.loads(done.stdout)


def is_there(sighting: dict) -> bool:
    box = [edge * (WIDTH, HEIGHT)[at % 2] for at, edge in enumerate(sighting["box"])]
    return 5 <= sighting["at_s"] <= 8 and overlap(box, PLACE) >= 0.3


def test_json_is_the_documented_object(shelf):
    told = looked(shelf, "a red square")
    assert list(told) == [
        "video",
        "id",
        "duration_s",
        "query",
        "sightings",
        "nearest",
        "frames",
        "took_ms",
        "version",
    ]
    assert told["video"] == shelf["film.mp4"]
    assert told["id"] is None
    assert told["query"] == {"text": "a red square", "k": 5}
    assert told["duration_s"] == pytest.approx(12, abs=0.6)
    assert told["frames"] == 24
    (one,) = told["sightings"]
    assert list(one) == ["at_s", "start_s", "end_s", "box", "score", "lift"]
    assert is_there(one)
    assert one["start_s"] == pytest.approx(5, abs=0.5)
    assert one["end_s"] == pytest.approx(7.5, abs=0.5)
    assert set(told["took_ms"]) == {"encode", "look", "total"}


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["--image", HALF], {"images": [HALF]}),
        (["--image", HALF, "--image", "more.png"], {"images": [HALF, "more.png"]}),
        (["--clip", CLIP], {"clip": CLIP}),
        (["--clip", CLIP, "--image", HALF], {"images": [HALF], "clip": CLIP}),
        (["--speech", SAID], {"speech": SAID}),
        (["--speech", SAID, "--image", HALF], {"images": [HALF], "speech": SAID}),
    ],
)
def test_it_is_found_by_pictures_a_clip_and_a_recording(shelf, monkeypatch, arguments, asked):
    monkeypatch.chdir(shelf.folder)
    told = looked(shelf, *arguments, "-k", "2")
    assert told["query"] == {**asked, "k": 2}
    assert is_there(told["sightings"][0])


def test_a_video_that_was_added_is_named_by_its_id(shelf):
    done = run("red", "--in", "film", "--json", "--home", shelf.home)
    told = json.loads(done.stdout)
    assert told["id"] == "film"
    assert is_there(told["sightings"][0])


def test_an_id_may_look_like_a_path(shelf):
    done = run("red", "--in", "of/the.owner", "--json", "--home", shelf.home)
    assert json.loads(done.stdout)["id"] == "of/the.owner"


def test_in_a_pipe_a_sighting_is_a_line_of_score_times_and_place_in_words(shelf):
    done = run("red", "--in", shelf["film.mp4"], "--home", shelf.home)
    ((score, at, span, where),) = [line.split("\t") for line in done.stdout.splitlines()]
    assert float(score) > 0.9
    assert at.startswith("0:0")
    assert span.startswith("0:05.0-0:0")
    assert where == "upper left"


def test_nothing_there_is_said_with_what_comes_nearest(shelf):
    done = run("red", "--in", shelf["empty.mp4"], "--home", shelf.home)
    assert done.exit_code == 0
    assert done.stdout == ""
    assert "nothing found" in done.stderr
    assert "the nearest is at 0:0" in done.stderr
    told = looked(shelf, "red", within="empty.mp4")
    assert told["sightings"] == []
    assert told["nearest"]["lift"] < 0.8


def test_frames_are_saved_with_what_was_found_in_a_box(shelf, tmp_path):
    folder = tmp_path / "new" / "frames"
    looked(shelf, "red", "--save", str(folder))
    (saved,) = folder.iterdir()
    assert saved.name.startswith("01-")
    with Image.open(saved) as image:
        picture = np.asarray(image)
    assert picture.shape == (HEIGHT, WIDTH, 3)
    assert (picture == OUTLINE).all(axis=2).sum() > 40


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environment", "mark"),
    [({}, ""), ({"COLORTERM": "truecolor"}, "▀"), ({"KITTY_WINDOW_ID": "1"}, "\x1b_Ga=T")],
)
def test_a_terminal_shows_times_places_and_the_frame_where_it_can(
    shelf, monkeypatch, environment, mark
):
    for name in ("NO_COLOR", "TMUX", "KITTY_WINDOW_ID", "TERM_PROGRAM", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "160", **environment}.items():
        monkeypatch.setenv(name, value)
    with contextlib.redirect_stdout(Terminal()) as shown:
        search(text="red", within=shelf["film.mp4"], home=shelf.home)
    assert "upper left" in shown.getvalue()
    assert "0:05.0-0:07" in shown.getvalue()
    assert "1 found in 24 frames" in shown.getvalue()
    assert mark in shown.getvalue()


@pytest.mark.parametrize(
    ("within", "error", "says"),
    [
        ("there.mp4", WrongUse, "no such file"),
        ("nobody", UnknownItem, "nobody"),
        ("half", WrongUse, "is a picture, no video"),
        ("gone", BadMedia, "gone"),
        (".", WrongUse, "is a folder"),
        ("half.png", BadMedia, "not a video: its content is PNG"),
        ("mute.mp4", BadMedia, "sound alone"),
    ],
)
def test_what_is_no_video_is_refused_by_name(shelf, monkeypatch, within, error, says):
    monkeypatch.chdir(shelf.folder)
    with pytest.raises(error, match=says):
        run("red", "--in", within, "--home", shelf.home)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ([], WrongUse, "give a query"),
        ([" "], WrongUse, "empty"),
        (["red", "-k", "0"], WrongUse, "k must be"),
        (["red", "-k", "51"], WrongUse, "k must be"),
        (["red", "--like", "film"], WrongUse, "--like"),
        (["red", "--where", "price = 1"], WrongUse, "--where"),
        (["red", "--cutoff"], WrongUse, "--cutoff"),
        (["red", "--weight", "image=2"], WrongUse, "image"),
        (["--image", "absent.png"], WrongUse, "absent.png"),
        (["--image", "broken.png"], BadMedia, "broken.png"),
        (["--clip", "long.mp4"], WrongUse, "longer than 30 s"),
        (["--clip", "mute.mp4"], BadMedia, "mute.mp4"),
        (["--clip", "half.png"], BadMedia, "half.png"),
        (["red", "--save", "half.png/x"], WrongUse, "half.png"),
    ],
)
def test_what_cannot_be_asked_is_said(shelf, monkeypatch, arguments, error, says):
    monkeypatch.chdir(shelf.folder)
    with pytest.raises(error, match=says):
        run(*arguments, "--in", "film.mp4", "--home", shelf.home)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["red", "--clip", "clip.mp4"], "--clip is for"),
        (["red", "--save", "x"], "--save is for"),
        (["--image", "half.png", "--image", "more.png"], "give one --image"),
    ],
)
def test_what_is_for_one_video_needs_one(shelf, monkeypatch, arguments, says):
    monkeypatch.chdir(shelf.folder)
    with pytest.raises(WrongUse, match=says):
        run(*arguments, "--home", shelf.home)


def test_an_encoder_that_sees_no_pictures_or_hears_nothing_is_named(shelf, encoder):
    encoder.spec = dataclasses.replace(encoder.spec, modalities=frozenset({Modality.TEXT}))
    with pytest.raises(UnsupportedModality, match="no image tower"):
        run("red", "--in", shelf["film.mp4"], "--home", shelf.home)
    encoder.spec = HalfRed().spec
    with pytest.raises(UnsupportedModality, match="no speech tower"):
        run("--speech", shelf["said.wav"], "--in", shelf["film.mp4"], "--home", shelf.home)


def test_a_home_without_an_encoder_says_what_to_do(shelf, tmp_path):
    with pytest.raises(NotReady, match="scrubjay add"):
        run("red", "--in", shelf["film.mp4"], "--home", tmp_path / "home")


def test_a_truncated_video_is_refused_by_name(shelf, tmp_path):
    whole = Path(shelf["film.mp4"]).read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(ScrubjayError, match=r"cut\.mp4"):
        run("red", "--in", cut, "--home", shelf.home)
