"""Values of generated bar charts, measured without a model that looks.

    python bench/charts.py                # 60 charts
    python bench/charts.py --charts 200 --each

Charts are drawn in many styles by `chart_pictures.py`: standing and lying, one to three series,
grid lines, panels, frames, decimals, thousands, percent, negative values, labels that lean, JPEG.
A value counts as right within 3% of its axis. Seconds are of the processor, reading left out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ask_table import Row
from chart_pictures import Truth, drawn_chart
from scrubjay.ask.chart import Chart
from scrubjay.ask.chart_geometry import measured
from scrubjay.models.load import load_ocr

CHARTS = 60
SEED = 2000
"""Charts below were looked at while the measuring was written; these and above were not."""

WITHIN = 0.03
SCRIPT = "bench/charts.py"


@dataclass(frozen=True)
class Held:
    """One chart held against what it says: counts of values and names, and seconds."""

    style: str
    found: bool
    values: int
    right: int
    worst: float
    names: int
    named: int
    seconds: float


def held(chart: Chart | None, truth: Truth, seconds: float) -> Held:
    """Compare; a chart of another shape has no value right."""
    wanted = np.array(truth.values)
    names = [*truth.categories, *truth.names, truth.title, truth.measure]
    if chart is None:
        return Held(truth.style, False, wanted.size, 0, 1.0, len(names), 0, seconds)
    measure = chart.x_label if truth.lying else chart.y_label
    told = [*chart.categories, *(one.name for one in chart.series), chart.title, measure]
    named = sum(a == b for a, b in zip(told, names, strict=False)) if len(told) == len(names) else 0
    values = [[np.nan if one is None else one for one in row.values] for row in chart.series]
    if [len(row) for row in values] != [len(row) for row in truth.values]:
        return Held(truth.style, True, wanted.size, 0, 1.0, len(names), named, seconds)
    off = np.nan_to_num(np.abs(np.array(values) - wanted) / truth.span, nan=1.0)
    right = int((off <= WITHIN).sum())
    return Held(truth.style, True, wanted.size, right, float(off.max()), len(names), named, seconds)


def measure_charts(number: int = CHARTS, seed: int = SEED) -> Iterator[Held]:
    """Draw, read and measure charts one after the other."""
    reader = load_ocr("rapidocr", threads=1)
    for at in range(seed, seed + number):
        picture, truth = drawn_chart(np.random.default_rng(at))
        reading = reader.read(picture)
        began = time.process_time()
        chart = measured(picture, reading, reader).chart
        yield held(chart, truth, time.process_time() - began)


def rows(number: int = CHARTS) -> Iterator[Row]:
    """The figures."""
    all_held = list(measure_charts(number))
    values, right = sum(one.values for one in all_held), sum(one.right for one in all_held)
    names, named = sum(one.names for one in all_held), sum(one.named for one in all_held)
    found = sum(one.found for one in all_held)
    whole = sum(one.right == one.values for one in all_held)
    seconds = float(np.median([one.seconds for one in all_held]))
    what = f"{number} generated bar charts, without a model that looks"
    yield Row(f"{what}: found", f"{found} of {number}", SCRIPT)
    yield Row(f"{what}: values within 3% of the axis", f"{100 * right / values:.1f}%", SCRIPT)
    yield Row(f"{what}: charts with every value within 3%", f"{whole} of {number}", SCRIPT)
    yield Row(f"{what}: names and labels exact", f"{100 * named / names:.1f}%", SCRIPT)
    yield Row(f"{what}: processor time to measure one", f"{seconds:.2f} s", SCRIPT)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--charts", type=int, default=CHARTS)
    parser.add_argument("--each", action="store_true", help="a line a chart")
    options = parser.parse_args()
    if options.each:
        for at, one in enumerate(measure_charts(options.charts)):
            print(
                f"{SEED + at:5} {one.style:32} {one.right:3}/{one.values:<3} worst {one.worst:.3f} "
                f"names {one.named}/{one.names}",
                flush=True,
            )
        return
    for row in rows(options.charts):
        print(row.line(markdown=False), flush=True)


if __name__ == "__main__":
    main()
