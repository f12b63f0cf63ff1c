"""What is true of a scene, as targets."""

from __future__ import annotations

import torch

from scrubjay.media.world.lexicon import ABOVE, BELOW, LEFT, RIGHT
from scrubjay.media.world.scene import Scene, Template, word_concept
from scrubjay.training.world.facts import MOST_TOGETHER, PLACES, TEMPLATES, UNKNOWN, facts_of

NO = UNKNOWN


def test_facts_are_those_of_the_scenes() -> None:
    facts = facts_of(
        [
            Scene(Template.ONE, (5,)),
            Scene(Template.COUNT, (5,), count=3),
            Scene(Template.PLACE, (1, 2), place=RIGHT),
            Scene(Template.PLACE, (1, 2), place=ABOVE),
            Scene(Template.SOME, (4, 3, 2, 1)),
            Scene(Template.SIGN, (7,), word=2),
            Scene(Template.COUNT_AND, (5, 6), count=2),
        ]
    )
    assert PLACES == (LEFT, RIGHT, ABOVE, BELOW)
    assert facts.present.tolist() == [
        [5, NO, NO, NO],
        [5, NO, NO, NO],
        [1, 2, NO, NO],
        [1, 2, NO, NO],
        [4, 3, 2, 1],
        [7, word_concept(2), NO, NO],
        [5, 6, NO, NO],
    ]
    assert facts.present.shape == (7, MOST_TOGETHER)
    nowhere = [NO] * 4
    assert facts.placed.tolist() == [
        nowhere,
        nowhere,
        [2, 1, NO, NO],
        [NO, NO, 1, 2],
        nowhere,
        nowhere,
        nowhere,
    ]
    assert facts.number.tolist() == [0, 2, NO, NO, NO, NO, NO]
    assert [TEMPLATES[at] for at in facts.template] == [
        "one",
        "count",
        "place",
        "place",
        "some",
        "sign",
        "count_and",
    ]
    assert all(one.dtype == torch.int64 for one in facts)


def test_groups_are_equal_where_scenes_mean_the_same() -> None:
    groups = facts_of(
        [
            Scene(Template.PLACE, (1, 2), place=LEFT),
            Scene(Template.PLACE, (2, 1), place=RIGHT),
            Scene(Template.PLACE, (2, 1), place=LEFT),
            Scene(Template.SOME, (1, 2, 3)),
            Scene(Template.SOME, (3, 1, 2)),
            Scene(Template.COUNT, (1,), count=2),
            Scene(Template.COUNT, (1,), count=3),
        ]
    ).groups.tolist()
    assert groups[0] == groups[1]
    assert groups[3] == groups[4]
    assert len(set(groups)) == 5
