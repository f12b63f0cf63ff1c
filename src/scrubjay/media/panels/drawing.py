"""Drawings of a product with its measures: lines from edge to edge, a number at each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scrubjay.media.panels.products import Amount, Print
from scrubjay.media.panels.sheet import Colour, Sheet

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Manner:
    """How one part draws.

    Attributes:
        arrows: lines end in arrows; else in strokes across.
        dotted: lines from the product to the measure are drawn.
        letters: share of drawings whose numbers have their letter.
        furniture: products have legs or shelves; else they are boxes and cylinders.
    """

    arrows: bool
    dotted: bool
    letters: float
    furniture: bool


def draw_measured(
    sheet: Sheet,
    printed: Print,
    facts: Mapping[str, Amount],
    box: tuple[float, float, float, float],
    manner: Manner,
    size: int,
) -> None:
    """Draw a product into a box, with its width, height and depth where there are such facts."""
    random = sheet.random
    left, top, right, bottom = box
    across = float(random.uniform(0.42, 0.62)) * (right - left)
    tall = float(random.uniform(0.42, 0.62)) * (bottom - top)
    slant = float(random.uniform(0.16, 0.3)) * min(across, tall)
    lean = 1 if random.random() < 0.5 else -1
    x0 = (left + right - across) / 2 - lean * slant / 2
    y0 = (top + bottom - tall) / 2 + slant / 2
    x1, y1 = x0 + across, y0 + tall
    _product(sheet, (x0, y0, x1, y1), (lean * slant, -slant), manner)
    lettered = random.random() < manner.letters
    gap = 1.0 * size
    away = gap + 0.5 * size
    # The slanted side lies to the right where `lean` is 1; the height is told on the other one,
    # unless that is where the drawing has more room.
    plain, slanted = (x0, x1) if lean > 0 else (x1, x0)
    if "width" in facts:
        if random.random() < 0.65:
            ends = (x0, y1 + away), (x1, y1 + away)
        else:
            ends = (x0 + lean * slant, y0 - slant - away), (x1 + lean * slant, y0 - slant - away)
        _line(sheet, *ends, _said(printed, "width", facts, lettered), manner, size)
    if "height" in facts:
        if random.random() < 0.6:
            x, up = plain - lean * away, 0.0
        else:
            x, up = slanted + lean * (slant + away), -slant
        turned = random.random() < 0.3
        text = _said(printed, "height", facts, lettered)
        _line(sheet, (x, y0 + up), (x, y1 + up), text, manner, size, turned=turned)
    if "depth" in facts:
        if random.random() < 0.6:
            start = slanted + lean * away * 0.4, y1 + away * 0.4
        else:
            start = plain - lean * away * 0.4, y0 - away * 0.4
        ends = start, (start[0] + lean * slant, start[1] - slant)
        _line(sheet, *ends, _said(printed, "depth", facts, lettered), manner, size)


def _said(printed: Print, name: str, facts: Mapping[str, Amount], lettered: bool) -> str:
    text = printed.amount(facts[name])
    return f"{printed.words.phrases[name][-1][0]} {text}" if lettered else text


def _line(
    sheet: Sheet,
    one: Point,
    other: Point,
    text: str,
    manner: Manner,
    size: int,
    *,
    turned: bool = False,
) -> None:
    """A line of measure with its number on it, or beside it where the line is short."""
    ink: Colour = (200, 40, 40) if sheet.random.random() < 0.25 else sheet.ink
    pen = sheet.pen
    pen.line((*one, *other), fill=ink, width=2)
    angle = math.atan2(other[1] - one[1], other[0] - one[0])
    for point, way in ((one, angle), (other, angle + math.pi)):
        if manner.arrows:
            for turn in (-0.4, 0.4):
                reach = 0.55 * size
                pen.line(
                    (
                        *point,
                        point[0] + reach * math.cos(way + turn),
                        point[1] + reach * math.sin(way + turn),
                    ),
                    fill=ink,
                    width=2,
                )
        else:
            across = way + math.pi / (2 if manner.dotted else 4)
            dx, dy = 0.4 * size * math.cos(across), 0.4 * size * math.sin(across)
            pen.line(
                (point[0] - dx, point[1] - dy, point[0] + dx, point[1] + dy), fill=ink, width=2
            )
    middle = (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
    length = math.hypot(other[0] - one[0], other[1] - one[1])
    wide = sheet.font(size).getlength(text)
    upright = abs(math.sin(angle)) > 0.9
    if turned:
        sheet.text(*middle, text, size, turned=True, ground=sheet.ground)
    elif upright or (abs(math.sin(angle)) < 0.1 and wide + size < length):
        # On the line; a wide number of an upright line must not leave the sheet.
        x = min(max(middle[0], wide / 2 + 6), sheet.width - wide / 2 - 6)
        sheet.text(x, middle[1], text, size, anchor="mm", ground=sheet.ground)
    elif abs(math.sin(angle)) < 0.1:
        sheet.text(middle[0], middle[1] + 0.9 * size, text, size, anchor="mm")
    else:
        side = 1 if middle[0] > sheet.width / 2 else -1
        x = middle[0] + side * (wide / 2 + 0.6 * size)
        x = min(max(x, wide / 2 + 6), sheet.width - wide / 2 - 6)
        y = middle[1] + (0.5 * size if middle[1] > sheet.height / 2 else -0.5 * size)
        sheet.text(x, y, text, size, anchor="mm", ground=sheet.ground)


def _product(
    sheet: Sheet,
    front: tuple[float, float, float, float],
    back: tuple[float, float],
    manner: Manner,
) -> None:
    """A box in oblique view, a cylinder, or a piece of furniture."""
    x0, y0, x1, y1 = front
    dx, dy = back
    pen, ink, random = sheet.pen, sheet.ink, sheet.random
    fill = tuple(int(value) for value in random.integers(150, 225, 3))
    far = [(x + dx, y + dy) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
    near = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    thick = max(4.0, 0.06 * (y1 - y0))
    if manner.furniture:
        tops = [y0] if random.random() < 0.5 else [y0, (y0 + y1) / 2, y1 - thick]
        for x, y in (*far, *near):
            if y in {y0, y0 + dy}:
                pen.line((x, y, x, y + y1 - y0), fill=ink, width=3)
        for y in tops:
            pen.polygon([(x0, y), (x1, y), (x1 + dx, y + dy), (x0 + dx, y + dy)], fill=fill)
            pen.line([(x0, y), (x1, y), (x1 + dx, y + dy), (x0 + dx, y + dy), (x0, y)], fill=ink)
        return
    if random.random() < 0.25:
        squat = abs(dy) / 2
        pen.rectangle((x0, y0, x1, y1), fill=fill)
        pen.ellipse((x0, y0 - squat, x1, y0 + squat), fill=fill, outline=ink)
        pen.arc((x0, y1 - squat, x1, y1 + squat), 0, 180, fill=ink)
        pen.line((x0, y0, x0, y1), fill=ink)
        pen.line((x1, y0, x1, y1), fill=ink)
        return
    pen.polygon(far, fill=fill, outline=ink)
    for one, other in zip(near, far, strict=True):
        pen.line((*one, *other), fill=ink)
    pen.polygon(near, fill=fill, outline=ink)
    for begin, end in ((0, 1), (1, 2)) if dx > 0 else ((0, 1), (3, 0)):
        pen.line((*far[begin], *far[end]), fill=ink)
