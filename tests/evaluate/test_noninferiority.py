"""Losses are ruled out, evident, or beyond what a set can tell."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.evaluate.noninferiority import Loss, no_loss
from scrubjay.evaluate.paired import paired_gain


def judged(wins, losses, n, *, margin=0.05, share=1.0, minimum_n=100):
    """n queries of which the challenger alone gets `wins` and the champion alone `losses`."""
    champion, challenger = np.ones(n), np.ones(n)
    champion[:wins] = 0
    challenger[wins : wins + losses] = 0
    gain = paired_gain(champion, challenger, np.arange(n))
    return no_loss(gain, margin, share=share, equal_passes=0.9, minimum_n=minimum_n)


def test_a_large_set_rules_a_loss_out_or_does_not():
    assert judged(100, 100, 2000).loss is Loss.RULED_OUT
    assert judged(60, 140, 2000).loss is Loss.NOT_RULED_OUT
    assert judged(0, 300, 2000).loss is Loss.NOT_RULED_OUT


def test_below_the_minimum_only_an_evident_loss_counts():
    assert judged(5, 5, 60).loss is Loss.CANNOT_TELL
    assert judged(20, 0, 60).loss is Loss.CANNOT_TELL
    assert judged(0, 20, 60).loss is Loss.EVIDENT


def test_a_spread_too_wide_for_the_margin_cannot_tell_however_many_groups():
    said = judged(60, 60, 400)
    assert said.loss is Loss.CANNOT_TELL
    assert said.gain.n_groups >= 100
    assert said.needed_groups > 400
    enough = judged(60 * 4, 60 * 4, 1600)
    assert said.needed_groups <= 1600
    assert enough.loss is Loss.RULED_OUT


def test_many_sets_make_each_one_more_careful():
    alone, among_twenty = judged(22, 45, 400), judged(22, 45, 400, share=0.05)
    assert alone.p_loss == among_twenty.p_loss == pytest.approx(0.004, abs=0.003)
    assert alone.loss is Loss.EVIDENT
    assert among_twenty.loss is Loss.CANNOT_TELL


def test_a_handful_of_groups_is_never_evidence():
    assert judged(0, 4, 4).loss is Loss.CANNOT_TELL
