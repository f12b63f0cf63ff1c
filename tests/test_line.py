"""The thin line through the real command: a folder in, an answer out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scrubjay.core.types import SAMPLE_RATE, Picture
from scrubjay.media.world.draw import draw
from scrubjay.media.world.scene import Scene, Template, shape_concept
from scrubjay.media.world.shapes import COLOURS, SHAPES

TINY = [
    "encoder.dim=32",
    "encoder.width=32",
    "encoder.buckets=512",
    "encoder.stem_channels=[8,16]",
    "encoder.layers=1",
    "encoder.heads=2",
    "encoder.image_size=32",
    "logger=none",
    "trainer.max_epochs=1",
    "datamodule.batch_size=8",
]


def scrubjay(
    home: Path, *arguments: str, expect: int = 0, builtin: bool = False
) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "scrubjay", *arguments, "--home", str(home), "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SCRUBJAY_DEBUG": "1", "SCRUBJAY_BUILTIN": str(int(builtin))},
    )
    assert done.returncode == expect, done.stderr
    assert "Traceback" not in done.stderr
    return dict(json.loads(done.stdout)) if expect == 0 else {"error": done.stderr}


def tone(path: Path, hertz: float) -> None:
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        out.writeframes((8000 * np.sin(2 * np.pi * hertz * t)).astype("<i2").tobytes())


def drawn(number: int, random: np.random.Generator) -> Picture:
    """One coloured shape: all colours of the first shape, then of the next."""
    shape, colour = divmod(number, len(COLOURS))
    return draw(Scene(Template.ONE, (shape_concept(shape, colour),)), random).picture


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty scenes with a caption and a tone each, and one broken picture."""
    folder = tmp_path_factory.mktemp("collection")
    random = np.random.default_rng(3)
    rows = []
    for i in range(20):
        colour, shape = list(COLOURS)[i % len(COLOURS)], SHAPES[i // len(COLOURS)]
        Image.fromarray(drawn(i, random)).save(folder / f"{i}.png")
        tone(folder / f"{i}.wav", 200 + 40 * i)
        rows.append(
            {
                "image": f"{i}.png",
                "audio": f"{i}.wav",
                "caption": f"a {colour} {shape}",
                "colour": colour,
                "price": 1.5 * i,
                "split": ("train", "test", "val")[max(0, i % 7 - 4)],
            }
        )
    (folder / "broken.png").write_bytes((folder / "0.png").read_bytes()[:100])
    rows.append({"image": "broken.png", "caption": "half a picture"})
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture(scope="module")
def home(collection: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has added, trained and serves."""
    home = tmp_path_factory.mktemp("line") / "home"
    added = scrubjay(home, "add", str(collection))
    assert [bad["path"] for bad in added["quarantined"]] == ["broken.png"]  # type: ignore[attr-defined]
    trained = scrubjay(home, "train", *TINY)
    assert trained["promoted"] is True
    return home


def test_each_way_of_asking_finds_the_thing_itself(home: Path, collection: Path) -> None:
    picture = scrubjay(home, "search", "--image", str(collection / "3.png"), "--kind", "image")
    sound = scrubjay(home, "search", "--speech", str(collection / "3.wav"), "--kind", "speech")
    for found, name in ((picture, "3.png"), (sound, "3.wav")):
        best = found["hits"][0]  # type: ignore[index]
        assert Path(best["uri"]).name == name
        assert best["score"] == pytest.approx(1.0, abs=5e-3)


def test_text_search_returns_k_pictures_with_captions(home: Path) -> None:
    found = scrubjay(home, "search", "a red circle", "--kind", "image", "--k", "5")
    hits = found["hits"]
    assert len(hits) == 5  # type: ignore[arg-type]
    assert all(hit["kind"] == "image" and hit["caption"] for hit in hits)  # type: ignore[attr-defined]
    scores = [hit["score"] for hit in hits]  # type: ignore[attr-defined]
    assert scores == sorted(scores, reverse=True)


def test_manifest_columns_filter(home: Path) -> None:
    found = scrubjay(
        home, "search", "a circle", "--kind", "image", "--where", "colour = 'blue' and price < 10"
    )
    colours = {hit["attributes"]["colour"] for hit in found["hits"]}  # type: ignore[attr-defined]
    assert colours == {"blue"}


def test_an_unknown_column_is_wrong_use_with_the_near_miss(home: Path) -> None:
    error = scrubjay(home, "search", "x", "--where", "color = 'blue'", expect=2)["error"]
    assert "colour" in str(error)


def test_evaluation_measures_every_direction(home: Path) -> None:
    measured = scrubjay(home, "evaluate")
    names = {direction["name"] for direction in measured["directions"]}  # type: ignore[attr-defined]
    assert len(names) == 6


def test_adding_again_changes_nothing(home: Path, collection: Path) -> None:
    before = scrubjay(home, "champion")
    again = scrubjay(home, "add", str(collection))
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, 40)
    assert scrubjay(home, "champion") == before


def test_a_new_picture_is_found_at_once(home: Path, tmp_path: Path) -> None:
    Image.fromarray(drawn(55, np.random.default_rng(9))).save(tmp_path / "new.png")
    scrubjay(home, "add", str(tmp_path))
    found = scrubjay(home, "search", "--image", str(tmp_path / "new.png"))
    assert Path(found["hits"][0]["uri"]).name == "new.png"  # type: ignore[index]


def test_searching_an_empty_home_says_what_to_do(tmp_path: Path) -> None:
    error = scrubjay(tmp_path / "empty", "search", "x", expect=1)["error"]
    assert "scrubjay add FOLDER" in str(error)


def test_a_new_home_answers_before_anything_was_trained_and_gives_way_to_its_owners(
    collection: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    added = scrubjay(home, "add", str(collection), builtin=True)
    shipped = scrubjay(home, "champion")["version"]
    assert (added["version"], added["indexed"]) == (shipped, 40)
    found = scrubjay(home, "search", "a red circle", "--kind", "image", "--k", "3")
    assert Path(found["hits"][0]["uri"]).name == "0.png"  # type: ignore[index]
    trained = scrubjay(home, "train", *TINY)
    assert (trained["promoted"], trained["parent"]) == (True, shipped)
    assert scrubjay(home, "champion")["version"] == trained["version"] != shipped
