"""`scrubjay extract`: one picture, a whole CSV, and clear words about what is wrong."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from PIL import Image

from scrubjay.cli import extract as command
from scrubjay.core.errors import BadMedia, UnknownName, WrongUse
from scrubjay.models.ocr.fake import write_text
from tests.cli.one_command import running

run = running(command.extract)
FAKE = "ocr=fake"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the command runs: a label, a CSV about it, no home."""
    monkeypatch.chdir(tmp_path)
    blank = np.full((40, 200, 3), 200, np.uint8)
    Image.fromarray(write_text(blank, "Net Wt 500 g\nINPUT 100-240 V")).save("label.png")
    Image.fromarray(blank).save("blank.png")
    (tmp_path / "images").mkdir()
    Image.fromarray(write_text(blank, "Power 60 W")).save("images/lamp 1.png")
    (tmp_path / "test.csv").write_text(
        "index,image_link,group_id,entity_name,entity_value\n"
        "0,label.png,1,item_weight,500.0 gram\n"
        "1,none.png,1,width,3.0 inch\n"
    )
    return tmp_path


def test_a_value_is_told_with_how_sure_it_is_and_where_it_stands(folder) -> None:
    told = run("label.png", "--entity", "item_weight", FAKE)
    assert told.stdout.startswith("item_weight: 500.0 gram (")
    assert "“Net Wt 500 g” at" in told.stdout
    assert "read" in told.stderr


def test_all_entities_are_told_where_none_is_named(folder) -> None:
    lines = run("label.png", FAKE).stdout.splitlines()
    assert len(lines) == 8
    assert "voltage: not told (it says a range: 100 to 240 volt)" in lines
    assert "width: not told" in lines


def test_json_is_one_object_with_every_answer(folder) -> None:
    told = json.loads(run("label.png", "-e", "volume", "-e", "item_weight", "--json", FAKE).stdout)
    assert [one["entity"] for one in told["answers"]] == ["item_volume", "item_weight"]
    assert [one["prediction"] for one in told["answers"]] == ["", "500.0 gram"]
    assert told["picture"] == "label.png"


def test_a_csv_is_answered_into_a_file_and_scored(folder) -> None:
    told = run("--csv", "test.csv", "--out", "out.csv", FAKE)
    with (folder / "out.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["index", "prediction"], ["0", "500.0 gram"], ["1", ""]]
    assert "1 of 2 questions answered, of 2 pictures: out.csv" in told.stdout
    assert "F1 0.667 (precision 1.000, recall 0.500: 1 right, 0 wrong, 1 missed)" in told.stdout
    assert "not read: none.png" in told.stderr


def test_links_are_looked_for_in_the_folder(folder) -> None:
    (folder / "links.csv").write_text(
        "index,image_link,group_id,entity_name\n0,https://x.org/a/lamp%201.png,1,wattage\n"
    )
    told = json.loads(
        run("--csv", "links.csv", "--out", "o.csv", "--folder", "images", "--json", FAKE).stdout
    )
    assert (told["questions"], told["answered"], told["score"]) == (1, 1, None)
    with pytest.raises(WrongUse, match=r"line 2: https://x.org/a/lamp%201.png is a link"):
        run("--csv", "links.csv", "--out", "o.csv", FAKE)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name a picture"),
        (("label.png", "--csv", "test.csv", "--out", "o.csv"), "not both"),
        (("--csv", "test.csv"), "say where the predictions go"),
        (("--csv", "test.csv", "--out", "test.csv"), "would replace the questions"),
        (("--csv", "test.csv", "--out", "o.csv", "--entity", "width"), "leave --entity out"),
        (("--csv", "test.csv", "--out", "o.csv", "--folder", "nowhere"), "no folder nowhere"),
        (("label.png", "--out", "o.csv"), "belong to --csv"),
        (("nowhere.png",), "nowhere.png"),
    ],
)
def test_what_cannot_be_done_is_said(folder, arguments, told) -> None:
    with pytest.raises(WrongUse, match=told):
        run(*arguments, *([FAKE] if arguments else []))
    assert (folder / "test.csv").read_text().startswith("index,image_link")


def test_an_unknown_entity_and_a_file_that_is_no_picture_are_named(folder) -> None:
    with pytest.raises(UnknownName, match="'height'"):
        run("label.png", "-e", "hight", FAKE)
    with pytest.raises(BadMedia, match=r"test\.csv"):
        run("test.csv", FAKE)
