"""Words beside numbers: what they are about, however they are spaced or misread."""

from __future__ import annotations

import pytest

from scrubjay.ask.extracting.cues import INPUT, NET, OTHER, OWN, PHRASES, SIZE, cues, kinds
from scrubjay.ask.extracting.entities import Entity


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Net Wt.", {Entity.ITEM_WEIGHT}),
        ("NETWEIGHT:", {Entity.ITEM_WEIGHT}),
        ("Weiqht", {Entity.ITEM_WEIGHT}),
        ("Height", {Entity.HEIGHT}),
        ("Weight", {Entity.ITEM_WEIGHT}),
        ("Max. weight", {Entity.MAXIMUM_WEIGHT}),
        ("holds up to", {Entity.MAXIMUM_WEIGHT}),
        ("Gross weight", {OTHER}),
        ("Serving size", {OTHER}),
        ("Net contents", {NET}),
        ("Dimensions", {SIZE}),
        ("Höhe", {Entity.HEIGHT}),
        ("H:", {Entity.HEIGHT}),
        ("INPUT:", {INPUT}),
        ("Crunchy Oats", set()),
        ("", set()),
    ],
)
def test_words_say_what_is_measured(text, wanted) -> None:
    assert kinds(text) == wanted


def test_the_longest_phrase_wins_and_order_is_kept() -> None:
    assert [one.kind for one in cues("Net weight 5, max load")] == [
        Entity.ITEM_WEIGHT,
        Entity.MAXIMUM_WEIGHT,
    ]


def test_every_phrase_is_found_alone() -> None:
    for kind, phrases in PHRASES.items():
        for phrase in phrases:
            assert (
                kind in kinds(phrase) or len({k for k, p in PHRASES.items() if phrase in p}) > 1
            ), phrase


def test_words_for_an_entity_are_against_the_others() -> None:
    for entity in (Entity.ITEM_WEIGHT, Entity.MAXIMUM_WEIGHT, Entity.WIDTH, Entity.HEIGHT):
        assert not any(entity in OWN[other] for other in Entity if other is not entity)
