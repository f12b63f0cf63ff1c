"""Pictures that stand for a word beside a number: a kettlebell, an arrow onto a shelf, a drop."""

from __future__ import annotations

from scrubjay.media.panels.sheet import Colour, Sheet


def pictogram(
    sheet: Sheet, what: str, x: float, y: float, side: float, *, filled: bool, ink: Colour
) -> None:
    """Draw one around (x, y).

    Args:
        what: the measure it stands for.
        filled: as a dark shape on a disc of `ink`; else as an outline.
    """
    front = ink
    if filled:
        half = side * 0.72
        sheet.pen.ellipse((x - half, y - half, x + half, y + half), fill=ink)
        front = sheet.ground
    _DRAWN[what](sheet, x, y, side / 2, front, max(2, round(side / 14)), filled)


def _weight(
    sheet: Sheet, x: float, y: float, r: float, ink: Colour, line: int, filled: bool
) -> None:
    """A kettlebell."""
    pen = sheet.pen
    pen.arc((x - 0.42 * r, y - r, x + 0.42 * r, y - 0.1 * r), 150, 390, fill=ink, width=line + 1)
    body = [(x - 0.5 * r, y - 0.35 * r), (x + 0.5 * r, y - 0.35 * r), (x + 0.8 * r, y + 0.8 * r),
            (x - 0.8 * r, y + 0.8 * r)]  # fmt: skip
    if filled:
        pen.polygon(body, fill=ink)
    else:
        pen.line([*body, body[0]], fill=ink, width=line)


def _load(sheet: Sheet, x: float, y: float, r: float, ink: Colour, line: int, filled: bool) -> None:
    """An arrow down onto a board on two feet."""
    pen = sheet.pen
    pen.line((x, y - r, x, y - 0.1 * r), fill=ink, width=line + 2)
    pen.polygon(
        [(x - 0.4 * r, y - 0.25 * r), (x + 0.4 * r, y - 0.25 * r), (x, y + 0.25 * r)], fill=ink
    )
    board = (x - 0.9 * r, y + 0.35 * r, x + 0.9 * r, y + 0.55 * r)
    if filled:
        pen.rectangle(board, fill=ink)
    else:
        pen.rectangle(board, outline=ink, width=line)
    for side in (-0.7, 0.7):
        pen.line((x + side * r, y + 0.55 * r, x + side * r, y + r), fill=ink, width=line)


def _drop(sheet: Sheet, x: float, y: float, r: float, ink: Colour, line: int, filled: bool) -> None:
    pen = sheet.pen
    round_part = (x - 0.6 * r, y - 0.25 * r, x + 0.6 * r, y + 0.95 * r)
    sides = [(x - 0.53 * r, y + 0.1 * r), (x, y - r), (x + 0.53 * r, y + 0.1 * r)]
    if filled:
        pen.ellipse(round_part, fill=ink)
        pen.polygon(sides, fill=ink)
    else:
        pen.arc(round_part, -20, 200, fill=ink, width=line)
        pen.line(sides, fill=ink, width=line)


def _bolt(sheet: Sheet, x: float, y: float, r: float, ink: Colour, line: int, filled: bool) -> None:
    shape = [(0.2, -1), (-0.55, 0.15), (-0.05, 0.15), (-0.25, 1), (0.55, -0.25), (0.05, -0.25)]
    points = [(x + u * r, y + v * r) for u, v in shape]
    if filled:
        sheet.pen.polygon(points, fill=ink)
    else:
        sheet.pen.line([*points, points[0]], fill=ink, width=line)


def _lamp(sheet: Sheet, x: float, y: float, r: float, ink: Colour, line: int, filled: bool) -> None:
    pen = sheet.pen
    bulb = (x - 0.6 * r, y - r, x + 0.6 * r, y + 0.2 * r)
    foot = (x - 0.25 * r, y + 0.2 * r, x + 0.25 * r, y + 0.9 * r)
    if filled:
        pen.ellipse(bulb, fill=ink)
        pen.rectangle(foot, fill=ink)
    else:
        pen.ellipse(bulb, outline=ink, width=line)
        pen.rectangle(foot, outline=ink, width=line)


_DRAWN = {
    "item_weight": _weight,
    "maximum_weight_recommendation": _load,
    "item_volume": _drop,
    "voltage": _bolt,
    "wattage": _lamp,
}
