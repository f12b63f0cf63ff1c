"""Bar charts drawn at random with Pillow, in many styles, with what they say."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

FONTS = (
    "dejavu/DejaVuSans.ttf",
    "dejavu/DejaVuSerif.ttf",
    "liberation/LiberationSans-Regular.ttf",
    "liberation/LiberationSerif-Regular.ttf",
    "liberation/LiberationSansNarrow-Regular.ttf",
)
"""Below /usr/share/fonts/truetype; where they are missing, the one that Pillow brings."""

PALETTES = (
    ((31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40)),
    ((76, 114, 176), (221, 132, 82), (85, 168, 104), (196, 78, 82)),
    ((20, 20, 20), (120, 120, 120), (190, 190, 190), (70, 70, 70)),
    ((142, 36, 170), (255, 193, 7), (0, 150, 136), (233, 30, 99)),
    ((66, 133, 244), (219, 68, 55), (244, 180, 0), (15, 157, 88)),
)
NOUNS = (
    *("Apples", "Pears", "Plums", "Quinces", "Cherries", "Figs", "Limes", "Grapes", "Melons"),
    *("North", "South", "East", "West", "Spring", "Summer", "Autumn", "Winter", "Monday"),
    *("Oslo", "Lima", "Cairo", "Quito", "Delhi", "Turin", "Ghent", "Porto", "Leeds"),
    *("Rent", "Food", "Travel", "Energy", "Books", "Music", "Sport", "Repairs", "Savings"),
)
TITLES = ("Harvest by kind", "Visitors a month", "Cost of living", "Answers to question 7",
          "Trains on time", "Members by club")  # fmt: skip
MEASURES = ("Tonnes", "People", "Share of all", "Thousands of euros", "Hours a week", "Index")


@dataclass(frozen=True)
class Truth:
    """What a drawn chart says; `values[series][category]`, `span` is the axis' range."""

    lying: bool
    title: str
    measure: str
    categories: tuple[str, ...]
    names: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    span: float
    style: str


@dataclass(frozen=True)
class Style:
    """How a chart is drawn."""

    width: int
    height: int
    font: str
    size: int
    lying: bool
    series: int
    negative: bool
    written: str
    grid: bool
    panel: bool
    frame: bool
    outline: bool
    labelled: bool
    legend: str
    leaning: bool
    jpeg: bool
    palette: int


def any_style(random: np.random.Generator) -> Style:
    """A style drawn at random."""
    lying = bool(random.random() < 0.35)
    return Style(
        width=int(random.integers(560, 1100)),
        height=int(random.integers(400, 760)),
        font=FONTS[int(random.integers(len(FONTS)))],
        size=int(random.integers(12, 19)),
        lying=lying,
        series=int(random.choice([1, 1, 2, 3])),
        negative=bool(random.random() < 0.2),
        written=str(random.choice(["plain", "decimal", "thousands", "percent", "money", "comma"])),
        grid=bool(random.random() < 0.6),
        panel=bool(random.random() < 0.25),
        frame=bool(random.random() < 0.5),
        outline=bool(random.random() < 0.25),
        labelled=bool(random.random() < 0.25),
        legend=str(random.choice(["above", "right"])),
        leaning=bool(not lying and random.random() < 0.2),
        jpeg=bool(random.random() < 0.3),
        palette=int(random.integers(len(PALETTES))),
    )


def drawn_chart(
    random: np.random.Generator, style: Style | None = None
) -> tuple[NDArray[np.uint8], Truth]:
    """A chart with values drawn at random, (height, width, 3) uint8, and what it says."""
    chosen = style or any_style(random)
    number = int(random.integers(3, 8 if chosen.series == 1 else 6))
    if chosen.leaning or chosen.width < 700:
        number = min(number, 5)
    categories = tuple(str(one) for one in random.choice(NOUNS[:27], number, replace=False))
    names = tuple(str(one) for one in random.choice(NOUNS[27:], chosen.series, replace=False))
    step, ticks = _ticks(random, chosen)
    low, high = ticks[0], ticks[-1]
    values = random.uniform(low + 0.03 * (high - low), high, (chosen.series, number))
    values = np.where(np.abs(values) < 0.04 * (high - low), 0.08 * (high - low), values)
    values = np.round(values / step * 50) * step / 50
    truth = Truth(
        lying=chosen.lying,
        title=str(random.choice(TITLES)),
        measure=str(random.choice(MEASURES)),
        categories=categories,
        names=names if chosen.series > 1 else ("",),
        values=tuple(tuple(float(one) for one in row) for row in values),
        span=high - low,
        style=f"{'lying' if chosen.lying else 'standing'} x{chosen.series} {chosen.written}",
    )
    made = _Drawing(chosen, truth, ticks).draw()
    if chosen.jpeg:
        packed = io.BytesIO()
        made.save(packed, "JPEG", quality=int(random.integers(70, 95)))
        made = Image.open(packed).convert("RGB")
    return np.array(made), truth


