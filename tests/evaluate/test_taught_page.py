from __future__ import annotations

import numpy as np

from scrubjay.evaluate.bootstrap import Estimate
from scrubjay.evaluate.taught_page import Shown, taught_page
from scrubjay.evaluate.written import Change


def test_the_page_shows_what_was_said_as_text_and_loads_nothing() -> None:
    shown = [
        Shown(np.zeros((300, 200, 3), np.uint8), "Say {x}", "a <b>", "<script>", "a <b>", (0, 1)),
        Shown(None, "Say", "right", "", "right", (0.0, 1.0)),
    ]
    measures = [Change("exact", *(Estimate(v, v - 0.1, v + 0.1) for v in (0.1, 0.8, 0.7)))]
    page = taught_page("a <model>", measures, shown, n_rows=40)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "a &lt;model&gt;, asked about 40 rows" in page
    assert "0.700 (0.600 to 0.800)" in page
    assert 'src="data:image/jpeg;base64,' in page
    assert "(nothing)" in page
    assert ">gone<" in page
    assert "http" not in page
