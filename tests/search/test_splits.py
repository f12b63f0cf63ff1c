from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.core.known import Known
from scrubjay.core.types import Split
from scrubjay.search.splits import Member, assign_splits, split_of

TRAIN, VAL, TEST = Split.TRAIN, Split.VAL, Split.TEST


def drawn(split: Split, n: int = 0) -> str:
    """The n-th group name whose own hash draws this split."""
    names = (f"group-{i}" for i in range(10_000))
    return [name for name in names if split_of(name) is split][n]


def known(*pictures: tuple[str, Split, int | None]) -> Known:
    hashed = [(phash, group) for group, _, phash in pictures if phash is not None]
    return Known(
        phashes=np.array([phash for phash, _ in hashed], np.uint64),
        phash_groups=tuple(group for _, group in hashed),
        splits_by_group={group: split for group, split, _ in pictures},
    )


def test_the_draw_is_80_10_10_and_never_changes() -> None:
    counts = Counter(split_of(hashlib.sha256(bytes([i, j])).hexdigest())
                     for i in range(100) for j in range(100))  # fmt: skip
    assert counts[TRAIN] / 10_000 == pytest.approx(0.8, abs=0.015)
    assert counts[VAL] / 10_000 == pytest.approx(0.1, abs=0.01)
    assert counts[TEST] / 10_000 == pytest.approx(0.1, abs=0.01)
    assert [split_of(name) for name in ("a", "b", "c", "d")] == [TRAIN, TRAIN, TRAIN, TRAIN]
    assert int(hashlib.sha256(drawn(TEST).encode()).hexdigest()[:16], 16) / 2**64 >= 0.9


def test_a_group_without_relations_draws_its_own() -> None:
    for split in Split:
        assert assign_splits([Member(drawn(split))]) == [split]


def test_what_the_manifest_gives_wins_over_everything() -> None:
    group = drawn(TRAIN)
    members = [Member(group, VAL, phash=5), Member(group, TEST), Member(group)]
    splits = assign_splits(members, known=known((group, TRAIN, 5)), ties=[(group, drawn(TRAIN, 1))])
    assert splits == [VAL, TEST, TEST]


def test_a_known_group_keeps_its_split() -> None:
    group = drawn(TRAIN)
    assert assign_splits([Member(group, phash=1)], known=known((group, TEST, None))) == [TEST]


def test_a_near_duplicate_of_something_known_shares_its_split() -> None:
    one, other = drawn(TRAIN, 0), drawn(TRAIN, 1)
    there = known((other, TEST, 0b111_111))
    assert assign_splits([Member(one, phash=0)], known=there) == [TEST]
    assert assign_splits([Member(one, phash=1 << 40)], known=there) == [TRAIN]


def test_near_duplicates_share_a_split_over_several_steps() -> None:
    first, second, third = (drawn(split) for split in Split)
    members = [Member(first, phash=0), Member(second, phash=0b11111), Member(third, phash=0x3FF)]
    assert len(set(assign_splits(members))) == 1
    apart = [Member(first, phash=0), Member(second, phash=0xFFFF), Member(third, phash=0xFFFF_FFFF)]
    assert assign_splits(apart) == [TRAIN, VAL, TEST]


def test_a_new_picture_between_two_known_ones_is_held_out() -> None:
    there = known((drawn(TRAIN, 1), TRAIN, 0), (drawn(TRAIN, 2), TEST, 0x3FF))
    assert assign_splits([Member(drawn(TRAIN), phash=0b11111)], known=there) == [TEST]


def test_ties_hold_groups_together() -> None:
    one, other = drawn(TRAIN), drawn(TEST)
    splits = assign_splits([Member(one), Member(other)], ties=[(one, other)])
    assert splits == [split_of(min(one, other))] * 2


def test_a_tie_to_a_known_group_that_is_not_in_the_scan_counts() -> None:
    one, other = drawn(TRAIN), drawn(TRAIN, 1)
    there = known((other, TEST, None))
    assert assign_splits([Member(one)], known=there, ties=[(one, other)]) == [TEST]


GROUPS = st.sampled_from([f"g{i}" for i in range(6)])
HASHES = st.none() | st.sampled_from([0, 1, 0b111, 0x7F, 0xFFF, 1 << 60, (1 << 60) | 1, 2**64 - 1])
MEMBERS = st.lists(
    st.builds(Member, GROUPS, st.none() | st.sampled_from(list(Split)), HASHES), max_size=8
)
TIES = st.lists(st.tuples(GROUPS, GROUPS), max_size=3)


def naive(members: list[Member], ties: list[tuple[str, str]]) -> list[Split]:
    """The rule, followed step by step over all pairs."""
    order = [TEST, VAL, TRAIN]
    together = {frozenset(tie) for tie in ties}
    for one in members:
        for other in members:
            hashed = one.phash is not None and other.phash is not None
            if hashed and (one.phash ^ other.phash).bit_count() <= 6:
                together.add(frozenset((one.group, other.group)))
    result = []
    for member in members:
        family = {member.group}
        while grown := {g for tie in together if tie & family for g in tie} - family:
            family |= grown
        own = {m.given for m in members if m.group == member.group and m.given}
        related = {m.given for m in members if m.group in family and m.given}
        choices = own or related or {split_of(min(family))}
        result.append(member.given or min(choices, key=order.index))
    return result


@given(MEMBERS, TIES)
def test_splits_are_those_of_the_rule_followed_naively(
    members: list[Member], ties: list[tuple[str, str]]
) -> None:
    assert assign_splits(members, ties=ties) == naive(members, ties)


@given(MEMBERS, TIES, st.randoms(use_true_random=False))
def test_splits_do_not_depend_on_order(
    members: list[Member], ties: list[tuple[str, str]], random: object
) -> None:
    places = list(range(len(members)))
    random.shuffle(places)
    shuffled = assign_splits([members[i] for i in places], ties=ties[::-1])
    splits = assign_splits(members, ties=ties)
    assert shuffled == [splits[i] for i in places]


@given(MEMBERS, TIES)
def test_a_group_never_sits_in_two_splits_unless_a_manifest_says_so(
    members: list[Member], ties: list[tuple[str, str]]
) -> None:
    splits = assign_splits(members, ties=ties)
    by_group: dict[str, set[Split]] = {}
    for member, split in zip(members, splits, strict=True):
        if member.given is None:
            by_group.setdefault(member.group, set()).add(split)
    assert all(len(found) == 1 for found in by_group.values())


@given(MEMBERS, TIES)
def test_assigning_again_with_what_is_known_by_then_changes_nothing(
    members: list[Member], ties: list[tuple[str, str]]
) -> None:
    splits = assign_splits(members, ties=ties)
    there = known(*((m.group, s, m.phash) for m, s in zip(members, splits, strict=True)))
    assert assign_splits(members, known=there, ties=ties) == splits
