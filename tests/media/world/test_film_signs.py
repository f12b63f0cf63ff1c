from __future__ import annotations

import re
from itertools import islice

import numpy as np
import pytest

from scrubjay.media.world.film import Film, frames, plan
from scrubjay.media.world.film_signs import HEIGHT, MARGIN, boards, put_board
from scrubjay.media.world.lexicon import SIGN_WORDS
from tests.media.world.test_film import without


def test_no_two_boards_say_the_same() -> None:
    found = list(islice(boards(np.random.default_rng(1)), 500))
    assert len(set(found)) == 500
    assert all(
        one in SIGN_WORDS and other in SIGN_WORDS and one != other
        for one, other in (text.split() for text in found)
    )


def test_boards_end_when_every_pair_of_words_was_shown() -> None:
    every = len(SIGN_WORDS) * (len(SIGN_WORDS) - 1)
    assert len(list(boards(np.random.default_rng(1)))) == every


@pytest.mark.parametrize("seed", range(12))
def test_a_board_stands_in_a_lower_corner_and_changes_nothing_else(seed: int) -> None:
    pixels = np.full((180, 320, 3), 77.0, np.float32)
    put_board(pixels, "museum exit", seed)
    ys, xs = np.nonzero((pixels != 77).any(axis=2))
    margin, height = round(180 * MARGIN), round(180 * HEIGHT)
    assert (ys.min(), ys.max()) == (180 - margin - height, 180 - margin - 1)
    assert xs.min() == margin or xs.max() == 320 - margin - 1
    assert xs.min() >= margin
    assert xs.max() < 320 - margin


@pytest.fixture(scope="module")
def film() -> Film:
    return plan(90, np.random.default_rng(4), fps=1, size=(480, 270), signs=1.0, slow=0.0)


def test_most_boards_are_read(film) -> None:
    pytest.importorskip("rapidocr", reason="reading needs the extra: pip install 'scrubjay[ocr]'")
    from scrubjay.models.load import load_ocr

    reader = load_ocr("rapidocr", threads=1)
    pictures = list(frames(film))
    signs = [shot for shot in film.shots if shot.sign is not None]
    assert len(signs) >= 8
    read = 0
    for shot in signs:
        picture = pictures[round((shot.start_s + shot.end_s) / 2 * film.fps)]
        text = " ".join(re.findall(r"[a-z]+", reader.read(picture).text.lower()))
        read += shot.sign in text
    assert read >= 0.9 * len(signs)


def test_a_board_is_there_as_long_as_its_shot(film) -> None:
    place, shot = next((n, s) for n, s in enumerate(film.shots) if s.sign is not None)
    bare = without(film, place, "sign")
    changed = [
        number / film.fps
        for number, (picture, plain) in enumerate(zip(frames(film), frames(bare), strict=True))
        if not np.array_equal(picture, plain)
    ]
    assert changed == [
        number / film.fps
        for number in range(round(film.duration_s * film.fps))
        if shot.start_s <= number / film.fps < shot.end_s
    ]
