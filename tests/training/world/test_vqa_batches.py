from __future__ import annotations

import numpy as np
import pytest
import torch

from scrubjay.core.errors import BadConfig
from scrubjay.media.world.draw import Box, Drawn, cells
from scrubjay.media.world.scene import has_held_out_pair, shape_concept, word_concept
from scrubjay.media.world.unanswerable import UNKNOWN_NOUNS
from scrubjay.models.builtin_vqa.lexicon import UNKNOWN, words_of
from scrubjay.training.world.vqa_batches import (
    INSIDE,
    NEITHER,
    OUTSIDE,
    VqaBatches,
    VqaWorld,
    middles,
)
from scrubjay.training.world.vqa_examples import example, read, said_otherwise
from scrubjay.training.world.vqa_lexicon import answer_places, kind_of, lexicon

SIZES = {"size": 96, "across": 6, "scenes": 6, "questions": 3, "batches": 4, "epochs": 2, "seed": 5}


def batches(*, held_out: bool = False) -> VqaBatches:
    more = {"mosaics": 0, "signs": 0} if held_out else {"mosaics": 2, "signs": 1}
    return VqaBatches(**SIZES, **more, outsiders=2, held_out=held_out)


def test_a_batch_follows_from_its_epoch_and_place() -> None:
    one, again, other = batches()[1, 2], batches()[1, 2], batches()[1, 3]
    assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
    assert not torch.equal(one.pixel_values, other.pixel_values)


def test_held_out_batches_are_the_same_in_every_epoch() -> None:
    one, again = batches(held_out=True)[0, 1], batches(held_out=True)[9, 1]
    assert torch.equal(one.pixel_values, again.pixel_values)
    assert torch.equal(one.words, again.words)


def test_every_picture_has_its_labels() -> None:
    batch = batches()[0, 0]
    familiar = batch.familiar.tolist()
    assert familiar == [INSIDE] * 6 + [NEITHER] * 3 + [OUTSIDE] * 2
    strange = batch.familiar == OUTSIDE
    assert (batch.kinds[strange] == -1).all()
    assert (batch.object[strange] == 0).all()
    assert (batch.object[6:8].sum(dim=1) == 9).all()
    shapes = (batch.kinds >= len(lexicon().things)) & (batch.kinds < len(lexicon().things) + 8)
    assert ((batch.colours >= 0) == shapes).all()
    assert batch.asked.max() < 6
    assert batch.answers.max() <= len(lexicon().answers)


def test_no_held_out_pair_is_learned_from() -> None:
    random = np.random.default_rng(1)
    scenes = [example(random, questions=1).scene for _ in range(200)]
    assert not any(has_held_out_pair(one.everything) for one in scenes)
    tested = [example(random, questions=1, held_out=True).scene for _ in range(200)]
    assert any(has_held_out_pair(one.everything) for one in tested)


def test_middles_are_where_cells_say_the_object_is() -> None:
    drawn = Drawn(np.zeros((96, 96, 3), np.uint8), (Box(40, 70, 32, 16, 3),))
    there, box = middles(drawn, 6)
    (cell,) = np.flatnonzero(there)
    assert cell == 4 * 6 + 2
    assert cells(drawn, 6)[cell] == 3
    assert box[cell] == pytest.approx([40 / 16 - 2.5, 70 / 16 - 4.5, np.log(2), 0])


def test_what_matters_of_a_question_is_never_lost() -> None:
    random = np.random.default_rng(0)
    asked = lexicon().read("how many red circles are there to the left of the dog?")
    kept = {int(lexicon().known[one]) for one in ("how", "many", "left")}
    for _ in range(200):
        other = said_otherwise(asked, random)
        assert kept <= set(other.words.tolist())
        assert np.array_equal(
            other.slots[(other.slots >= 0).any(1)], asked.slots[(asked.slots >= 0).any(1)]
        )
        names = np.flatnonzero((other.slots >= 0).any(axis=1))
        assert names[1] == names[0] + 1 or other.words[names[0] + 1] == UNKNOWN


def test_the_lexicon_has_every_answer_and_no_unknown_thing() -> None:
    known = set(lexicon().vocabulary)
    assert not known & set(UNKNOWN_NOUNS.held_out)
    for noun in UNKNOWN_NOUNS.held_out:
        assert lexicon().read(f"is there a {noun}?").unknown == (noun,), noun
    assert len(answer_places()) == len(lexicon().answers)
    assert kind_of(shape_concept(0, 3)) == len(lexicon().things)
    assert kind_of(word_concept(0)) == len(lexicon().things) + 8
    assert set(words_of("to the left of")) <= known


def test_short_questions_are_padded() -> None:
    words, slots = read(["how many dogs?", "is there a cat?"])
    assert words.shape == (2, 4)
    assert words[0, 3] == 0
    assert (slots[0, 3] == -1).all()


def test_numbers_that_cannot_be_are_refused() -> None:
    with pytest.raises(BadConfig, match="datamodule"):
        VqaWorld(scenes=0)
