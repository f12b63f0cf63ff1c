"""Of a long video those scenes are looked at that the question is about."""

from __future__ import annotations

import numpy as np

from scrubjay.ask.question import Question
from scrubjay.ask.watching_choice import choose
from scrubjay.ask.watching_film import Scene, Sign
from scrubjay.core.hearing import Heard
from scrubjay.core.looking import Reply
from scrubjay.core.types import EncoderSpec, Modality
from scrubjay.media.moments import Moment
from scrubjay.models.load import load_encoder

THINGS = ("dog", "cat", "house", "boat", "tree", "car", "bird", "cup", "chair", "lamp")


def scenes(said=None, read=None, keys=None):
    """Ten scenes of two seconds, each of another thing."""
    return [
        Scene(
            Moment(2.0 * n, 2.0 * n + 2),
            tuple(2.0 * n + 1 + 0.1 * extra for extra in range((keys or {}).get(n, 1))),
            (Heard(said[n], 2.0 * n, 2.0 * n + 1),) if said and n in said else (),
            (Sign(read[n]),) if read and n in read else (),
            Reply(f"a {thing}", confidence=0.9),
        )
        for n, thing in enumerate(THINGS)
    ]


def places(question, some, k=3, **more):
    chosen = choose(some, Question(question, "en"), k, **more)
    return [some.index(one) for one in chosen.scenes], chosen.by


class Synonyms:
    """An encoder to which a vehicle is a car."""

    spec = EncoderSpec("synonyms", "v1", 2, frozenset({Modality.TEXT}), "f")

    def encode(self, modality, batch):
        alike = [("vehicle" in one) or ("car" in one) for one in batch]
        return np.array([(1.0, 0.0) if one else (0.0, 1.0) for one in alike], np.float32)


def test_the_words_of_a_question_find_the_scene_that_shows_them():
    found, by = places("what colour is the bird?", scenes())
    assert found[0] == 6
    assert by == ("words",)


def test_a_text_tower_finds_what_is_called_otherwise():
    found, by = places("what colour is the vehicle?", scenes(), encoder=Synonyms)
    assert found[0] == 5
    assert "v1" in by


def test_what_a_search_found_counts():
    found, by = places(
        "what colour is the sofa?", scenes(), found=lambda: [(16.1, 17.9), (2.0, 4.0)]
    )
    assert found[:2] == [8, 1]
    assert by == ("search",)


def test_what_is_said_about_a_thing_is_looked_for_in_speech_and_what_is_seen_in_pictures():
    some = scenes(said={2: "the boat is late", 7: "good evening"})
    assert places("what is said about the boat?", some, k=1)[0] == [2]
    assert places("what colour is the boat?", some, k=1)[0] == [3]


def test_a_sign_is_looked_for_where_something_is_written():
    some = scenes(read={1: "EXIT", 4: "PRIVATE", 8: "to the boat"})
    assert places("what does the sign say?", some)[0] == [1, 4, 8]
    assert places("what is written about the boat?", some, k=1)[0] == [8]


def test_where_nothing_tells_them_apart_they_lie_evenly_and_in_order():
    for question in ("what is it about?", "what colour is the submarine?"):
        found, by = places(question, scenes())
        assert found == [0, 4, 9]
        assert by == ()


def test_movement_is_looked_for_where_pictures_change_most():
    assert places("what moves?", scenes(keys={3: 4, 8: 3}), k=2)[0] == [3, 8]
    found, _ = places("which way does the car go?", scenes(keys={3: 4}), k=1)
    assert found == [5], "the thing that is named counts more"


def test_few_scenes_are_all_looked_at_without_asking_an_encoder():
    def never():
        raise AssertionError

    assert places("what is it?", scenes()[:3], encoder=never)[0] == [0, 1, 2]


def test_an_encoder_and_shared_words_agree_on_the_scene():
    found, by = places("what colour is the bird?", scenes(), encoder=lambda: load_encoder("fake"))
    assert found[0] == 6
    assert len(by) == 2


def test_an_encoder_that_is_not_installed_is_done_without():
    assert places("is there a bird?", scenes(), encoder=lambda: None)[0][0] == 6
