"""What is told of one item: of a video every row by its clue, of others what always was."""

from __future__ import annotations

import numpy as np

from scrubjay.core.types import Modality
from scrubjay.search.items import KnownItem
from scrubjay.store.index import Span
from tests.store.films import film, film_rows
from tests.store.made import item


def test_rows_of_a_video_tell_clue_words_and_moment():
    rows = film_rows(1, 3, np.random.default_rng(0))
    spans = tuple(
        Span(one.modality, "v1", one.start_s, one.end_s, one.clue, one.text, one.moment)
        for one in rows
    )
    told = KnownItem(film(1), spans, held=False).to_json()["indexed"]
    assert told == [
        {
            "modality": one.modality.value,
            "version": "v1",
            "start_s": one.start_s,
            "end_s": one.end_s,
            "clue": one.clue.value,
            "text": one.text,
            "moment": list(one.moment),
        }
        for one in rows
    ]


def test_rows_of_what_is_no_video_tell_what_they_always_did():
    told = KnownItem(item(1), (Span(Modality.SPEECH, "v1", 0.0, 5.0),), held=False).to_json()
    assert told["indexed"] == [
        {"modality": "speech", "version": "v1", "start_s": 0.0, "end_s": 5.0}
    ]
