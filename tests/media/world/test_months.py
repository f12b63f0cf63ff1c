"""The demonstration's months: familiar things first, then twelve kinds nobody was shown."""

from __future__ import annotations

from collections import Counter

from scrubjay.media.world.months import SCENES_EACH, first_month, second_month
from scrubjay.media.world.scene import has_held_out_pair, meaning
from scrubjay.media.world.things import newcomers, things


def test_every_scene_of_both_months_means_something_of_its_own() -> None:
    shots = (*first_month(), *second_month())
    assert len({meaning(shot.scene) for shot in shots}) == len(shots)
    assert len({shot.captions[0] for shot in shots}) == len(shots)


def test_months_are_the_same_every_time() -> None:
    assert first_month() == first_month()
    assert second_month() == second_month()


def test_the_first_month_holds_familiar_things_only() -> None:
    for shot in first_month():
        assert not set(shot.scene.concepts) & set(newcomers())
        assert shot.kind == ""
        assert not has_held_out_pair(shot.scene.everything)


def test_every_picture_of_the_second_month_shows_its_newcomer() -> None:
    named = {things()[at].name: at for at in newcomers()}
    shots = second_month()
    for shot in shots:
        assert named[shot.kind] in shot.scene.concepts
    assert Counter(shot.kind for shot in shots) == dict.fromkeys(named, SCENES_EACH)


def test_every_newcomer_is_both_learned_and_held_out() -> None:
    shots = second_month()
    learned = Counter(shot.kind for shot in shots if not shot.held_out)
    asked = Counter(shot.kind for shot in shots if shot.held_out)
    assert len(learned) == len(asked) == 12
    assert set(asked.values()) == {SCENES_EACH // 4}


def test_only_the_first_month_is_spoken() -> None:
    assert sum(shot.spoken for shot in first_month()) == 140
    assert not any(shot.spoken for shot in second_month())
