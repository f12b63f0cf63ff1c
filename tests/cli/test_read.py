"""`scrubjay read`: text in order, pages of a PDF, charts as tables, and clear words."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from scrubjay.cli import read as command
from scrubjay.core.errors import BadMedia, WrongUse
from scrubjay.models.ocr.fake import write_text
from tests.cli.one_command import FAKES, running
from tests.media.pdf_files import pdf, text

run = running(command.read)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the command runs: a picture with two lines, no home."""
    monkeypatch.chdir(tmp_path)
    blank = np.full((40, 120, 3), 200, np.uint8)
    Image.fromarray(write_text(blank, "WAY OUT\nmind the step")).save("sign.png")
    Image.fromarray(blank).save("blank.png")
    return tmp_path


def test_a_picture_is_read_line_by_line(folder) -> None:
    result = run("sign.png", *FAKES)
    assert result.stdout == "WAY OUT\nmind the step\n"
    assert "read" in result.stderr


def test_json_has_lines_with_places_and_the_steps(folder) -> None:
    told = json.loads(run("sign.png", "--json", *FAKES).stdout)
    assert told["text"] == "WAY OUT\nmind the step"
    (page,) = told["pages"]
    assert (page["name"], page["page"], page["reader"]) == ("sign.png", 1, "fake")
    assert page["lines"][1]["box"] == [0, 0.5, 1, 1]
    assert [one["name"] for one in told["steps"]] == ["read"]
    assert told["charts"] == []
    assert told["spoken"] is None


def test_nothing_written_is_said(folder) -> None:
    assert run("blank.png", *FAKES).stdout == "no text was found\n"


def test_a_picture_that_is_no_chart_says_so(folder) -> None:
    result = run("sign.png", "--chart", *FAKES)
    assert "no bar chart that can be measured" in result.stderr
    assert json.loads(run("sign.png", "--chart", "--json", *FAKES).stdout)["charts"] == []


def test_it_is_spoken_into_a_file_on_request(folder) -> None:
    result = run("sign.png", "--speak", "--out", "read.wav", "--json", *FAKES)
    assert json.loads(result.stdout)["spoken"] == "read.wav"
    assert (folder / "read.wav").stat().st_size > 1000
    with pytest.raises(WrongUse, match="--speak"):
        run("sign.png", "--out", "read.wav", *FAKES)


def test_pages_of_a_pdf_are_told_apart_and_chosen(folder) -> None:
    pytest.importorskip("pypdfium2", reason="PDFs need the extra: pip install 'scrubjay[ocr]'")
    pages = [text(f"this is page {at}", 72, 700) for at in (1, 2, 3)]
    (folder / "letter.pdf").write_bytes(pdf(pages))
    assert run("letter.pdf", "--pages", "2-3", *FAKES).stdout == (
        "page 2\nthis is page 2\npage 3\nthis is page 3\n"
    )
    told = json.loads(run("letter.pdf", "--pages", "1", "--json", *FAKES).stdout)
    assert [(one["page"], one["text"]) for one in told["pages"]] == [(1, "this is page 1")]
    with pytest.raises(BadMedia, match="none numbered 9"):
        run("letter.pdf", "--pages", "9", *FAKES)
    with pytest.raises(BadMedia, match="a picture is one page"):
        run("sign.png", "--pages", "2", *FAKES)


@pytest.mark.parametrize(
    ("given", "numbers"),
    [("2", (2,)), ("1-3", (1, 2, 3)), ("1,4-6", (1, 4, 5, 6)), ("3, 1 - 2,3", (3, 1, 2))],
)
def test_page_numbers_are_taken_apart(given, numbers) -> None:
    assert command.page_numbers(given) == numbers


@pytest.mark.parametrize("given", ["", "x", "0", "3-1", "1-", "-2", "1,,2", "1-9999999", "1-1200"])
def test_page_numbers_that_are_none_are_refused(given) -> None:
    with pytest.raises(WrongUse, match="--pages"):
        command.page_numbers(given)


def test_what_cannot_be_read_is_refused_by_name(folder) -> None:
    (folder / "notes.txt").write_text("just text")
    with pytest.raises(BadMedia, match=r"notes\.txt: neither a PDF nor a picture"):
        run("notes.txt", *FAKES)
    with pytest.raises(WrongUse, match=r"missing\.png cannot be read"):
        run("missing.png", *FAKES)


def test_text_of_a_picture_cannot_steer_the_terminal(folder) -> None:
    blank = np.full((40, 120, 3), 200, np.uint8)
    Image.fromarray(write_text(blank, "[bold]x\x1b[31m")).save("trick.png")
    assert "\x1b" not in run("trick.png", *FAKES).stdout
    assert "[bold]x" in run("trick.png", *FAKES).stdout
