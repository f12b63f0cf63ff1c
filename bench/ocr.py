"""Word accuracy of the reader that works offline, on generated signs and documents.

    python bench/ocr.py

Signs are those of the built-in world's pictures, 96 pixels a side. Documents are pages of words in
several fonts; a tenth of their words are numbers. A word counts when it is read exactly, case
included (signs: without), each once. Seconds are of one processor.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ask_table import Row, middle
from chart_pictures import FONTS, font_of
from scrubjay.core.protocols import TextReader
from scrubjay.media.world.draw import draw
from scrubjay.media.world.lexicon import SIGN_WORDS
from scrubjay.media.world.scene import Scene, Template
from scrubjay.models.load import load_ocr

SIGNS = 150
PAGES = 6
SCRIPT = "bench/ocr.py"

TEXT = (
    "the harbour office opens at nine and closes when the last ferry has left for the islands "
    "every traveller should keep a ticket until the end of the journey because inspectors may ask "
    "to see it children below six travel free if they are accompanied by an adult luggage must be "
    "stored under seats or on the racks provided quiet please others may be asleep during winter "
    "months services can be cancelled without notice refunds are paid within fourteen days"
)
WORDS = TEXT.split()


def counted(told: Sequence[str], wanted: Sequence[str]) -> int:
    """How many of the wanted words were told, each once."""
    return sum((Counter(told) & Counter(wanted)).values())


def signs(reader: TextReader, turn: int, number: int = SIGNS) -> tuple[float, float]:
    """(share of signs read, seconds a picture), the pictures turned by so many quarters."""
    random = np.random.default_rng(3)
    right, seconds = 0, 0.0
    for _ in range(number):
        word = int(random.integers(len(SIGN_WORDS)))
        picture = draw(Scene(Template.SIGN, (), word=word), random).picture
        began = time.process_time()
        told = reader.read(np.ascontiguousarray(np.rot90(picture, -turn))).text
        seconds += time.process_time() - began
        right += counted(told.lower().split(), [SIGN_WORDS[word].lower()])
    return right / number, seconds / number


def page(
    random: np.random.Generator, size: tuple[int, int], font: int
) -> tuple[Image.Image, list[str]]:
    """A page of prose, and its words."""
    made = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(made)
    letters = font_of(str(random.choice(FONTS)), font)
    margin, words, top = 3 * font, list[str](), 3 * font
    while top < size[1] - 4 * font:
        line: list[str] = []
        while True:
            number = f"{random.integers(1, 100_000):,}"
            word = number if random.random() < 0.1 else str(random.choice(WORDS))
            if letters.getlength(" ".join([*line, word])) > size[0] - 2 * margin:
                break
            line.append(word)
        pen.text((margin, top), " ".join(line), font=letters, fill="black")
        words += line
        top += round(1.5 * font)
    return made, words


def documents(
    reader: TextReader, size: tuple[int, int], font: int, degrees: float, number: int = PAGES
) -> tuple[float, list[float]]:
    """(share of words read, seconds of each page), the pages turned clockwise."""
    random = np.random.default_rng(5)
    right = total = 0
    seconds = []
    for _ in range(number):
        made, words = page(random, size, font)
        turned = made.rotate(
            -degrees, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC
        )
        picture: NDArray[np.uint8] = np.array(turned)
        began = time.process_time()
        told = reader.read(picture).text.split()
        seconds.append(time.process_time() - began)
        right += counted(told, words)
        total += len(words)
    return right / total, seconds


def rows() -> Iterator[Row]:
    """The figures."""
    reader = load_ocr("rapidocr", threads=1)
    for turn, how in ((0, "upright"), (1, "turned by 90°"), (2, "upside down")):
        share, seconds = signs(reader, turn, SIGNS if turn == 0 else SIGNS // 3)
        yield Row(f"OCR, generated signs {how}: words read", f"{100 * share:.1f}%", SCRIPT)
        if turn == 0:
            yield Row("OCR, generated signs: processor time a picture", f"{seconds:.2f} s", SCRIPT)
    a4 = (1190, 1684)
    for how, size, font, degrees, number in (
        ("A4 at 144 dpi, 12 point", a4, 24, 0, PAGES),
        ("A4 at 144 dpi, 6 point", a4, 12, 0, PAGES // 3),
        ("the same page turned by 90°", a4, 24, 90, PAGES // 2),
        ("the same page leaning by 5°", a4, 24, 5, PAGES // 2),
        ("a large page in tiles, 3300 x 2400", (3300, 2400), 40, 0, PAGES // 3),
    ):
        share, each = documents(reader, size, font, degrees, number)
        yield Row(f"OCR, {how}: words read", f"{100 * share:.1f}%", SCRIPT)
        yield Row(f"OCR, {how}: processor time a page", f"{middle(each, '.1f')} s", SCRIPT)


def main() -> None:
    for row in rows():
        print(row.line(markdown=False), flush=True)


if __name__ == "__main__":
    main()
