"""A bar chart measured: its axis from its labels, its values from where its bars end.

Standing and lying bars, one series or several beside each other with a legend, values of either
sign. Every measure is taken as if bars stood: a picture of lying bars is turned first. What is no
such chart (lines, pies, stacks, steps of ten) has no axis or no bars here, and the reason is said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from scrubjay.ask.chart import Chart, Series
from scrubjay.ask.chart_bars import Bars, Flat, Patch, bars, flattened
from scrubjay.ask.chart_legend import Legend, is_swatch, legend_of
from scrubjay.ask.chart_names import Names, named
from scrubjay.ask.chart_numbers import Axis, axis_through, number
from scrubjay.ask.chart_words import Word, with_rims, words_of
from scrubjay.core.protocols import TextReader
from scrubjay.core.reading import Reading
from scrubjay.core.types import Picture

ON_TICK: Final = 0.02
"""Share of the axis by which the bars' line may miss a tick that it stands on."""

WRITTEN: Final = 0.04
"""Share of the axis within which a number at a bar's end is that bar's value."""

UNDER: Final = 0.04
"""Share of the axis, from its highest tick down, that few bars reach into."""

LARGE: Final = 0.002
"""Share of a picture that a bar or a panel has, and a letter or a legend's patch has not."""

CLOSE: Final = 1.6
"""Heights of its text between a bar's end and that number."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A chart, or why there is none."""

    chart: Chart | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class _View:
    """A picture with standing bars, in pixels; `shown` is the picture before it was turned."""

    shown: Picture
    picture: Picture
    words: tuple[Word, ...]
    axis: Axis
    bars: Bars
    patches: tuple[Patch, ...]
    lying: bool

    @property
    def below(self) -> float:
        """Pixels from the top where the plot ends."""
        lowest = self.axis.pixel(min(self.axis.values))
        return max(lowest, self.bars.baseline, *self.bars.ends)

    def as_shown(self, patch: Patch) -> Patch:
        """A patch where it is in the picture before it was turned."""
        return _as_shown(patch, self.shown, lying=self.lying)


def measured(picture: Picture, reading: Reading, ocr: TextReader | None = None) -> Measured:
    """The bar chart that a picture shows.

    Args:
        picture: as it was read.
        reading: its text with places.
        ocr: reads labels again that were run together; None: they are left as they are.

    Raises:
        MissingExtra: OpenCV is not installed.
    """
    words = words_of(picture, reading)
    if ocr is not None:
        words = with_rims(picture, words, ocr)
    views = [_view(picture, words, lying=lying) for lying in (False, True)]
    seen = [view for view in views if isinstance(view, _View)]
    if not seen:
        bars_missing = any(view == "bars" for view in views)
        what = "bars that stand on one line" if bars_missing else "axis with three even steps"
        return Measured(None, f"no {what} could be made out")
    return Measured(_chart(max(seen, key=lambda one: one.bars.area), words, ocr))


def _view(picture: Picture, words: Sequence[Word], *, lying: bool) -> _View | str:
    """The chart seen with standing bars, or what is missing for it: its `axis` or its `bars`."""
    turned, places = picture, list(words)
    if lying:
        turned = np.ascontiguousarray(np.rot90(picture))
        places = [word.turned(picture.shape[1]) for word in words]
    axis = axis_through([word.label() for word in places], rising=False)
    if axis is None:
        return "axis"
    flat = flattened(turned)
    high, low = axis.pixel(max(axis.values)), axis.pixel(min(axis.values))
    step = (low - high) / max(1, len(axis.labels) - 1)
    panel = _panel(flat, high, low)
    patches = tuple(one for one in flat.patches if one.colour != panel)
    # A tick that was not read may stand above; the bars' line may be far below them all.
    standing = [
        one for one in patches if not is_swatch(_as_shown(one, picture, lying=lying), words)
    ]
    found = bars(standing, high - step, turned.shape[0])
    if found is None:
        return "bars"
    return _View(picture, turned, tuple(places), axis, found, patches, lying)


def _as_shown(patch: Patch, picture: Picture, *, lying: bool) -> Patch:
    """A patch where it is in the picture before that was turned."""
    if not lying:
        return patch
    width = picture.shape[1]
    return Patch(width - patch.bottom, patch.left, width - patch.top, patch.right, patch.colour)


def _panel(flat: Flat, high: float, low: float) -> int:
    """The ground bars stand before: the colour most of the plot has below its highest tick."""
    large = [one for one in flat.patches if one.area >= LARGE * flat.colours.size]
    if not large:
        return -1
    left, right = min(one.left for one in large), max(one.right for one in large)
    return flat.most_within(left, high + 2, right, high + 2 + UNDER * (low - high))


