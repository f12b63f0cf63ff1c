"""Cosines of different clues on one scale: by hand, and against looking at every row."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.core.types import Clue, Evidence, Hit, Kind, Modality
from scrubjay.search.fusing import (
    Scale,
    best_of_all,
    evidence_of,
    scale_of,
    supported,
)
from scrubjay.store.index import Found
from tests.store.films import TOWER

ASKED = np.array([1, 0], np.float32)


def at(*cosines):
    """Unit rows with these cosines to what is asked."""
    return np.array([(one, math.sqrt(1 - one * one)) for one in cosines], np.float32)


def found(clue, score, item_id="film", begin=0.0, text=None):
    modality = Modality.IMAGE if clue is None else TOWER[clue]
    kind = Kind.IMAGE if clue is None else Kind.VIDEO
    moment = None if clue is None else (begin, begin + 5)
    return Found(item_id, kind, "/x", None, modality, "v1", score, 1.0, 2.0, {}, clue, text, moment)


def test_a_scale_by_hand():
    """Means .2 and .7, variances .01 and .04, of two rows each; of all .45 and .025."""
    scale = scale_of(ASKED, {Modality.IMAGE: at(0.1, 0.3), Modality.TEXT: at(0.5, 0.9)})
    seen = (2 * 0.2 + 8 * 0.45) / 10, (2 * 0.01 + 8 * 0.025) / 10
    text = (2 * 0.7 + 8 * 0.45) / 10, (2 * 0.04 + 8 * 0.025) / 10
    assert scale.lines[Modality.IMAGE] == (1.0, 0.0)
    for tower, (mean, variance) in {Modality.TEXT: text, Modality.SPEECH: (0.45, 0.025)}.items():
        slope = math.sqrt(seen[1] / variance)
        assert scale.lines[tower] == pytest.approx((slope, seen[0] - slope * mean), abs=1e-6)
    assert scale.support == pytest.approx(0.4 + 2 * math.sqrt(0.022), abs=1e-6)
    assert scale.score(found(Clue.SEEN, 0.37)) == 0.37
    assert scale.score(found(None, 0.37)) == 0.37
    assert scale.score(found(Clue.READ, 0.5)) == pytest.approx(0.4, abs=1e-6)
    three_out = 0.5 + 3 * math.sqrt(0.028)
    assert scale.score(found(Clue.SAID, three_out)) == pytest.approx(
        0.4 + 3 * math.sqrt(0.022), abs=1e-6
    )


def test_of_many_rows_it_is_the_deviations_above_the_mean_that_count():
    random = np.random.default_rng(0)
    seen, said = random.normal(0.2, 0.03, 512), random.normal(0.7, 0.08, 512)
    scale = scale_of(ASKED, {Modality.IMAGE: at(*seen), Modality.TEXT: at(*np.clip(said, 0, 1))})
    for out in (-1.0, 0.0, 2.0, 3.5):
        score = scale.score(found(Clue.SAID, 0.7 + 0.08 * out))
        assert score == pytest.approx(0.2 + 0.03 * out, abs=0.02)


@given(
    st.dictionaries(
        st.sampled_from(Modality), st.lists(st.floats(-0.99, 0.99), min_size=1, max_size=30)
    )
)
def test_whatever_the_background_the_order_within_a_clue_stays(rows):
    scale = scale_of(ASKED, {tower: at(*cosines) for tower, cosines in rows.items()})
    for slope, offset in scale.lines.values():
        assert slope > 0
        assert math.isfinite(offset)
    assert scale.lines[Modality.IMAGE] == (1.0, 0.0)
    assert Scale.read(scale.told()) == scale


@pytest.mark.parametrize(
    "told", [(), (1.0,), (1.0, 0.0) * 3, (*(1.0, 0.0) * 3, 0.1, math.inf), (0.0, 1.0) * 4]
)
def test_numbers_that_are_no_scale_are_none(told):
    assert Scale.read(told) is None


ROWS = st.lists(
    st.tuples(
        st.sampled_from([None, *Clue]),
        st.sampled_from("abc"),
        st.sampled_from([0.0, 5.0, 10.0]),
        st.floats(-1, 1),
    ),
    max_size=60,
)
LINES = st.tuples(st.floats(0.1, 3), st.floats(-1, 1))


def by_clue(rows, k):
    """The k best moments or items of each clue, as a generation gives them."""
    made = {}
    for clue in (None, *Clue):
        best = {}
        for row in sorted(rows, key=lambda one: -one.score):
            if row.clue is clue:
                best.setdefault((row.id, row.moment), row)
        made[clue] = list(best.values())[:k]
    return made


@given(ROWS, LINES, LINES, st.integers(1, 12))
def test_the_best_of_every_clue_are_the_best_of_all_rows(drawn, text, speech, k):
    rows = [
        found(clue, score, f"{name}-{'item' if clue is None else 'film'}", begin)
        for clue, name, begin, score in drawn
    ]
    scale = Scale(
        {Modality.IMAGE: (1.0, 0.0), Modality.TEXT: text, Modality.SPEECH: speech}, 0.3, 0.1
    )
    every = {}
    for row in rows:
        one = (row.id, row.moment)
        every[one] = max(every.get(one, -math.inf), scale.score(row))
    best = best_of_all(by_clue(rows, k), scale, k)
    assert [score for _, score in best] == sorted(every.values(), reverse=True)[:k]
    assert len({(row.id, row.moment) for row, _ in best}) == len(best)
    for row, score in best:
        assert every[row.id, row.moment] == score == scale.score(row)


SCALE = Scale(
    {Modality.IMAGE: (1.0, 0.0), Modality.TEXT: (0.5, -0.1), Modality.SPEECH: (1, 0)}, 0.1, 0.1
)


def test_all_that_speaks_for_a_moment_is_told_the_best_first_and_what_found_it_always():
    by = evidence_of(found(Clue.SEEN, 0.25), SCALE)
    hit = Hit("film", Kind.VIDEO, "/x", 0.25, None, start_s=0.0, end_s=5.0, evidence=(by,))
    clues = [
        found(Clue.READ, 0.7, text="EXIT"),
        found(Clue.SAID, 0.9, text="this way out"),
        found(Clue.SEEN, 0.25),
        found(Clue.HEARD, 0.29),
    ]
    assert supported(hit, clues, SCALE).evidence == (
        Evidence("said", "this way out", 1.0, 2.0, score=0.35),
        by,
    )
    assert supported(hit, [], SCALE) == hit
