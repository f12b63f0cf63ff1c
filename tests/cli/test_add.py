from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from scrubjay.cli.add import SHOWN, add
from scrubjay.core.config import Settings
from scrubjay.core.errors import WrongUse
from scrubjay.media.world.film import plan
from scrubjay.media.world.film_file import write_film
from scrubjay.store.home import Home
from tests.media.samples import recorded, saved, scenery, tone

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    app = typer.Typer()
    app.command()(add)

    def invoke(*arguments: object) -> Result:
        written = [str(argument) for argument in arguments]
        return CliRunner().invoke(app, [*written, "--home", str(tmp_path / "home")])

    return invoke


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "tickets"
    (root / "images").mkdir(parents=True)
    for seed in range(3):
        (root / "images" / f"{seed}.png").write_bytes(saved(scenery(seed=seed), "PNG"))
    (root / "images" / "text[1].jpg").write_text("no picture")
    (root / "hello.wav").write_bytes(recorded(tone(), 16_000, "WAV"))
    (root / "notes.txt").write_text("ignored")
    said = {f"{seed}.png": f"picture {seed}" for seed in range(3)}
    said |= {"ghost.png": "gone", "text[1].jpg": "x", "hello.wav": "hello"}
    (root / "descriptions.json").write_text(json.dumps(said))
    return root


def test_json_is_one_object_with_counts_and_what_was_set_aside(run: Run, folder: Path) -> None:
    result = run(folder, "--json", "--month", "2026-10")
    assert result.exit_code == 0
    done = json.loads(result.stdout)
    assert {
        name: done[name] for name in ("layout", "added", "updated", "unchanged", "ignored")
    } == {
        "layout": "descriptions",
        "added": 4,
        "updated": 0,
        "unchanged": 0,
        "ignored": 2,
    }
    assert done["by_kind"] == {"image": 3, "speech": 1}
    assert sum(done["by_split"].values()) == 4
    assert done["quarantined"] == [
        {"path": "ghost.png", "reason": "there is no such file (named in descriptions.json)"},
        {
            "path": "images/text[1].jpg",
            "reason": "neither a picture nor a recording nor a video, whatever its name says",
        },
    ]
    assert done["version"] is None
    assert done["snapshot"].startswith("2026-10-")


def test_adding_the_same_folder_again_changes_nothing(run: Run, folder: Path) -> None:
    first = json.loads(run(folder, "--json", "--month", "2026-10").stdout)
    again = json.loads(run(folder, "--json", "--month", "2026-11").stdout)
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, 4)
    for name in ("by_kind", "by_split", "quarantined", "snapshot", "ignored"):
        assert again[name] == first[name]


def test_the_table_names_counts_reasons_and_the_next_step(run: Run, folder: Path) -> None:
    result = run(folder, "--month", "2026-10")
    assert result.exit_code == 0
    for words in (
        r"added\s+4 *\n",
        r"set aside\s+2 *\n",
        r"ignored\s+2 *\n",
        r"image\s+3 *\n *speech\s+1 *\n",
        r"layout\s+descriptions\n",
        r"set aside: images/text\[1\]\.jpg: neither a picture",
        r"not indexed yet: run scrubjay train",
        r"snapshot 2026-10-",
    ):
        assert re.search(words, result.stdout), (words, result.stdout)


def test_many_files_set_aside_are_counted_after_the_first(run: Run, folder: Path) -> None:
    for n in range(SHOWN + 5):
        (folder / f"stray-{n}.png").write_bytes(b"")
    result = run(folder)
    assert result.stdout.count("  set aside: ") == SHOWN
    assert "and 7 more: --json lists them all" in result.stdout


@pytest.mark.parametrize(
    ("make", "message"), [(False, "no folder"), (True, "is empty")]
)  # fmt: skip
def test_a_missing_or_empty_folder_is_a_clear_error(
    run: Run, tmp_path: Path, make: bool, message: str
) -> None:
    if make:
        (tmp_path / "nothing").mkdir()
    result = run(tmp_path / "nothing")
    assert isinstance(result.exception, WrongUse)
    assert message in str(result.exception)
    assert result.exception.exit_code == 2
    assert not (tmp_path / "home").exists()


def test_a_bucket_is_added_like_a_folder_and_brought_level_the_next_time(run: Run, s3) -> None:
    for seed in range(3):
        s3.put(f"drops/{seed}.png", saved(scenery(seed=seed), "PNG"))
    url = s3.url("drops")
    first = json.loads(run(url, "--json", "--month", "2026-10").stdout)
    assert (first["added"], first["unchanged"], first["gone"]) == (3, 0, 0)
    s3.proxy.asked.clear()
    again = json.loads(run(url, "--json", "--month", "2026-11").stdout)
    assert (again["added"], again["unchanged"], again["gone"]) == (0, 3, 0)
    assert s3.proxy.bodies() == []
    s3.delete("drops/0.png")
    level = json.loads(run(url, "--json", "--month", "2026-11").stdout)
    assert (level["added"], level["unchanged"], level["gone"]) == (0, 2, 1)
    assert level["snapshot"] != first["snapshot"]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_film_is_indexed_by_its_moments_as_it_was_planned(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is seen, heard, said and written, with all that works offline, against the plan."""
    for module, extra in (("av", "video"), ("pocketsphinx", "speech"), ("rapidocr", "ocr")):
        pytest.importorskip(module, reason=f"needs the `{extra}` extra")
    pytest.importorskip("torch", reason="writes the built-in encoder's graphs")
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    monkeypatch.setenv("SCRUBJAY_BUILTIN", "1")
    film = plan(26, np.random.default_rng(8), spoken=0.7, signs=0.7, slow=0.0, size=(320, 180))
    (tmp_path / "films").mkdir()
    said = write_film(film, tmp_path / "films" / "film.mp4")
    (tmp_path / "films" / "list.m3u8").write_text("#EXTM3U\nfilm.mp4\n")
    assert said
    assert any(shot.sign for shot in film.shots)

    result = run(tmp_path / "films", "--json")
    assert result.exit_code == 0, result.output
    done = json.loads(result.stdout)
    assert (done["by_kind"], done["partly"], done["lacking"]) == ({"video": 1}, [], [])
    assert done["moments"] == len(film.shots)
    assert [one["path"] for one in done["quarantined"]] == ["list.m3u8"]
    home = Home(Settings(home=tmp_path / "home"))
    rows = [
        row
        for name in home.generations.names()
        for page in home.generations.open(name).pages(1_000)
        for row in page.rows.to_pylist()
    ]
    assert len(rows) == done["indexed"]
    for shot in film.shots:
        mine = [row for row in rows if abs(row["moment_s"] - shot.start_s) < 0.25]
        assert all(abs(row["moment_end_s"] - shot.end_s) < 0.25 for row in mine)
        assert any(row["clue"] == "seen" for row in mine)
        read = "\n".join(row["clue_text"] for row in mine if row["clue"] == "read")
        assert shot.sign is None or shot.sign.upper() in read.upper()
    for one in said:
        shot = film.shots[one.shot]
        heard = [row for row in rows if row["clue"] in {"heard", "said"}]
        near = [row for row in heard if row["start_s"] < one.end_s and row["end_s"] > one.start_s]
        assert {row["clue"] for row in near} == {"heard", "said"}
        assert all(abs(row["moment_s"] - shot.start_s) < 0.25 for row in near)
    again = json.loads(run(tmp_path / "films", "--json").stdout)
    assert (again["unchanged"], again["indexed"], again["moments"]) == (1, 0, 0)
