"""Copies among new objects: exact ones by name, near ones by what they look like."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.media.phash import NEAR
from scrubjay.retrain.validation.duplicates import duplicates_finding
from scrubjay.retrain.validation.settings import ValidateSettings
from tests.retrain.made import item

DEFAULT = ValidateSettings()


def found(new, known=(), older=(), settings=DEFAULT):
    by_id = {one.id: one for one in older}
    return duplicates_finding(new, known=known, older=by_id, settings=settings)


def apart(n, seed=0):
    """Hashes at random: 64 bits, about 32 apart."""
    return [int(one) for one in np.random.default_rng(seed).integers(0, 2**63, n)]


def flipped(phash, bits):
    return phash ^ ((1 << bits) - 1)


def test_different_pictures_are_no_copies():
    new = [item(n, phash=phash) for n, phash in enumerate(apart(100))]
    known = [item(n + 1000, phash=phash) for n, phash in enumerate(apart(100, seed=1))]
    figures = found(new, known).figures
    assert (figures["objects"], figures["exact"], figures["near"]) == (100, 0, 0)


@pytest.mark.parametrize(("bits", "near"), [(0, 1), (NEAR, 1), (NEAR + 1, 0)])
def test_a_near_copy_differs_in_no_more_bits_than_allowed(bits, near):
    first, *rest = apart(20)
    new = [item(n, phash=phash) for n, phash in enumerate([first, *rest])]
    copy = item(500, phash=flipped(first, bits))
    assert found([*new, copy]).figures["near"] == near
    assert found(new, [copy]).figures["near"] == near


def test_of_pictures_alike_one_is_no_copy():
    phash = apart(1)[0]
    alike = [item(n, phash=phash) for n in range(30)]
    assert found(alike).figures["near"] == 29
    assert found(alike, [item(99, phash=phash)]).figures["near"] == 30


def test_other_names_of_the_same_bytes_are_exact_copies():
    names = tuple(f"/pictures/{n}.jpg" for n in range(5))
    new = [item(1, uris=names), *(item(n) for n in range(2, 22))]
    figures = found(new).figures
    assert (figures["objects"], figures["exact"]) == (25, 4)


def test_a_known_item_under_one_more_name_is_a_copy_and_its_old_names_are_not():
    older = [item(n, uris=("a", "b")) for n in range(20)]
    named = [item(n, uris=("a", "b", "c")) for n in range(20)]
    assert found(named, older=older).figures["exact"] == 20
    said = [item(n, uris=("a", "b"), captions=("other words",)) for n in range(20)]
    figures = found(said, older=older).figures
    assert (figures["objects"], figures["exact"], figures["near"]) == (0, 0, 0)


def test_a_changed_picture_is_compared_as_a_new_one():
    older = [item(n, phash=phash) for n, phash in enumerate(apart(20))]
    known = item(99, phash=apart(1, seed=2)[0])
    changed = [item(n, sha256=f"{n + 500:064x}", phash=known.phash) for n in range(20)]
    assert found(changed, [known], older).figures["near"] == 20


@pytest.mark.parametrize(("copies", "warns"), [(30, False), (31, True)])
def test_the_limit_is_the_last_share_allowed(copies, warns):
    new = [item(n, phash=phash) for n, phash in enumerate(apart(100 - copies))]
    new += [item(n + 500, phash=new[0].phash) for n in range(copies)]
    finding = found(new)
    assert finding.figures["share"] == copies / 100
    assert finding.warns is warns
    assert not finding.stops
    stopping = ValidateSettings(stop_on=("duplicates",))
    assert found(new, settings=stopping).stops is warns


@pytest.mark.parametrize(("n", "judged"), [(19, False), (20, True)])
def test_few_objects_are_not_judged(n, judged):
    finding = found([item(k, phash=7) for k in range(n)])
    assert finding.judged is judged
    assert finding.warns is judged


def test_pictures_too_small_to_compare_and_recordings_are_left_out():
    assert found([item(n, phash=None) for n in range(50)]).figures["near"] == 0


@given(
    new=st.lists(st.integers(0, 4).map(lambda n: 3**n << 40) | st.integers(0, 2**12), max_size=30),
    known=st.lists(st.integers(0, 2**12), max_size=30),
)
def test_near_copies_are_those_a_plain_comparison_finds(new, known):
    def near(one, other):
        return (one ^ other).bit_count() <= NEAR

    unique = list(dict.fromkeys(new))
    fresh = {
        phash
        for place, phash in enumerate(unique)
        if not any(near(phash, one) for one in [*unique[:place], *known])
    }
    figures = found(
        [item(n, phash=phash) for n, phash in enumerate(new)],
        [item(n + 1000, phash=phash) for n, phash in enumerate(known)],
    ).figures
    assert figures["near"] == len(new) - len(fresh)
