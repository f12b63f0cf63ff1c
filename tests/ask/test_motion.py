"""What moves is followed from frame to frame; what cannot be followed is not told."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.ask.motion import camera, follow
from scrubjay.ask.moving import About, about_movement, asks_what_happens, told_of
from scrubjay.core.looking import Seen
from scrubjay.media.video import Frame

SIDE = 96
STEPS = 10
RNG = np.random.default_rng(7)
GROUND = np.kron(RNG.integers(60, 200, (24, 24, 3)), np.ones((8, 8, 1))).astype(np.uint8)
"""(192, 192, 3): larger than a frame, so that a camera can move over it."""


class Sees:
    """A model that sees coloured squares, each under a name."""

    def __init__(self, names, blind=()):
        self.names = names
        self.blind = set(blind)
        self.asked = -1

    def __call__(self, picture):
        self.asked += 1
        if self.asked in self.blind:
            return ()
        found = []
        for colour, name in self.names.items():
            rows, columns = np.where((picture == np.array(colour)).all(axis=2))
            if len(rows):
                box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
                found.append(Seen(name, tuple(float(one) / SIDE for one in box), 0.9))
        return tuple(found)


BALL, CUP = (255, 0, 0), (0, 0, 255)
NAMES = {BALL: "ball", CUP: "cup"}


def shot(places, camera_at=lambda n: (40, 40)):
    """Frames a third of a second apart.

    Args:
        places: colour -> what says where its square's upper left corner is in a frame, or None.
    """
    made = []
    for n in range(STEPS):
        y, x = camera_at(n)
        picture = GROUND[y : y + SIDE, x : x + SIDE].copy()
        for colour, place in places.items():
            at = place(n)
            if at is not None:
                top, left = (round(one) for one in at)
                picture[max(0, top) : top + 16, max(0, left) : left + 16] = colour
        made.append(Frame(n / 3, picture))
    return made


def right(n):
    return (40, 4 + 8 * n)


def still(n):
    return (70, 10)


def told(frames, question, blind=()):
    return told_of(follow(frames, Sees(NAMES, blind)), question)


def test_what_moves_is_told_from_where_to_where_and_what_stands_still_is_not():
    reply = told(shot({BALL: right, CUP: still}), "what moves?")
    assert reply.told
    assert reply.text == "the ball moves from the left to the right"
    assert reply.confidence == pytest.approx(0.9)


def test_a_thing_that_is_named_is_answered_for_alone():
    frames = shot({BALL: right, CUP: still})
    assert told(frames, "does the ball move?").text.startswith("yes: the ball moves from the left")
    assert told(frames, "does the cup move?").text == "no: the cup stays at the lower left"
    assert told(frames, "where does the ball go?").text.endswith("to the right")
    assert not told(frames, "does the dog move?").told
    assert "no dog could be followed" in told(frames, "does the dog move?").text


def test_the_camera_moving_is_no_thing_moving():
    def pans(n):
        return (40, 20 + 5 * n)

    def stands(n):
        return (40, 70 - 5 * n)

    frames = shot({BALL: stands}, pans)
    shifts = camera(frames)
    assert shifts[0][0] - shifts[-1][0] == pytest.approx(45 / SIDE, abs=0.05)
    assert told(frames, "what moves?").text == "nothing moves"


def test_a_large_thing_passing_is_not_taken_for_the_camera():
    frames = shot({BALL: right})
    assert camera(frames) == [(0.0, 0.0)] * STEPS


def test_what_comes_and_what_goes_is_told():
    def late(n):
        return (20, 60) if n >= 4 else None

    def early(n):
        return (60, 20) if n <= 5 else None

    frames = shot({BALL: late, CUP: early})
    assert told(frames, "what comes?").text == "the ball comes at the upper right"
    assert told(frames, "what disappears?").text == "the cup goes at the lower left"
    told_all = told(frames, "what happens?").text
    assert "the ball comes" in told_all
    assert "the cup goes" in told_all


def test_a_thing_the_model_only_fails_to_see_neither_comes_nor_goes():
    frames = shot({CUP: still})
    reply = told(frames, "what leaves?", blind=(7, 8, 9))
    assert reply.text == "nothing goes"


def test_a_thing_that_is_lost_on_its_way_has_not_gone():
    class Loses(Sees):
        def __call__(self, picture):
            seen = super().__call__(picture)
            return () if self.asked > 5 else seen

    tracks = follow(shot({BALL: right}), Loses(NAMES))
    assert [one.goes for one in tracks] == [False]


def test_nobody_says_what_cannot_be_told():
    frames = shot({BALL: right})
    assert not told(frames, "what moves?", blind=range(STEPS)).told
    assert not told(frames, "what moves?", blind=(1, 2, 3, 5, 6, 7, 8)).told, "too seldom seen"
    assert not told_of(follow(frames[:2], Sees(NAMES)), "what moves?").told, "too few frames"

    def wanders(n):
        return (40, 40 + (20 if n % 2 else 0))

    assert not told(shot({BALL: wanders}), "what moves?").told

    def a_little(n):
        return (40, 40 + n)

    assert not told(shot({BALL: a_little}), "does the ball move?").told


def test_a_model_that_is_unsure_of_what_it_sees_is_not_believed():
    class Doubts(Sees):
        def __call__(self, picture):
            return tuple(Seen(one.text, one.box, 0.3) for one in super().__call__(picture))

    reply = told_of(follow(shot({BALL: right}), Doubts(NAMES)), "what moves?")
    assert not reply.told


def test_a_name_that_flickers_is_voted_on():
    class Wavers(Sees):
        def __call__(self, picture):
            seen = super().__call__(picture)
            return tuple(
                Seen("apple" if self.asked == 4 else one.text, one.box, 0.9) for one in seen
            )

    def stands(n):
        return (40, 40)

    (track,) = follow(shot({BALL: stands}), Wavers(NAMES))
    assert (track.name, len(track.sightings)) == ("ball", STEPS)


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("what moves?", About.MOVES),
        ("which way does the boat go?", About.MOVES),
        ("where does the dog run?", About.MOVES),
        ("what is the man doing?", About.MOVES),
        ("what comes into the picture?", About.COMES),
        ("what appears?", About.COMES),
        ("does anything disappear?", About.GOES),
        ("who leaves?", About.GOES),
        ("what happens in the video?", About.HAPPENS),
        ("what is going on?", About.HAPPENS),
        ("how many cups are there?", None),
        ("what colour is the car?", None),
        ("where is the car?", None),
        ("what does the sign say?", None),
    ],
)
def test_what_a_question_wants_to_know_of_movement(question, about):
    assert about_movement(question) is about


def test_all_that_happens_is_asked_about_nothing_by_name():
    assert asks_what_happens("what happens in the film?")
    assert not asks_what_happens("what happens to the dog?")
    assert not asks_what_happens("what moves?")
