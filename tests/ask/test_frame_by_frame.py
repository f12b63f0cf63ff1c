"""A model that looks at one picture at a time, asked about several frames of a moment."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from scrubjay.ask.frame_by_frame import (
    caption_of_frame,
    locate_in_frame,
    middle_square,
    reply_of_frames,
)
from scrubjay.ask.gleaned import Gleaned
from scrubjay.ask.steps import Walk
from scrubjay.core.looking import Reply, Sampling, Seen
from scrubjay.media.video import Frame
from scrubjay.models.colours import main_colour
from tests.ask.conftest import BLUE, RED, Given, Scripted, Sees

CANNOT = Reply("I can't tell", told=False)


def frames(*pictures):
    return [Frame(float(n), picture) for n, picture in enumerate(pictures)]


def plain(colour, size=(60, 60)):
    return np.full((*size, 3), colour, np.uint8)


def replied(model, some, question="what is it?"):
    return reply_of_frames(Walk(Given(vlm=model), Gleaned()), some, question, Sampling())


def says(*texts, **more):
    return Scripted([Reply(text, confidence=sure) for text, sure in texts], **more)


def test_what_most_frames_say_is_the_answer_and_no_majority_is_none():
    three = frames(plain(RED), plain(RED), plain(RED))
    assert replied(says(("a cup", 0.9), ("a jug", 0.6), ("A cup.", 0.8)), three).text == "a cup"
    reply = replied(says(("a cup", 0.9), ("a jug", 0.9), ("a bowl", 0.9)), three)
    assert not reply.told
    assert "do not agree" in reply.text


def test_one_sure_frame_is_enough_where_the_others_cannot_tell():
    model = Scripted([CANNOT, Reply("a cup", confidence=0.7), CANNOT])
    assert replied(model, frames(*[plain(RED)] * 3)).text == "a cup"


def test_a_frame_without_any_says_nothing_against_one_with_some():
    some = frames(plain(RED), plain(RED))
    assert replied(says(("0", 0.99), ("two", 0.7)), some, "how many cups are there?").text == "two"
    assert replied(says(("no", 0.99), ("yes", 0.7)), some, "is there a cup?").text == "yes"


class SquareEyed(Scripted):
    """One that would press a wide picture together, as the model in the box does."""

    @property
    def spec(self):
        return dataclasses.replace(super().spec, family="builtin")


def test_the_model_in_the_box_is_shown_the_middle_square_of_a_wide_frame():
    wide = plain(RED, (60, 120))
    wide[:, 30:90] = BLUE
    model = SquareEyed([Reply("blue", confidence=0.9)], captions=[Reply("a sea")], instructed=False)
    replied(model, frames(wide))
    ((asked,),) = model.heard
    assert main_colour(asked.pictures[0]) == "blue"
    assert asked.pictures[0].shape == (60, 60, 3)
    other = says(("red", 0.9), instructed=False)
    replied(other, frames(wide))
    assert other.heard[0][0].pictures[0].shape == (60, 120, 3), "others crop as they were taught"
    assert caption_of_frame(model, wide, Sampling()).text == "a sea"
    assert middle_square(plain(RED, (100, 110))).shape == (100, 110, 3), "nearly square"
    assert middle_square(plain(RED, (120, 60))).shape == (60, 60, 3)


@pytest.mark.parametrize(("size", "at"), [((60, 120), (20, 100)), ((120, 60), (100, 20))])
def test_a_thing_anywhere_in_a_wide_or_high_frame_is_found_once_in_its_place(size, at):
    picture = plain(BLUE, size)
    picture[at[0] : at[0] + 10, at[1] : at[1] + 10] = RED

    class Looks(Sees):
        def locate(self, picture):
            rows, columns = np.where((picture == np.array(RED)).all(axis=2))
            if not len(rows):
                return ()
            height, width = picture.shape[:2]
            box = (
                columns.min() / width,
                rows.min() / height,
                (columns.max() + 1) / width,
                (rows.max() + 1) / height,
            )
            return (Seen("ball", tuple(map(float, box)), 0.9),)

    (seen,) = locate_in_frame(Looks(), picture)
    left, top, right, bottom = seen.box
    assert (left, right) == pytest.approx((at[1] / size[1], (at[1] + 10) / size[1]), abs=0.02)
    assert (top, bottom) == pytest.approx((at[0] / size[0], (at[0] + 10) / size[0]), abs=0.02)


def test_movement_is_not_told_by_a_model_that_cannot_point():
    model = says(("a dog", 0.9), instructed=False)
    reply = replied(model, frames(*[plain(RED)] * 4), "what moves?")
    assert not reply.told
    assert "looks at one picture at a time" in reply.text
    assert not model.heard


def test_what_happens_is_what_is_shown_and_what_moves():
    class Follows(Sees):
        at = -1

        def locate(self, picture):
            self.at += 1
            x = 0.1 + 0.08 * (self.at % 10)
            return (Seen("ball", (x, 0.45, x + 0.1, 0.55), 0.9),)

    model = Follows(captions=[Reply("a ball on a lawn", confidence=0.8)], instructed=False)
    still = frames(*[plain(BLUE)] * 10)
    reply = replied(model, still, "what happens?")
    assert reply.text == "a ball on a lawn; the ball moves from the left to the right"
    assert reply.confidence == 0.8
