"""A whole CSV: each picture read once, broken ones told, and nothing lost or done twice."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scrubjay.ask.extracting.chain import Extracting
from scrubjay.ask.extracting.challenge_csv import Row, read_questions
from scrubjay.ask.extracting.entities import Entity
from scrubjay.ask.extracting.predicting import POINT, predict
from scrubjay.ask.models import Models
from scrubjay.ask.settings import AskSettings
from scrubjay.core.errors import Conflict, WrongUse
from scrubjay.core.failpoint import VARIABLE
from scrubjay.models.ocr.fake import FakeReader, write_text
from scrubjay.store.durable import locked
from tests.ask.conftest import FAKES, Given

BLIND = replace(FAKES, vlm=AskSettings().vlm)


@dataclass
class Counting(FakeReader):
    """The fake reader, counting what it reads."""

    read_so_far: list = field(default_factory=list)

    def read(self, picture):
        self.read_so_far.append(picture.shape)
        return super().read(picture)


@pytest.fixture
def shop(tmp_path):
    """Three pictures, one of which is none, and six questions with their answers."""
    blank = np.full((40, 200, 3), 200, np.uint8)
    Image.fromarray(write_text(blank, "Net Wt 500 g\nWidth 60 cm")).save(tmp_path / "a.png")
    Image.fromarray(write_text(blank, "Capacity 1.5 L")).save(tmp_path / "b.png")
    (tmp_path / "c.png").write_bytes(b"no picture")
    lines = [
        "index,image_link,group_id,entity_name,entity_value",
        "0,a.png,1,item_weight,500.0 gram",
        "1,b.png,1,item_volume,1.5 litre",
        "2,a.png,1,width,61.0 centimetre",
        "3,c.png,1,item_weight,2.0 gram",
        "4,a.png,1,voltage,",
        "5,gone.png,1,voltage,",
    ]
    (tmp_path / "test.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def extracting(reader=None):
    return Extracting(Given(BLIND, ocr=reader) if reader else Models(BLIND))


def told(path):
    with path.open(newline="") as file:
        return [(row["index"], row["prediction"]) for row in csv.DictReader(file)]


WANTED = [
    *[("0", "500.0 gram"), ("1", "1.5 litre"), ("2", "60.0 centimetre")],
    *[("3", ""), ("4", ""), ("5", "")],
]


def test_predictions_are_in_the_order_of_the_questions(shop) -> None:
    out = shop / "out.csv"
    done = predict(read_questions(shop / "test.csv"), extracting(), out)
    assert told(out) == list(done.answers) == WANTED
    assert done.answered == 3
    assert sorted(one.name for one in shop.iterdir() if one.name.endswith((".part", ".tmp"))) == []


def test_f1_is_told_where_the_answers_are_known(shop) -> None:
    done = predict(read_questions(shop / "test.csv"), extracting(), shop / "out.csv")
    assert (done.f1.right, done.f1.wrong, done.f1.missed, done.f1.silent) == (2, 1, 1, 2)
    unknown = [replace(row, truth=None) for row in read_questions(shop / "test.csv")]
    assert predict(unknown, extracting(), shop / "out.csv").f1 is None


def test_a_picture_is_read_once_however_many_ask_about_it(shop) -> None:
    reader = Counting()
    done = predict(read_questions(shop / "test.csv"), extracting(reader), shop / "out.csv")
    assert len(reader.read_so_far) == 2
    assert done.pictures == 4


def test_pictures_that_cannot_be_read_are_told_by_name_and_answered_with_nothing(shop) -> None:
    heard = []
    rows = read_questions(shop / "test.csv")
    done = predict(rows, extracting(), shop / "out.csv", on_problem=heard.append)
    assert tuple(heard) == done.problems
    assert "c.png" in heard[0]
    assert "gone.png: cannot be read: No such file" in heard[1]


def test_there_must_be_a_folder_to_write_to(shop) -> None:
    rows = read_questions(shop / "test.csv")
    for out in (shop / "none" / "out.csv", shop):
        with pytest.raises(WrongUse, match="cannot be written"):
            predict(rows, extracting(), out)


def test_two_runs_do_not_write_one_file_at_once(shop) -> None:
    out = shop / "out.csv"
    with locked(shop / ".out.csv.lock", "testing"), pytest.raises(Conflict):
        predict(read_questions(shop / "test.csv"), extracting(), out)
    assert not out.exists()


def started(shop, point) -> int:
    """Run in a process that dies at a failpoint."""
    program = (
        "from dataclasses import replace; from pathlib import Path;"
        "from scrubjay.ask.extracting.chain import Extracting;"
        "from scrubjay.ask.extracting.challenge_csv import read_questions;"
        "from scrubjay.ask.extracting.predicting import predict;"
        "from scrubjay.ask.models import Models;"
        "from scrubjay.ask.settings import AskSettings, Choice;"
        "settings = AskSettings(ocr=Choice('fake'));"
        "predict(read_questions(Path('test.csv')), Extracting(Models(settings)), Path('out.csv'))"
    )
    environment = {"PATH": "/usr/bin:/bin", VARIABLE: point}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=shop, env=environment, check=False
    ).returncode


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("point", ["append", "replace"])
def test_killed_anywhere_no_half_file_is_left_and_the_next_run_goes_on(
    shop, point, side, monkeypatch
) -> None:
    assert started(shop, f"{POINT}.{side}_{point}") == -signal.SIGKILL
    out = shop / "out.csv"
    assert not out.exists() or told(out) == WANTED
    # The paths of the first run were relative, and are in the second.
    monkeypatch.chdir(shop)
    reader = Counting()
    done = predict(read_questions(Path("test.csv")), extracting(reader), Path("out.csv"))
    assert told(out) == WANTED
    before = {"before_append": 0, "after_append": 1}.get(f"{side}_{point}", 4)
    assert done.kept == before
    assert len(reader.read_so_far) == max(0, 2 - before)


def test_a_torn_line_is_done_again(shop) -> None:
    out, kept = shop / "out.csv", shop / ".out.csv.part"
    rows = read_questions(shop / "test.csv")
    started(shop, f"{POINT}.before_replace")
    # Of other paths, so it is another run's: nothing of it is used.
    assert predict(rows, extracting(), out).kept == 0
    assert not kept.exists()


@pytest.mark.parametrize(
    "torn", [b"", b'{"picture": "a', b"\xff\xfe\n", b'{"picture": 3}\n', b"[]\n"]
)
def test_what_a_killed_run_left_is_used_as_far_as_it_is_whole(shop, torn, monkeypatch) -> None:
    monkeypatch.chdir(shop)
    from pathlib import Path

    started(shop, f"{POINT}.before_replace")
    kept = shop / ".out.csv.part"
    lines = kept.read_bytes().splitlines(keepends=True)
    assert len(lines) == 5
    assert json.loads(lines[1])["answers"]["item_weight"] == "500.0 gram"
    kept.write_bytes(b"".join(lines[:3]) + torn)
    done = predict(read_questions(Path("test.csv")), extracting(), Path("out.csv"))
    assert done.kept == 2
    assert told(shop / "out.csv") == WANTED


def test_other_questions_begin_anew(shop, monkeypatch) -> None:
    monkeypatch.chdir(shop)
    from pathlib import Path

    started(shop, f"{POINT}.before_replace")
    rows = [*read_questions(Path("test.csv")), Row("9", Path("b.png"), Entity.VOLTAGE)]
    assert predict(rows, extracting(), Path("out.csv")).kept == 0
