"""On labels of layouts, fonts and words nothing was fitted on: F1 of at least 0.80, offline."""

from __future__ import annotations

import pytest

from scrubjay.ask.extracting.scoring import shipped
from scrubjay.media.panels.sheet import fonts_are_here
from scrubjay.media.panels.vocabulary import Part
from tests.ask.extracting.bench_modules import bench

pytestmark = pytest.mark.skipif(
    not fonts_are_here(),
    reason="DejaVu and Liberation fonts are missing, which labels are drawn in",
)

PANELS = 80
FROM = 20_000
"""Seeds nobody looked at, neither while fitting nor for the figures of docs/extract.md."""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_f1_on_held_out_labels_is_at_least_080_with_the_offline_reader_alone() -> None:
    pytest.importorskip("rapidocr")
    panels, fit = bench("extract_panels"), bench("extract_fit")
    read = list(panels.read_panels(Part.HELD_OUT, range(FROM, FROM + PANELS), None))
    told = fit.answers(read, shipped())
    assert len(told) > 200
    assert panels.counted(told).value >= 0.80, panels.interval(told)
