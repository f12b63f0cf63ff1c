"""Pictures in a terminal: only where they can be shown, in their own shape and colours."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from scrubjay.cli.thumbnails import COLUMNS, ROWS, Screen, escape_sequence, half_blocks, screen

TRUE = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (TRUE, Screen.BLOCKS),
        ({"TERM": "xterm-256color"}, None),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, None),
        ({}, None),
        ({**TRUE, "NO_COLOR": "1"}, None),
        ({"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}, Screen.KITTY),
        ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, None),
        ({**TRUE, "TERM_PROGRAM": "ghostty"}, Screen.KITTY),
        ({**TRUE, "TERM_PROGRAM": "iTerm.app"}, Screen.ITERM),
        ({**TRUE, "LC_TERMINAL": "iTerm2"}, Screen.ITERM),
        ({**TRUE, "KITTY_WINDOW_ID": "1", "TMUX": "/tmp/x"}, Screen.BLOCKS),
        ({"TERM": "screen-256color", "KITTY_WINDOW_ID": "1"}, None),
    ],
)
def test_a_terminal_is_known_by_what_it_says(environment, expected):
    assert screen(environment, terminal=True) is expected
    assert screen(environment, terminal=False) is None


@given(width=st.integers(1, 400), height=st.integers(1, 400))
def test_half_blocks_stay_within_their_cells(width, height):
    text = half_blocks(np.full((height, width, 3), 200, np.uint8))
    lines = text.plain.split("\n")
    assert 1 <= len(lines) <= ROWS
    assert 1 <= len(lines[0]) <= COLUMNS
    assert {len(line) for line in lines} == {len(lines[0])}


def test_half_blocks_hold_the_colours_above_and_below():
    picture = np.zeros((12, 12, 3), np.uint8)
    picture[:6] = (255, 0, 0)
    picture[6:] = (0, 0, 255)
    text = half_blocks(picture, columns=2, rows=1)
    assert text.plain == "▀▀"
    assert {(str(one.style.color.name), str(one.style.bgcolor.name)) for one in text.spans} == {
        ("#ff0000", "#0000ff")
    }


def test_kitty_receives_the_pixels_in_chunks_it_accepts():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (120, 320, 3), dtype=np.uint8)
    sent = escape_sequence(picture, Screen.KITTY)
    parts = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", sent)
    assert "".join(f"\x1b_G{head};{data}\x1b\\" for head, data in parts) == sent
    assert all(len(data) <= 4096 for _, data in parts)
    assert [head.endswith("m=1") for head, _ in parts] == [True] * (len(parts) - 1) + [False]
    keys = dict(one.split("=") for one in parts[0][0].split(","))
    pixels = base64.b64decode("".join(data for _, data in parts))
    assert len(pixels) == int(keys["s"]) * int(keys["v"]) * 3
    np.testing.assert_array_equal(np.frombuffer(pixels, np.uint8).reshape(120, 320, 3), picture)


def test_iterm_receives_an_inline_file():
    sent = escape_sequence(np.full((30, 60, 3), 7, np.uint8), Screen.ITERM)
    found = re.fullmatch(r"\x1b\]1337;File=inline=1;[^:]*:([A-Za-z0-9+/=]+)\x07", sent)
    image = Image.open(io.BytesIO(base64.b64decode(found.group(1))))
    assert image.width == 2 * image.height
    assert image.getpixel((5, 5)) == (7, 7, 7)
