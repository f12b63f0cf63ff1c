"""Models that only talk, of transformers' real classes with random weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("transformers", reason="pip install 'scrubjay[vlm]'")

from scrubjay.cli.compare import compare
from scrubjay.core.errors import ModelNotFound, WrongUse
from scrubjay.core.looking import Message, Role, Sampling
from scrubjay.models.load import load_chat
from tests.cli.one_command import running
from tests.models.vlm.small_models import TEXT, ids, llama_tokenizer

TEMPLATE = (
    "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)
SHORT = Sampling(max_new_tokens=5)
TALK = (
    Message(Role.SYSTEM, ("be kind",)),
    Message(Role.USER, ("a red apple",)),
    Message(Role.ASSISTANT, ("on a table",)),
    Message(Role.USER, ("two dogs?",)),
)


def save_llama(folder: Path, *, template: str | None = TEMPLATE) -> Path:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = llama_tokenizer()
    tokenizer.chat_template = template
    torch.manual_seed(3)
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **TEXT, **ids(tokenizer)))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_a_reply_is_what_the_library_itself_writes(tmp_path):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = save_llama(tmp_path / "llama")
    model = load_chat("transformers", source=folder, dtype="float32", device="cpu")
    reply = model.reply(TALK, SHORT)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    prompt = (
        "system: be kind\nuser: a red apple\nassistant: on a table\nuser: two dogs?\nassistant:"
    )
    inputs = tokenizer(prompt, return_tensors="pt")
    inputs.pop("token_type_ids", None)
    with torch.inference_mode():
        library = AutoModelForCausalLM.from_pretrained(folder).eval()
        written = library.generate(**inputs, max_new_tokens=5, do_sample=False)
    expected = tokenizer.decode(
        written[0][inputs["input_ids"].shape[1] :], skip_special_tokens=True
    )
    assert reply.text == expected.strip()
    assert reply.tokens_in == inputs["input_ids"].shape[1]
    assert (model.spec.max_pictures, model.spec.instructed) == (0, True)
    assert model.reply(TALK, SHORT) == reply


def test_it_is_shown_no_pictures_and_says_so(tmp_path):
    model = load_chat("transformers", source=save_llama(tmp_path / "llama"))
    picture = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(WrongUse, match="can be shown 0 pictures"):
        model.reply((Message(Role.USER, (picture, "what?")),), SHORT)


def test_what_was_not_taught_to_be_talked_to_is_not_instructed(tmp_path):
    model = load_chat("transformers", source=save_llama(tmp_path / "llama", template=None))
    assert model.spec.instructed is False


def test_what_is_no_such_model_says_why(tmp_path):
    with pytest.raises(ModelNotFound):
        load_chat("transformers", source=tmp_path / "nothing")
    folder = save_llama(tmp_path / "llama")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    with pytest.raises(ModelNotFound, match="has no tokenizer"):
        load_chat("transformers", source=folder)


@pytest.mark.slow
def test_folders_are_compared_in_fewer_bits_too(tmp_path):
    folder = save_llama(tmp_path / "llama")
    prompts = tmp_path / "p.jsonl"
    prompts.write_text('{"prompt": "a red apple", "expects": ["table"]}\n{"prompt": "dogs?"}\n')
    model = f"name=small chat=transformers chat.source={folder} sampling.max_new_tokens=5"
    arguments = ("--chat", prompts, "--home", tmp_path / "home", "--model", model)
    told = json.loads(running(compare)(*arguments, "--quantize", "none,8bit", "--json").stdout)
    assert [one["name"] for one in told["points"]] == ["small none", "small 8bit"]
    assert all(one["failure"] is None for one in told["points"])
    assert all(one["tokens_per_s"] > 0 for one in told["points"])
    assert len(told["replies"]) == 2
