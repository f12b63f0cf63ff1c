from __future__ import annotations

import numpy as np
import pytest

from scrubjay.core.errors import BadMedia, WrongUse
from scrubjay.core.protocols import TextReader
from scrubjay.models.load import load_ocr
from scrubjay.models.ocr.fake import write_text

BLANK = np.full((6, 40, 3), 200, np.uint8)


def test_it_reads_back_exactly_what_was_written_into_a_picture() -> None:
    reader = load_ocr("fake")
    assert isinstance(reader, TextReader)
    reading = reader.read(write_text(BLANK, "EXIT 12\nhalló"))
    assert reading.text == "EXIT 12\nhalló"
    assert (reading.width, reading.height, reading.reader) == (40, 6, "fake")
    assert [line.box for line in reading.lines] == [(0, 0, 1, 0.5), (0, 0.5, 1, 1)]


def test_it_reads_nothing_anywhere_else() -> None:
    assert load_ocr("fake").read(BLANK).lines == ()
    assert load_ocr("fake").read(np.zeros((1, 1, 3), np.uint8)).text == ""


def test_writing_leaves_the_given_picture_alone() -> None:
    before = BLANK.copy()
    write_text(BLANK, "x")
    assert np.array_equal(before, BLANK)


def test_what_does_not_fit_is_refused() -> None:
    assert load_ocr("fake").read(write_text(BLANK, "x" * 40)).text == "x" * 40
    with pytest.raises(WrongUse, match="41 bytes"):
        write_text(BLANK, "x" * 41)
    with pytest.raises(BadMedia):
        load_ocr("fake").read(np.zeros((3, 3), np.uint8))
