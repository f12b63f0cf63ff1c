"""A threshold that holds as the collection grows, and none where the data allow none."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from scrubjay.evaluate.cutoff import (
    AIM,
    CLUES,
    FEWEST,
    LEAST,
    Law,
    Line,
    Observed,
    Shares,
    chosen,
    fit_laws,
    growth,
)

SIZES = (125, 500, 2_000)
NORMAL = NormalDist(0.2, 0.05)
SURE = Shares(0.95, 0.95)


def largest(rows, n, seed):
    """(n,) the largest of so many normal cosines, drawn at once: the inverse of their law."""
    places = np.random.default_rng(seed).random(n) ** (1.0 / rows)
    return np.array([NORMAL.inv_cdf(min(one, 1 - 1e-15)) for one in places])


def right_answers(n, seed):
    return np.random.default_rng(seed).normal(0.55, 0.06, n)


def as_clues(best):
    made = np.full((len(best), len(CLUES)), np.nan)
    made[:, 0] = best
    made[:, 1] = 0.1
    return made


def observed(n=600, answers=None):
    """Cosines alone: captions are not known, and the neighbours say nothing."""
    return Observed(
        SIZES,
        tuple(as_clues(largest(rows, n, 10 + rows)) for rows in SIZES),
        tuple(as_clues(np.maximum(right_answers(n, 7), largest(rows, n, rows))) for rows in SIZES)
        if answers is None
        else answers,
        np.arange(n),
        np.arange(n),
    )


def law(way="cosine", measured=SURE, weights=(1.0, 0.0, 0.0, 0.0)):
    return Law(
        way,
        weights,
        Line(0.1, 0.05),
        0.02,
        tuple(np.linspace(0.4, 0.8, 101)),
        0.01,
        1_000,
        measured,
    )


def test_a_law_fitted_on_two_thousand_rows_is_right_among_a_hundred_times_as_many() -> None:
    fitted = fit_laws(observed())[0]
    rows = 200_000
    absent = largest(rows, 4_000, 1)
    answers = np.maximum(right_answers(4_000, 2), largest(rows, 4_000, 3))
    threshold = fitted.threshold(rows)
    assert (absent < threshold).mean() >= 0.93
    assert (answers >= threshold).mean() >= 0.93
    expected = fitted.expected(threshold, rows)
    assert expected.empty == pytest.approx((absent < threshold).mean(), abs=0.04)
    assert expected.kept == pytest.approx((answers >= threshold).mean(), abs=0.04)
    # One threshold for every size lets most absent things through.
    assert (absent < fitted.threshold(SIZES[0])).mean() < 0.8


def test_the_threshold_makes_both_errors_equal_at_every_size() -> None:
    fitted = fit_laws(observed())[0]
    for rows in (50, 2_000, 1_000_000):
        shares = fitted.expected(fitted.threshold(rows), rows)
        assert shares.kept == pytest.approx(shares.empty, abs=1e-6)
    thresholds = [fitted.threshold(rows) for rows in (50, 2_000, 1_000_000)]
    assert thresholds == sorted(thresholds)


def test_growth_is_that_of_the_largest_of_normal_values() -> None:
    drawn = [np.mean([largest(rows, 4_000, rows)]) for rows in (1_000, 100_000)]
    slope = (drawn[1] - drawn[0]) / (growth(100_000) - growth(1_000))
    assert slope == pytest.approx(NORMAL.stdev, rel=0.1)
    assert growth(1) == 0


def test_what_is_measured_is_measured_on_other_questions() -> None:
    """Clues that say nothing must not look as if they did."""
    random = np.random.default_rng(0)
    noise = Observed(
        (60,),
        (random.normal(size=(FEWEST, len(CLUES))),),
        (random.normal(size=(FEWEST, len(CLUES))),),
        np.arange(FEWEST),
        np.arange(FEWEST),
    )
    laws = fit_laws(noise)
    assert [one.way for one in laws] == [
        "cosine",
        "captions",
        "cosine and neighbours",
        "all together",
    ]
    assert all(one.measured.worse < 0.7 for one in laws)
    assert chosen(laws) == ()


def test_a_way_is_fitted_only_where_its_clues_are_known() -> None:
    assert [one.way for one in fit_laws(observed())] == ["cosine", "cosine and neighbours"]


def test_too_few_questions_give_no_law() -> None:
    assert fit_laws(observed(n=FEWEST - 1)) == ()


def test_neighbours_tell_where_cosines_alone_cannot() -> None:
    """Some queries lie near everything: their best cosine means something only beside the next."""
    random = np.random.default_rng(1)
    level = random.uniform(0.1, 0.6, (2, 400))
    gap = np.stack([random.normal(0.05, 0.01, 400), random.normal(0.15, 0.02, 400)])
    absent, answerable = (
        np.stack([lv + gp, lv, np.full(400, np.nan), np.full(400, np.nan)], axis=1)
        for lv, gp in zip(level, gap, strict=True)
    )
    laws = fit_laws(Observed((1_000,), (absent,), (answerable,), np.arange(400), np.arange(400)))
    assert laws[0].measured.worse < 0.7
    assert laws[1].measured.worse > 0.97
    assert [one.way for one in chosen(laws)] == ["cosine and neighbours"]


def test_the_simplest_good_enough_way_is_taken_and_nothing_below_least() -> None:
    near = Shares(AIM, 0.99)
    better, poor = Shares(0.99, 0.99), Shares(0.99, LEAST - 0.01)
    cosine, read = law(measured=near), law("captions", better, (0.0, 0.0, 1.0, 0.0))
    assert chosen([cosine, read]) == (cosine,)
    assert chosen([replace(cosine, measured=poor), read]) == (read,)
    fair = Shares(0.85, 0.85)
    assert chosen([replace(cosine, measured=fair), read]) == (read, replace(cosine, measured=fair))
    assert chosen([replace(cosine, measured=poor)]) == ()
    assert chosen([]) == ()


def test_a_law_read_back_is_the_law_that_was_written() -> None:
    one = fit_laws(observed())[1]
    back = Law.from_json(json.loads(json.dumps(one.to_json())))
    assert back == one
    assert back.threshold(12_345) == one.threshold(12_345)


@pytest.mark.parametrize(
    "change",
    [
        {"weights": [0, 0, 0, 0]},
        {"weights": [1.0, 0.0]},
        {"rows": 0},
        {"answerable": {"quantiles": [0.1, 0.2], "slope": 0.0}},
    ],
)
def test_what_is_no_law_is_refused(change) -> None:
    with pytest.raises(ValueError, match=r"law|unpack"):
        Law.from_json({**law().to_json(), **change})


def test_only_clues_that_count_must_be_known() -> None:
    known = np.array([[0.5, np.nan, np.nan, np.nan]])
    assert law().closeness(known)[0] == 0.5
    assert math.isnan(law(weights=(0.5, 0.5, 0.0, 0.0)).closeness(known)[0])
