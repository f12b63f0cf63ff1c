"""Which points nobody beats on both of two figures, drawn without a script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 400
LEFT: Final = 64
RIGHT: Final = 24
TOP: Final = 16
BOTTOM: Final = 56


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of a plot.

    Attributes:
        number: of its row in the table beside it.
        x: less is better, above 0.
        y: more is better, in [0, 1].
    """

    number: int
    name: str
    x: float
    y: float


def front(dots: Sequence[Dot]) -> list[Dot]:
    """Those that no other is better than on one figure and at least as good on the other."""
    return [
        one
        for one in dots
        if not any(
            other.x <= one.x and other.y >= one.y and (other.x, other.y) != (one.x, one.y)
            for other in dots
        )
    ]


def svg(dots: Sequence[Dot], *, title: str, across: str, up: str, ident: str) -> str:
    """A plot as inline SVG: numbers stand for rows, full squares are on the front.

    Args:
        dots: what is drawn; `x` on a logarithmic scale.
        title: what it shows, for whoever hears it.
        across: what x is, with its unit.
        up: what y is.
        ident: begins the ids within the page.
    """
    best = sorted(front(dots), key=lambda dot: (dot.x, dot.y))
    told = "; ".join(
        f"{dot.number} {dot.name}: {across} {dot.x:.3g}, {up} {dot.y:.1%}" for dot in best
    )
    low, high = _span([dot.x for dot in dots])
    parts = [
        f'<svg class="plot" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'aria-labelledby="{ident}-title {ident}-told">',
        f'<title id="{ident}-title">{escape(title)}</title>',
        f'<desc id="{ident}-told">Not beaten on both: {escape(told)}.</desc>',
        *_grid(low, high, across, up),
    ]
    steps = [(_x(dot.x, low, high), _y(dot.y)) for dot in best]
    if len(steps) > 1:
        line = f"M {steps[0][0]:.1f} {steps[0][1]:.1f}" + "".join(
            f" H {x:.1f} V {y:.1f}" for x, y in steps[1:]
        )
        parts.append(f'<path class="front" d="{line}"/>')
    parts += [_mark(dot, low, high, leading=dot in best) for dot in dots]
    return "\n".join([*parts, "</svg>"])


def _mark(dot: Dot, low: float, high: float, *, leading: bool) -> str:
    x, y = _x(dot.x, low, high), _y(dot.y)
    shape = (
        f'<rect class="on" x="{x - 11:.1f}" y="{y - 11:.1f}" width="22" height="22" rx="3"/>'
        if leading
        else f'<circle class="off" cx="{x:.1f}" cy="{y:.1f}" r="11"/>'
    )
    kind = "on" if leading else "off"
    name = escape(f"{dot.number} {dot.name}")
    return (
        f"<g><title>{name}</title>{shape}"
        f'<text class="{kind}-number" x="{x:.1f}" y="{y + 4.5:.1f}">{dot.number}</text></g>'
    )


def _grid(low: float, high: float, across: str, up: str) -> list[str]:
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _y(share)
        parts.append(f'<path class="grid" d="M {LEFT} {y:.1f} H {WIDTH - RIGHT}"/>')
        parts.append(f'<text class="tick up" x="{LEFT - 8}" y="{y + 4:.1f}">{share:.0%}</text>')
    for value in _ticks(low, high):
        x = _x(value, low, high)
        parts.append(f'<path class="grid" d="M {x:.1f} {TOP} V {HEIGHT - BOTTOM}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}">{value:g}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text class="axis" x="{middle:.0f}" y="{HEIGHT - 10}">{escape(across)}</text>')
    parts.append(
        f'<text class="axis" transform="translate(16 {(TOP + HEIGHT - BOTTOM) / 2:.0f}) '
        f'rotate(-90)">{escape(up)}</text>'
    )
    return parts


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Ends of a logarithmic axis that holds all values with some room."""
    low, high = math.log10(min(values)), math.log10(max(values))
    room = max(0.1, 0.08 * (high - low))
    return low - room, high + room


def _ticks(low: float, high: float) -> list[float]:
    """Round values between two powers of ten, few enough to stand side by side."""
    whole = range(math.floor(low), math.ceil(high) + 1)
    for digits in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)):
        found = [one * 10.0**power for power in whole for one in digits]
        inside = [value for value in found if low <= math.log10(value) <= high]
        if len(inside) >= 3:
            break
    return inside[:: math.ceil(len(inside) / 8)] if inside else [10 ** ((low + high) / 2)]


def _x(value: float, low: float, high: float) -> float:
    share = (math.log10(value) - low) / (high - low)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)
