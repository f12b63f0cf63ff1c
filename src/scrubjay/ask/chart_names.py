"""Which bars belong together, and what each group is called below the axis."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from scrubjay.ask.chart_bars import Bars
from scrubjay.ask.chart_words import Word, read_between, read_part
from scrubjay.core.protocols import TextReader
from scrubjay.core.types import Picture

FIRST_ROW: Final = 1.3
"""Heights of text within which labels begin below the nearest one."""

LINE: Final = 1.6
"""Heights of text from one line of a label to its next."""

TOGETHER: Final = 0.45
"""Widths of a bar between two of one group at most; more, and a new group begins."""

MISSING: Final = 0.4
"""Share of labels that may have no bar above them."""


@dataclass(frozen=True, slots=True)
class Names:
    """Groups of bars, from the left.

    Attributes:
        texts: of each group; empty where none was found.
        groups: of each bar, its number.
        used: the words that are names.
    """

    texts: tuple[str, ...]
    groups: tuple[int, ...]
    used: tuple[Word, ...] = ()


def named(
    bars: Bars,
    below: float,
    words: Sequence[Word],
    picture: Picture,
    ocr: TextReader | None,
    *,
    lying: bool,
) -> Names:
    """Group bars and name the groups.

    Args:
        bars: from the left.
        below: pixels from the top where the plot ends.
        words: that are neither ticks nor a legend's.
        picture: they lie in.
        ocr: reads labels again that were run together or overlooked; None: it is left at that.
        lying: whether the picture was turned to the left, and its labels with it.
    """
    row = _first_row(words, below)
    middles = [patch.middle for patch in bars.patches]
    for anchor in (_centre, _end):
        labels = sorted(row, key=anchor)
        groups = _by_labels(bars, [anchor(one) for one in labels])
        if groups is not None:
            texts, more = _with_second_lines(labels, anchor, words)
            return Names(texts, groups, (*labels, *more))
    groups = _by_gaps(bars)
    centres = [
        float(np.mean([x for x, at in zip(middles, groups, strict=True) if at == group]))
        for group in range(max(groups) + 1)
    ]
    if ocr is not None and not lying:
        row = [part for word in row for part in _taken_apart(word, centres, picture, ocr)]
    told = [""] * len(centres)
    step = float(np.min(np.diff(centres))) if len(centres) > 1 else float("inf")
    used = []
    for word in sorted(row, key=lambda one: (_centre(one), one.middle[1])):
        group = int(np.argmin([abs(_centre(word) - x) for x in centres]))
        if abs(_centre(word) - centres[group]) <= step / 2:
            told[group] = f"{told[group]} {word.text}".strip()
            used.append(word)
    if ocr is not None and used and np.isfinite(step):
        top, bottom = min(word.box[1] for word in used), max(word.box[3] for word in used)
        for group in (at for at, text in enumerate(told) if not text):
            x = centres[group]
            box = (x - step / 2, top - 4, x + step / 2, bottom + 4)
            told[group] = read_part(picture, box, ocr, turned=lying)
    return Names(tuple(told), groups, tuple(used))


def _first_row(words: Sequence[Word], below: float) -> list[Word]:
    """What stands right below the plot."""
    under = [word for word in words if word.middle[1] > below and word.box[1] > below - word.height]
    if not under:
        return []
    first = min(word.box[1] for word in under)
    return [word for word in under if word.box[1] <= first + FIRST_ROW * word.height]


def _centre(word: Word) -> float:
    return word.middle[0]


def _end(word: Word) -> float:
    """Where leaning text ends at the axis: the middle of its upper end."""
    start, end = word.corners[[0, 3]].mean(axis=0), word.corners[[1, 2]].mean(axis=0)
    return float(min(start, end, key=lambda one: one[1])[0])


def _by_labels(bars: Bars, places: Sequence[float]) -> tuple[int, ...] | None:
    """Each bar's nearest label, where labels stand evenly and no group has a colour twice."""
    if len(places) < 2:
        return None
    steps = np.diff(places)
    usual = float(np.median(steps))
    if usual <= 0 or np.abs(steps - usual).max() > 0.35 * usual:
        return None
    middles = np.array([patch.middle for patch in bars.patches])
    away = np.abs(middles[:, None] - np.array(places))
    groups = away.argmin(axis=1)
    own = {(int(group), patch.colour) for group, patch in zip(groups, bars.patches, strict=True)}
    empty = len(places) - len(set(groups.tolist()))
    if len(own) < len(groups) or away.min(axis=1).max() > 0.55 * usual:
        return None
    if empty > MISSING * len(places):
        return None
    colours = [patch.colour for patch in bars.patches]
    alone = len(set(colours)) == 1 or max(colours.count(one) for one in colours) == 1
    if alone and float(np.median(away.min(axis=1))) > 0.25 * usual:
        return None
    return tuple(groups.tolist())


def _by_gaps(bars: Bars) -> tuple[int, ...]:
    """A new group where the gap is wide, or a colour comes again."""
    patches = bars.patches
    colours = [patch.colour for patch in patches]
    groups, seen = [0], {colours[0]}
    repeated = max(colours.count(one) for one in colours) > 1
    width = float(np.median([patch.width for patch in patches]))
    for before, patch in itertools.pairwise(patches):
        apart = patch.left - before.right > TOGETHER * width
        if not repeated or patch.colour in seen or apart:
            groups.append(groups[-1] + 1)
            seen = set()
        else:
            groups.append(groups[-1])
        seen.add(patch.colour)
    return tuple(groups)


def _taken_apart(
    word: Word, centres: Sequence[float], picture: Picture, ocr: TextReader
) -> list[Word]:
    """A line that runs below several groups, read again in parts."""
    left, _, right, _ = word.box
    over = [x for x in centres if left < x < right]
    if len(over) < 2 or abs(word.angle) > 20:
        return [word]
    between = [(a + b) / 2 for a, b in itertools.pairwise(over)]
    return read_between(picture, word, between, ocr)


def _with_second_lines(
    labels: Sequence[Word], anchor: Callable[[Word], float], words: Sequence[Word]
) -> tuple[tuple[str, ...], list[Word]]:
    """Labels' texts with what stands below them as closely as a second line does."""
    texts = [one.text for one in labels]
    step = float(np.median(np.diff([anchor(one) for one in labels])))
    more: list[tuple[int, Word]] = []
    for word in words:
        if any(word is one for one in labels) or abs(word.angle) > 20:
            continue
        at = int(np.argmin([abs(anchor(one) - _centre(word)) for one in labels]))
        down = word.box[1] - labels[at].box[3]
        near = abs(anchor(labels[at]) - _centre(word)) <= 0.25 * step
        if near and -0.5 * word.height <= down <= (LINE - 1) * word.height:
            more.append((at, word))
    # One alone is the axis' own label, which stands in the middle.
    if len(more) < 2:
        return tuple(texts), []
    for at, word in more:
        texts[at] += f" {word.text}"
    return tuple(texts), [word for _, word in more]
