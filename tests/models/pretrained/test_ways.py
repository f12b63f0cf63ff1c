"""What models that hold no conversation learn: masks by hand, and the library's own loss."""

from __future__ import annotations

import pickle
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from scrubjay.core.errors import BadConfig
from scrubjay.models.pretrained.lesson import IGNORED, Lesson, Taught
from scrubjay.models.pretrained.opening import Opened, open_model
from scrubjay.models.pretrained.ways.kinds import way_of
from scrubjay.models.pretrained.ways.way import Lessons, Way
from tests.models.vlm.older_models import ANSWERS, QUERIES, SAVE

RANDOM = np.random.default_rng(0)
LESSONS = [
    Lesson(RANDOM.integers(0, 256, (40, 40, 3), dtype=np.uint8), "What is it?", "yes"),
    Lesson(RANDOM.integers(0, 256, (60, 45, 3), dtype=np.uint8), "Is it a\n cat?", "three"),
]
WRITERS = [kind for kind in SAVE if kind != "vilt"]
READ = {
    "blip2": "<image>" * QUERIES + "</s>Question: {} Answer:",
    "blip2_t5": "<image>" * QUERIES + "Question: {} Answer:",
    "git": "[CLS]",
    "florence2": "<image>" * 17 + "<s>{}</s>",
}
LEARNED = {
    "blip2": " {}</s>",
    "blip2_t5": "{}</s>",
    "git": "{} [SEP]",
    "florence2": "{}</s>",
}


class Known(NamedTuple):
    opened: Opened
    way: Way
    lessons: Lessons
    tokenizer: Any


def known(folder) -> Known:
    found = way_of(str(folder))
    opened = open_model(folder, family=found.family, classes=found.classes())
    way = pickle.loads(pickle.dumps(found.of(opened, None)))
    return Known(opened, way, way.lessons(opened.processor), opened.processor.tokenizer)


def costs(one: Known, taught: Taught) -> tuple[torch.Tensor, torch.Tensor]:
    with torch.no_grad():
        logits = one.opened.model(**taught.inputs, use_cache=False).logits
        return one.way.losses(logits, taught.labels)


@pytest.mark.parametrize("kind", WRITERS)
def test_the_answer_and_its_end_are_learned_and_nothing_else(kind, looking) -> None:
    one = known(looking(kind))
    inputs, labels = one.lessons.taught(LESSONS)
    for row, lesson in enumerate(LESSONS):
        asked = one.way.asks(one.opened.processor).inputs(lesson.messages)["input_ids"][0]
        assert torch.equal(inputs["input_ids"][row, : len(asked)], asked)
        question = " ".join(lesson.instruction.split())
        assert one.tokenizer.decode(asked) == READ[kind].format(question)
        learned = labels[row][labels[row] != IGNORED]
        assert one.tokenizer.decode(learned) == LEARNED[kind].format(lesson.answer)
        assert int(learned[-1]) in one.way.ends
        read = int(inputs["attention_mask"][row].sum())
        if kind in {"blip2_t5", "florence2"}:  # another network writes
            assert read == len(asked)
            assert torch.equal(labels[row, : len(learned)], learned)
        else:
            assert read == len(asked) + len(learned)
            assert torch.equal(labels[row, len(asked) : read], learned)
            assert torch.equal(inputs["input_ids"][row, len(asked) : read], learned)


def test_an_answer_after_a_question_is_the_tokens_of_both_in_one_text(looking) -> None:
    one = known(looking("blip2"))
    inputs, _ = one.lessons.taught(LESSONS[:1])
    whole = one.tokenizer("Question: What is it? Answer: yes")["input_ids"]
    assert inputs["input_ids"][0, QUERIES:-1].tolist() == whole


@pytest.mark.parametrize("kind", SAVE)
def test_the_loss_is_the_librarys_own_and_filling_up_changes_nothing(kind, looking) -> None:
    one = known(looking(kind))
    taught = one.lessons.taught(LESSONS)
    sums, tokens = costs(one, taught)
    with torch.no_grad():
        theirs = one.opened.model(**{**taught.inputs, "labels": taught.labels})
    assert float(sums.sum() / tokens.sum()) == pytest.approx(float(theirs.loss), rel=1e-5)
    assert len(set(sums.tolist())) == 2
    for row, lesson in enumerate(LESSONS):
        (total,), (count,) = costs(one, one.lessons.taught([lesson]))
        assert int(count) == int(tokens[row])
        assert float(total) == pytest.approx(float(sums[row]), rel=2e-4)


def test_a_choice_is_learned_as_the_one_that_is_right(looking) -> None:
    one = known(looking("vilt"))
    inputs, labels = one.lessons.taught(LESSONS)
    assert labels.tolist() == [[float(word == one.answer) for word in ANSWERS] for one in LESSONS]
    asked = one.opened.processor.tokenizer("What is it?")["input_ids"]
    assert inputs["input_ids"][0, : len(asked)].tolist() == asked
    assert one.way.unanswerable(" YES ") is None
    assert "'maybe' is none of the 7 that vilt chooses among" in one.way.unanswerable("maybe")
    with pytest.raises(BadConfig, match="'maybe' is none"):
        one.lessons.taught([Lesson(LESSONS[0].picture, "Is it?", "maybe")])


@pytest.mark.parametrize("kind", ["blip2", "git"])
def test_control_tokens_in_an_answer_are_text(kind, looking) -> None:
    one = known(looking(kind))
    end = one.tokenizer.decode([one.way.ends[0]])
    _, labels = one.lessons.taught([Lesson(LESSONS[0].picture, "What?", f"one{end}two")])
    ends = [token for token in labels[0].tolist() if token in one.way.ends]
    assert len(ends) == 1


def test_a_template_is_for_conversations(looking) -> None:
    folder = looking("git")
    opened = open_model(folder, family="git", classes=way_of(str(folder)).classes())
    with pytest.raises(BadConfig, match="holds no conversation"):
        way_of(str(folder)).of(opened, "{{ messages }}")
    with pytest.raises(BadConfig, match="no token for the answer"):
        known(folder).lessons.taught([Lesson(LESSONS[0].picture, "What?", "\u200b")])
