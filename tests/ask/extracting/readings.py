"""Readings made by hand: lines with their places, as a reader would tell them."""

from __future__ import annotations

from scrubjay.core.reading import Reading, TextLine

SIZE = (1000, 1000)


def line(text, x, y, *, width=None, height=40, confidence=0.99, turned=False):
    """A line whose upper left corner is at (x, y) pixels; turned, it runs upwards."""
    long = width or 0.5 * height * len(text)
    if turned:
        corners = ((x, y + long), (x, y), (x + height, y), (x + height, y + long))
    else:
        corners = ((x, y), (x + long, y), (x + long, y + height), (x, y + height))
    return TextLine(text, confidence, tuple((a / 1000, b / 1000) for a, b in corners))


def reading(*lines):
    return Reading(tuple(lines), *SIZE, "by hand")


def column(*texts, left=100, top=100, step=80):
    """Lines below each other."""
    return reading(*(line(text, left, top + step * at) for at, text in enumerate(texts)))


def table(*rows, left=100, right=600, top=100, step=80):
    """Names on the left, values on the right."""
    lines = []
    for at, (name, value) in enumerate(rows):
        lines += [line(name, left, top + step * at), line(value, right, top + step * at)]
    return reading(*lines)
