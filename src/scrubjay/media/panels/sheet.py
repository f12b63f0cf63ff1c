"""A sheet that labels are drawn on: text of a font and size, lines, bars, and their colours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from scrubjay.media.panels.vocabulary import Vocabulary

FONTS: Final = Path("/usr/share/fonts/truetype")
GROUNDS: Final = ((255, 255, 255), (248, 244, 232), (232, 241, 247), (40, 44, 60), (20, 80, 70),
                  (250, 225, 120), (235, 235, 235), (160, 30, 45))  # fmt: skip

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Mark:
    """A line that was written, and its box in pixels; `turned`: it runs upwards."""

    text: str
    box: tuple[float, float, float, float]
    turned: bool


class Sheet:
    """A picture in the making."""

    def __init__(
        self,
        random: np.random.Generator,
        words: Vocabulary,
        size: tuple[int, int],
        *,
        pale: bool = False,
    ) -> None:
        """Take a ground and a font at random; `pale` grounds are light."""
        self.random = random
        self.width, self.height = size
        ground = GROUNDS[int(random.integers(3 if pale else len(GROUNDS)))]
        self.ground: Colour = ground
        self.ink: Colour = (25, 25, 30) if sum(ground) > 330 else (245, 245, 240)
        self.image = Image.new("RGB", size, ground)
        self.pen = ImageDraw.Draw(self.image)
        self.marks: list[Mark] = []
        self._names = words.fonts[int(random.integers(len(words.fonts)))]

    def font(self, size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
        """The sheet's font; Pillow's own where fonts are missing."""
        return _font(self._names[bold], size)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: int,
        *,
        bold: bool = False,
        anchor: str = "la",
        ink: Colour | None = None,
        ground: Colour | None = None,
        turned: bool = False,
    ) -> tuple[float, float, float, float]:
        """Write a line, shrunk where it would not fit; its box.

        Args:
            anchor: as Pillow's.
            ground: painted under it.
            turned: it runs upwards, around its middle (x, y).
        """
        room = (self.height if turned else self.width) - 16
        while size > 9 and self.font(size, bold=bold).getlength(text) > room:
            size -= 1
        font = self.font(size, bold=bold)
        if turned:
            box = self._turned(x, y, text, font, ink or self.ink, ground)
            self.marks.append(Mark(text, box, turned=True))
            return box
        length = font.getlength(text)
        if anchor[0] == "l":
            x = max(4, min(x, self.width - 6 - length))
        box = self.pen.textbbox((x, y), text, font=font, anchor=anchor)
        if ground is not None:
            self.pen.rectangle((box[0] - 3, box[1] - 3, box[2] + 3, box[3] + 3), fill=ground)
        self.pen.text((x, y), text, font=font, fill=ink or self.ink, anchor=anchor)
        self.marks.append(Mark(text, box, turned=False))
        return box

    def _turned(
        self,
        x: float,
        y: float,
        text: str,
        font: ImageFont.FreeTypeFont,
        ink: Colour,
        ground: Colour | None,
    ) -> tuple[float, float, float, float]:
        left, top, right, bottom = font.getbbox(text)
        size = (math.ceil(right - left) + 6, math.ceil(bottom - top) + 6)
        layer = Image.new("RGBA", size, (*ground, 255) if ground else (0, 0, 0, 0))
        ImageDraw.Draw(layer).text((3 - left, 3 - top), text, font=font, fill=(*ink, 255))
        up = layer.rotate(90, expand=True)
        place = (round(x - up.width / 2), round(y - up.height / 2))
        self.image.paste(up, place, up)
        return (*place, place[0] + up.width, place[1] + up.height)

    def barcode(self, x: int, y: int, width: int, height: int) -> None:
        """Bars with their digits."""
        self.pen.rectangle((x - 6, y - 4, x + width + 6, y + height + 18), fill=(255, 255, 255))
        at = x
        while at < x + width:
            bar = int(self.random.integers(1, 4))
            self.pen.rectangle((at, y, at + bar, y + height), fill=(0, 0, 0))
            at += bar + int(self.random.integers(1, 4))
        digits = "".join(str(one) for one in self.random.integers(0, 10, 13))
        self.text(x, y + height + 2, digits, 13, ink=(0, 0, 0))

    def date(self) -> str:
        """A date as labels have it."""
        day, month = int(self.random.integers(1, 29)), int(self.random.integers(1, 13))
        year = int(self.random.integers(2024, 2029))
        forms = (
            f"Best before {day:02}.{month:02}.{year}",
            f"EXP {month:02}/{year}",
            f"MFG {year}-{month:02}-{day:02}",
            f"{day:02}/{month:02}/{year % 100}",
        )
        return forms[int(self.random.integers(len(forms)))]

    def serial(self) -> str:
        """A serial number or a model's name."""
        some = "".join(self.random.choice(list("ABCDEFHKLMNPRSTX0123456789"), 8))
        number = int(self.random.integers(100, 9999))
        forms = (f"S/N {some}", f"Model {some[:2]}-{number}", f"REF {some[:5]}", f"LOT {number}")
        return forms[int(self.random.integers(len(forms)))]

    def price(self) -> str:
        """A price as shops write it."""
        whole, cents = int(self.random.integers(1, 90)), int(self.random.choice([0, 49, 95, 99]))
        forms = (
            f"${whole}.{cents:02}",
            f"€ {whole},{cents:02}",
            f"£{whole}.{cents:02}",
            f"{whole},{cents:02} €/kg",
            f"only ${whole}",
        )
        return forms[int(self.random.integers(len(forms)))]


@lru_cache(maxsize=512)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    path = FONTS / name
    if path.exists():
        return ImageFont.truetype(str(path), size)
    made = ImageFont.load_default(size)
    if not isinstance(made, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType, which draws letters of a size")
    return made


def fonts_are_here() -> bool:
    """Whether the fonts of the vocabularies are installed."""
    from scrubjay.media.panels.vocabulary import OF

    return all(
        (FONTS / name).exists() for one in OF.values() for pair in one.fonts for name in pair
    )