def _chart(view: _View, words: Sequence[Word], ocr: TextReader | None) -> Chart:
    """Everything a view says, put together; `words` lie in the picture as it is shown."""
    free = [
        at
        for at, word in enumerate(view.words)
        if word.label() not in view.axis.labels and not _is_value(view, word)
    ]
    legend = legend_of(
        [view.as_shown(one) for one in view.patches],
        [view.as_shown(one) for one in view.bars.patches],
        [words[at] for at in free],
        view.shown,
        ocr,
    )
    free = [at for at in free if not any(words[at] is one for one in legend.used)]
    names = named(
        view.bars,
        view.below,
        [view.words[at] for at in free],
        view.picture,
        ocr,
        lying=view.lying,
    )
    free = [at for at in free if not any(view.words[at] is one for one in names.used)]
    title, x_label, y_label = _titles(view, [words[at] for at in free])
    line = view.axis.value(view.bars.baseline) - _missed(view)
    return Chart(
        kind="horizontal bar" if view.lying else "bar",
        title=title,
        x_label=x_label,
        y_label=y_label,
        categories=names.texts,
        series=_series(view, names, legend),
        ticks=tuple(label.text for label in view.axis.labels),
        unit=view.axis.unit,
        confidence=_confidence(view, names),
        how="geometry",
        notes=() if abs(line) <= ON_TICK * view.axis.span else (f"bars begin at {line:.4g}",),
    )


def _missed(view: _View) -> float:
    """How far the bars' line lies from the tick that it surely stands on."""
    away = [view.axis.value(view.bars.baseline) - tick for tick in view.axis.values]
    least = min(away, key=abs)
    return least if abs(least) <= ON_TICK * view.axis.span else 0.0


def _value(view: _View, at: int) -> float:
    """What a bar says; a number written at its end is exact."""
    patch, end = view.bars.patches[at], view.bars.ends[at]
    value = view.axis.value(end) - _missed(view)
    for word in view.words:
        told = number(word.text)
        if told and _at_end(word, patch, end):
            near = abs(told.value - value) <= WRITTEN * view.axis.span
            if near:
                return told.value
    # Digits that a pixel more or less would change are made up.
    digits = -math.floor(math.log10(abs(view.axis.slope)))
    return round(value, digits)


def _is_value(view: _View, word: Word) -> bool:
    """Whether a word is a number at some bar's end."""
    return number(word.text) is not None and any(
        _at_end(word, patch, end)
        for patch, end in zip(view.bars.patches, view.bars.ends, strict=True)
    )


def _at_end(word: Word, patch: Patch, end: float) -> bool:
    _, top, _, bottom = word.box
    beside = patch.left - 2 <= word.middle[0] <= patch.right + 2
    away = min(abs(top - end), abs(bottom - end))
    return beside and away <= CLOSE * word.height and word.middle[1] < patch.bottom + word.height


def _series(view: _View, names: Names, legend: Legend) -> tuple[Series, ...]:
    """Values by colour, where there are colours that come again or have a name."""
    patches = view.bars.patches
    colours = [patch.colour for patch in patches]
    several = len(set(colours)) > 1
    grouped = several and (max(names.groups) + 1 < len(patches) or len(legend.names) > 1)
    # A bar of no height is not seen; one whose foot is cut off is not known.
    line = view.axis.value(view.bars.baseline) - _missed(view)
    absent = 0.0 if abs(line) <= ON_TICK * view.axis.span else None
    order = [*legend.names, *dict.fromkeys(colours)] if grouped else [0]
    table: dict[int, list[float | None]] = {one: [absent] * len(names.texts) for one in order}
    for at, (colour, group) in enumerate(zip(colours, names.groups, strict=True)):
        table[colour if grouped else 0][group] = _value(view, at)
    only = next(iter(legend.names.values()), "") if not several else ""
    return tuple(
        Series(legend.names.get(colour, "") if grouped else only, tuple(values))
        for colour, values in table.items()
    )


def _titles(view: _View, words: Sequence[Word]) -> tuple[str, str, str]:
    """(title, label of the horizontal axis, of the vertical one): what is left, by its place."""
    left, top, right, bottom = _plot(view)
    above, below, beside = [], [], []
    for word in words:
        x, y = word.middle
        if abs(abs(word.angle) - 90) < 30:
            # A tick and the axis look like a letter that lies on its side.
            beside += [word] if len(word.text) > 1 else []
        elif y < top:
            above.append(word)
        elif y > bottom and left <= x <= right:
            below.append(word)
    return _joined(above), _joined(below), _joined(beside)


def _plot(view: _View) -> tuple[float, float, float, float]:
    """Where bars and axis are, in the picture as it is shown."""
    high = min(view.axis.pixel(max(view.axis.values)), *view.bars.ends)
    left, right = view.bars.patches[0].left, view.bars.patches[-1].right
    if not view.lying:
        return (left, high, right, view.below)
    width = view.shown.shape[1]
    return (width - view.below, left, width - high, right)


def _joined(words: Sequence[Word]) -> str:
    """Lines one below the other as one text, whichever way all of them run."""
    # Numbers are ticks that were run together, and so on no axis.
    told = [word for word in words if any(one.isalpha() for one in word.text)]
    if not told:
        return ""
    along = np.median([word.corners[1] - word.corners[0] for word in told], axis=0)
    along /= max(float(np.linalg.norm(along)), 1e-9)
    down = np.array([-along[1], along[0]])
    tall = float(np.median([word.height for word in told]))

    def place(word: Word) -> tuple[int, float]:
        middle = np.array(word.middle)
        return round(float(middle @ down) / tall), float(middle @ along)

    return " ".join(word.text for word in sorted(told, key=place))


def _confidence(view: _View, names: Names) -> float:
    """How surely the axis was read, how even it lies, and how many names were found."""
    read = float(np.mean([label.confidence for label in view.axis.labels]))
    even = max(0.0, 1 - 10 * view.axis.worst)
    whole = sum(bool(text) for text in names.texts) / max(1, len(names.texts))
    return read * even * (0.5 + 0.5 * whole)
