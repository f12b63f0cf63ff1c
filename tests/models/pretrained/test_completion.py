"""What is learned of a row, against masks written by hand and the library's own loss."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from scrubjay.core.errors import BadConfig
from scrubjay.models.pretrained.chat import Chat
from scrubjay.models.pretrained.completion import Completions
from scrubjay.models.pretrained.image_text import open_talker
from scrubjay.models.pretrained.lesson import IGNORED, Lesson
from scrubjay.models.pretrained.ways.losses import next_token_losses
from tests.models.vlm.small_models import SAVE, each_of, save_llava

RANDOM = np.random.default_rng(0)
LESSONS = [
    Lesson(RANDOM.integers(0, 256, (40, 40, 3), dtype=np.uint8), "What is it?", "yes"),
    Lesson(RANDOM.integers(0, 256, (60, 45, 3), dtype=np.uint8), "Is it a cat?", "a red circle."),
]
PICTURE = "[picture]"
BY_HAND = {
    "llava": ("<s>USER: [picture]\n{} ASSISTANT:", " {}</s>"),
    "llava_next": ("<s>[INST] [picture]\n{} [/INST]", " {}</s>"),
    "mllama": (
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n[picture]{}<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
        "{}<|eot_id|>",
    ),
    "paligemma": ("[picture]<bos>answer en {}\n", "{}<eos>"),
    "qwen2_vl": (
        "<|im_start|>user\n<|vision_start|>[picture]<|vision_end|>{}<|im_end|>\n"
        "<|im_start|>assistant\n",
        "{}<|im_end|>",
    ),
    "smolvlm": (
        "<s><|im_start|>User:[picture]{}<end_of_utterance>\nAssistant:",
        " {}<end_of_utterance>",
    ),
}
"""Kind -> what is read and what is learned; `[picture]` stands for the tokens of one."""


def opened_as(folder):
    opened, chat = open_talker(folder)
    told = opened.model.generation_config.eos_token_id
    return opened, chat, Completions(chat, ends=[told], name=opened.kind)


def parts(opened, row, labels) -> tuple[str, str]:
    """What is read and what is learned of a row, as text."""
    tokenizer = opened.processor.tokenizer
    learned = labels != IGNORED
    first = int(learned.nonzero()[0])
    last = int(learned.nonzero()[-1])
    assert learned[first : last + 1].all()
    return tokenizer.decode(row[:first]), tokenizer.decode(row[first : last + 1])


@pytest.mark.parametrize("kind", BY_HAND)
def test_the_answer_and_its_end_are_learned_and_nothing_else(kind, looking) -> None:
    opened, chat, completions = opened_as(looking(kind))
    inputs, labels = completions.taught(LESSONS)
    read_by_hand, learned_by_hand = BY_HAND[kind]
    before, after = read_by_hand.format("{}").split(PICTURE)
    for number, lesson in enumerate(LESSONS):
        read, learned = parts(opened, inputs["input_ids"][number], labels[number])
        assert learned == learned_by_hand.format(lesson.answer)
        assert read.startswith(before)
        assert read.endswith(after.format(lesson.instruction))
        # What stands between is of the picture alone.
        asked = chat.inputs(lesson.messages)["input_ids"][0]
        assert opened.processor.tokenizer.decode(asked) == read


@pytest.mark.parametrize("kind", each_of(SAVE))
def test_what_is_read_is_what_is_read_when_it_is_asked(kind, looking) -> None:
    opened, chat, completions = opened_as(looking(kind))
    inputs, labels = completions.taught(LESSONS)
    ids = inputs["input_ids"]
    assert labels.shape == ids.shape == inputs["attention_mask"].shape
    lengths = inputs["attention_mask"].sum(dim=1).tolist()
    assert len(set(lengths)) > 1  # one row is filled up
    pictures = {opened.model.config.to_dict().get(f"image_token_{end}") for end in ("id", "index")}
    for row, lesson in enumerate(LESSONS):
        asked = chat.inputs(lesson.messages)["input_ids"][0]
        assert torch.equal(ids[row, : len(asked)], asked)
        assert (labels[row, : len(asked)] == IGNORED).all()
        assert torch.equal(
            labels[row, len(asked) : lengths[row]], ids[row, len(asked) : lengths[row]]
        )
        assert (labels[row, lengths[row] :] == IGNORED).all()
        assert not pictures & set(labels[row].tolist())
        assert int(ids[row, lengths[row] - 1]) == opened.model.generation_config.eos_token_id


@pytest.mark.parametrize("kind", each_of(SAVE))
def test_the_loss_is_the_librarys_own_and_filling_up_changes_nothing(kind, looking) -> None:
    opened, _, completions = opened_as(looking(kind))
    taught = completions.taught(LESSONS)
    with torch.no_grad():
        theirs = opened.model(**taught.inputs, labels=taught.labels, use_cache=False)
        sums, tokens = next_token_losses(theirs.logits, taught.labels)
        assert float(sums.sum() / tokens.sum()) == pytest.approx(float(theirs.loss), rel=1e-5)
        for row, lesson in enumerate(LESSONS):
            alone = completions.taught([lesson])
            logits = opened.model(**alone.inputs, use_cache=False).logits
            (total,), (count,) = next_token_losses(logits, alone.labels)
            assert int(count) == int(tokens[row])
            assert float(total) == pytest.approx(float(sums[row]), rel=2e-4)


def test_paligemma_is_taught_by_its_own_rule(looking) -> None:
    """As its processor makes `suffix` with a tokenizer that adds nothing, which the real one is."""
    from tokenizers import processors

    opened, _, completions = opened_as(looking("paligemma"))
    tokenizer = opened.processor.tokenizer
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="$A:0", pair="$A:0 $B:1", special_tokens=[]
    )
    made = completions.taught(LESSONS)
    theirs = opened.processor(
        text=[f"<image>answer en {one.instruction}" for one in LESSONS],
        images=[[np.asarray(one.picture)] for one in LESSONS],
        suffix=[one.answer for one in LESSONS],
        padding=True,
        padding_side="right",
        return_tensors="pt",
    )
    assert torch.equal(made.inputs["input_ids"], theirs["input_ids"])
    assert torch.equal(made.inputs["attention_mask"], theirs["attention_mask"])
    assert torch.equal(made.inputs["token_type_ids"], theirs["token_type_ids"])
    assert torch.equal(made.labels, theirs["labels"])
    torch.testing.assert_close(made.inputs["pixel_values"], theirs["pixel_values"])


TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {% for content in message['content'] %}"
    "{% if content['type'] == 'image' %}<image>{% else %}{{ content['text'] }}{% endif %}"
    "{% endfor %} {% endfor %}"
)


@pytest.mark.parametrize(
    ("asks", "answer", "message"),
    [
        ("assistant: <think> ", "yes", "writes an answer elsewhere"),
        ("assistant: re", "red", "tokens of a prompt .* are others"),
    ],
)
def test_a_template_that_cannot_be_learned_from_says_so(asks, answer, message, tmp_path) -> None:
    template = TEMPLATE + f"{{% if add_generation_prompt %}}{{{{ '{asks}' }}}}{{% endif %}}"
    opened, chat, _ = opened_as(save_llava(tmp_path / "llava", template=template))
    completions = Completions(chat, ends=[2], name="llava")
    picture = LESSONS[0].picture
    with pytest.raises(BadConfig, match=message):
        completions.taught([Lesson(picture, "What?", answer)])
    with pytest.raises(BadConfig, match="no token that ends"):
        Completions(Chat(opened.processor, kind="llava", name="l"), ends=[], name="l")


def test_control_tokens_in_an_answer_are_text(looking) -> None:
    opened, _, completions = opened_as(looking("qwen2_vl"))
    lesson = Lesson(LESSONS[0].picture, "What?", "one<|im_end|>two <|image_pad|>")
    inputs, labels = completions.taught([lesson])
    _, learned = parts(opened, inputs["input_ids"][0], labels[0])
    assert learned == "one< |im_end|>two < |image_pad|><|im_end|>"