def _ticks(random: np.random.Generator, style: Style) -> tuple[float, list[float]]:
    count = int(random.integers(4, 8))
    step = {
        "plain": float(random.choice([1, 2, 5, 10, 20, 25])),
        "decimal": float(random.choice([0.1, 0.2, 0.25, 0.5, 1.5])),
        "thousands": float(random.choice([500, 1000, 2500, 20_000])),
        "percent": float(random.choice([5, 10, 20])),
        "money": float(random.choice([5, 10, 50])),
        "comma": float(random.choice([0.5, 1.5, 2.5])),
    }[style.written]
    first = -int(random.integers(1, 3)) if style.negative else 0
    return step, [round(step * at, 6) for at in range(first, count + 1)]


def written(value: float, how: str) -> str:
    """A number as the chart writes it."""
    if how == "thousands":
        return f"{value:,.0f}"
    if how == "percent":
        return f"{value:g}%"
    if how == "money":
        return f"-${-value:g}" if value < 0 else f"${value:g}"
    if how == "decimal":
        return f"{value:.2f}"
    if how == "comma":
        return f"{value:.1f}".replace(".", ",")
    return f"{value:g}"


def font_of(name: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    path = Path("/usr/share/fonts/truetype") / name
    return ImageFont.truetype(str(path), size) if path.exists() else ImageFont.load_default(size)


class _Drawing:
    """One chart on its way to paper."""

    def __init__(self, style: Style, truth: Truth, ticks: Sequence[float]) -> None:
        self.style, self.truth, self.ticks = style, truth, ticks
        self.image = Image.new("RGB", (style.width, style.height), "white")
        self.pen = ImageDraw.Draw(self.image)
        self.font = font_of(style.font, style.size)
        size = style.size
        widest = max(self.font.getlength(one) for one in truth.categories)
        tick = max(self.font.getlength(written(one, style.written)) for one in ticks)
        left = (widest if style.lying else tick) + 3.2 * size
        below = 3.6 * size + (widest * 0.72 if style.leaning else 0)
        right = 1.5 * size
        self.legend_wide = 0.0
        if len(truth.names) > 1 and style.legend == "right":
            self.legend_wide = max(self.font.getlength(one) for one in truth.names) + 3 * size
            right += self.legend_wide
        above = 3.2 * size + (2.2 * size if len(truth.names) > 1 else 0)
        self.box = (left, above, style.width - right, style.height - below)

    def draw(self) -> Image.Image:
        left, top, right, bottom = self.box
        style, pen = self.style, self.pen
        if style.panel:
            pen.rectangle(self.box, fill=(234, 234, 242))
        lines = (255, 255, 255) if style.panel else (205, 205, 205)
        for tick in self.ticks:
            self._tick(tick, lines)
        self._bars()
        base = self._place(0.0)
        if style.frame:
            pen.rectangle(self.box, outline="black")
        elif style.lying:
            pen.line((base, top, base, bottom), fill="black")
        else:
            pen.line((left, base, right, base), fill="black")
        self._words()
        return self.image

    def _place(self, value: float) -> float:
        left, top, right, bottom = self.box
        share = (value - self.ticks[0]) / (self.ticks[-1] - self.ticks[0])
        return (
            left + share * (right - left) if self.style.lying else bottom - share * (bottom - top)
        )

    def _tick(self, tick: float, colour: tuple[int, int, int]) -> None:
        left, top, right, bottom = self.box
        text, size, at = written(tick, self.style.written), self.style.size, self._place(tick)
        if self.style.lying:
            if self.style.grid:
                self.pen.line((at, top, at, bottom), fill=colour)
            self.pen.line((at, bottom, at, bottom + 4), fill="black")
            self.pen.text(
                (at, bottom + 0.5 * size), text, font=self.font, fill="black", anchor="mt"
            )
        else:
            if self.style.grid:
                self.pen.line((left, at, right, at), fill=colour)
            self.pen.line((left - 4, at, left, at), fill="black")
            self.pen.text((left - 8, at), text, font=self.font, fill="black", anchor="rm")

    def _bars(self) -> None:
        left, top, right, bottom = self.box
        truth, style = self.truth, self.style
        length = (bottom - top) if style.lying else (right - left)
        step = length / len(truth.categories)
        wide = 0.72 * step / len(truth.values)
        base = self._place(0.0)
        for at in range(len(truth.categories)):
            for row, values in enumerate(truth.values):
                start = (top if style.lying else left) + at * step + 0.14 * step + row * wide
                end = self._place(values[at])
                colour = PALETTES[style.palette][row]
                outline = "black" if style.outline else None
                a, b = sorted((base, end))
                box = (
                    (a, start, b, start + wide - 1)
                    if style.lying
                    else (start, a, start + wide - 1, b)
                )
                self.pen.rectangle(tuple(round(one) for one in box), fill=colour, outline=outline)
                if style.labelled and len(truth.values) == 1:
                    self._value(values[at], start + wide / 2, end, values[at] < 0)

    def _value(self, value: float, along: float, end: float, negative: bool) -> None:
        text = written(round(value, 6), self.style.written)
        away = -6 if negative else 6
        if self.style.lying:
            anchor = "rm" if negative else "lm"
            self.pen.text((end + away, along), text, font=self.font, fill="black", anchor=anchor)
        else:
            anchor = "mt" if negative else "mb"
            self.pen.text((along, end - away), text, font=self.font, fill="black", anchor=anchor)

    def _words(self) -> None:
        left, top, right, bottom = self.box
        truth, style, size = self.truth, self.style, self.style.size
        large = font_of(style.font, round(1.4 * size))
        self.pen.text(
            (style.width / 2, 0.6 * size), truth.title, font=large, fill="black", anchor="mt"
        )
        length = (bottom - top) if style.lying else (right - left)
        step = length / len(truth.categories)
        for at, name in enumerate(truth.categories):
            middle = (at + 0.5) * step
            if style.lying:
                self.pen.text(
                    (left - 8, top + middle), name, font=self.font, fill="black", anchor="rm"
                )
            elif style.leaning:
                self._leaning(name, left + middle, bottom + 5)
            else:
                place = (left + middle, bottom + 0.5 * size)
                self.pen.text(place, name, font=self.font, fill="black", anchor="mt")
        if style.lying:
            place = ((left + right) / 2, style.height - 0.5 * size)
            self.pen.text(place, truth.measure, font=self.font, fill="black", anchor="mb")
        else:
            self._upwards(truth.measure, 0.4 * size, (top + bottom) / 2)
        if len(truth.names) > 1:
            self._legend()

    def _legend(self) -> None:
        left, top, right, _ = self.box
        size, truth = self.style.size, self.truth
        x, y = (right + 0.8 * size, top) if self.legend_wide else (left, top - 2.0 * size)
        for row, name in enumerate(truth.names):
            colour = PALETTES[self.style.palette][row]
            square = (x, y, x + 0.9 * size, y + 0.9 * size)
            self.pen.rectangle(tuple(round(one) for one in square), fill=colour)
            place = (x + 1.3 * size, y + 0.45 * size)
            self.pen.text(place, name, font=self.font, fill="black", anchor="lm")
            if self.legend_wide:
                y += 1.6 * size
            else:
                x += 2.6 * size + self.font.getlength(name)

    def _leaning(self, text: str, x: float, y: float) -> None:
        """Text at 45 degrees whose end is below a tick."""
        label = self._label(text).rotate(45, expand=True, resample=Image.Resampling.BICUBIC)
        reach = self.style.size * 0.75 * math.sin(math.pi / 4)
        place = (round(x - label.width + reach), round(y))
        self.image.paste(Image.new("RGB", label.size, "black"), place, label)

    def _upwards(self, text: str, x: float, y: float) -> None:
        label = self._label(text).rotate(90, expand=True)
        self.image.paste(
            Image.new("RGB", label.size, "black"), (round(x), round(y - label.height / 2)), label
        )

    def _label(self, text: str) -> Image.Image:
        box = (math.ceil(self.font.getlength(text)) + 2, round(1.5 * self.style.size))
        label = Image.new("L", box, 0)
        ImageDraw.Draw(label).text((1, box[1] / 2), text, font=self.font, fill=255, anchor="lm")
        return label
