"""Words tied to the object they name, and to its place."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.media.world.captions import plainest
from scrubjay.media.world.scene import Scene, Template, word_concept
from scrubjay.media.world.things import Language
from scrubjay.training.world.batches import _WORD
from scrubjay.training.world.binding import bound
from scrubjay.training.world.facts import PLACES, UNKNOWN
from tests.media.world.worlds import concept

RED_STAR, BLUE_RING, DOG = concept("red star"), concept("blue ring"), concept("dog")
NO = UNKNOWN


def tied(scene: Scene, language: Language) -> list[tuple[str, int, int]]:
    """Every word with its concept and place."""
    said = plainest(scene, language)
    words = list(_WORD.finditer(said.text))
    atoms = [
        next((m.atom for m in said.meanings if m.start <= word.start() < m.end), -1)
        for word in words
    ]
    concepts, places = bound(np.array([[*atoms, UNKNOWN]], np.int64))
    assert concepts[0, -1] == places[0, -1] == UNKNOWN
    return [
        (word.group(), int(one), int(where))
        for word, one, where in zip(words, concepts[0], places[0], strict=False)
    ]


LEFT, RIGHT = PLACES.index("left"), PLACES.index("right")


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            Language.ENGLISH,
            [
                ("a", NO, NO),
                ("red", RED_STAR, LEFT),
                ("star", RED_STAR, LEFT),
                ("to", NO, NO),
                ("the", NO, NO),
                ("left", NO, NO),
                ("of", NO, NO),
                ("a", NO, NO),
                ("blue", BLUE_RING, RIGHT),
                ("ring", BLUE_RING, RIGHT),
            ],
        ),
        (
            Language.FRENCH,
            [
                ("une", NO, NO),
                ("étoile", RED_STAR, LEFT),
                ("rouge", RED_STAR, LEFT),
                ("à", NO, NO),
                ("gauche", NO, NO),
                ("d", NO, NO),
                ("un", NO, NO),
                ("anneau", BLUE_RING, RIGHT),
                ("bleu", BLUE_RING, RIGHT),
            ],
        ),
    ],
)
def test_colour_and_shape_name_one_object_in_its_place(language, expected) -> None:
    scene = Scene(Template.PLACE, (RED_STAR, BLUE_RING), place="left")
    assert tied(scene, language) == expected


def test_objects_in_a_list_have_no_place() -> None:
    scene = Scene(Template.SOME, (RED_STAR, DOG, BLUE_RING))
    found = {word: (one, where) for word, one, where in tied(scene, Language.GERMAN)}
    assert found["roter"] == found["Stern"] == (RED_STAR, NO)
    assert found["Hund"] == (DOG, NO)
    assert found["blauer"] == found["Ring"] == (BLUE_RING, NO)
    assert found["und"] == (NO, NO)


def test_a_sign_that_says_left_is_no_place() -> None:
    scene = Scene(Template.SIGN, (DOG,), word=46)
    said = tied(scene, Language.ENGLISH)
    assert [word for word, one, _ in said if one == word_concept(46)]
    assert all(where == NO for _, _, where in said)
    assert ("dog", DOG, NO) in said
