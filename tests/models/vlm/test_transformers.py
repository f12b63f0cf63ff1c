"""The transformers family against the library's own processor and `generate`, kind by kind."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import shutil
import threading

import numpy as np
import pytest

from scrubjay.core.errors import (
    BadConfig,
    Damaged,
    MissingExtra,
    ModelNotFound,
    ScrubjayError,
    WrongUse,
)
from scrubjay.core.looking import Reply, Sampling
from scrubjay.models.load import load_vlm
from scrubjay.models.pretrained.generation import UNFINISHED
from tests.models.vlm.conversations import (
    FEW_SHOT,
    ONE,
    PICTURES,
    TWO,
    assistant,
    plain,
    system,
    user,
)
from tests.models.vlm.library import Library, Said
from tests.models.vlm.small_models import LLAVA_TEMPLATE, SAVE, each_of, save_llava

CHATTING = tuple(kind for kind in SAVE if not kind.startswith("paligemma"))
SHORT = Sampling(max_new_tokens=12)

each = pytest.mark.parametrize("kind", each_of(SAVE))
each_chatting = pytest.mark.parametrize("kind", CHATTING)


@pytest.fixture(scope="module")
def library(looking):
    loaded: dict[str, Library] = {}

    def one(kind: str) -> Library:
        if kind not in loaded:
            loaded[kind] = Library(looking(kind), kind)
        return loaded[kind]

    return one


def assert_same(ours: Reply, theirs: Said, *, likeliest: bool = True) -> None:
    assert ours.text == theirs.text
    assert ours.tokens_out == theirs.tokens
    if likeliest:
        assert ours.confidence == pytest.approx(theirs.confidence, rel=1e-3)


@each_chatting
@pytest.mark.parametrize("messages", [ONE, TWO, FEW_SHOT], ids=["one", "two", "few-shot"])
def test_a_reply_is_the_librarys_own(kind, messages, vlm, library) -> None:
    inputs = library(kind).chat(messages)
    ours = vlm(kind).reply(messages, SHORT)
    assert_same(ours, library(kind).generate(inputs, SHORT))
    assert ours.tokens_in == inputs["input_ids"].shape[1]
    assert ours.told


@pytest.mark.parametrize("kind", ["paligemma", "paligemma2"])
def test_paligemma_is_asked_by_its_tasks(kind, vlm, library) -> None:
    for messages, prompt in (
        (ONE, "<image>answer en What colour is this?"),
        ([user(PICTURES[0], PICTURES[1], "same?")], "<image><image>answer en same?"),
        ([user(PICTURES[0], "ocr")], "<image>ocr"),
        ([user(PICTURES[0], "detect cat")], "<image>detect cat"),
        ([*ONE, assistant("red"), user("and the\nshape?")], "<image>answer en and the shape?"),
    ):
        theirs = library(kind).generate(library(kind).prompted(prompt, messages), SHORT)
        assert_same(vlm(kind).reply(messages, SHORT), theirs)
    theirs = library(kind).generate(library(kind).prompted("<image>caption en", ONE), SHORT)
    assert_same(vlm(kind).caption(PICTURES[0], SHORT), theirs)
    assert not vlm(kind).spec.instructed


@each
def test_pictures_are_told_apart_and_their_order_counts(kind, vlm) -> None:
    """A model blind to its pictures would say the same; a random one that sees them does not."""
    swapped = (user("What is", PICTURES[1], "and what is", PICTURES[0], "?"),)
    other = (user(PICTURES[3], "What colour is this?"),)
    said = [vlm(kind).reply(one, SHORT).confidence for one in (ONE, other, TWO, swapped)]
    assert len(set(said)) == 4


def test_phi4_multimodal_is_the_librarys_own(tmp_path) -> None:
    pytest.importorskip("torchvision", reason="Phi-4's processor needs it: pip install torchvision")
    from transformers import AutoModelForCausalLM

    from tests.models.vlm.small_models import save_phi4_multimodal

    folder = save_phi4_multimodal(tmp_path / "phi4")
    theirs = Library(folder, "phi4_multimodal", loaded_by=AutoModelForCausalLM)
    ours = load_vlm("transformers", source=folder)
    for messages in (ONE, TWO, FEW_SHOT, [user("What colour is the sky?")]):
        assert_same(ours.reply(messages, SHORT), theirs.generate(theirs.chat(messages), SHORT))
    swapped = (user("What is", PICTURES[1], "and what is", PICTURES[0], "?"),)
    assert ours.reply(TWO, SHORT).confidence != ours.reply(swapped, SHORT).confidence


def test_a_processor_that_needs_torchvision_says_so(tmp_path, looking) -> None:
    if importlib.util.find_spec("torchvision"):
        pytest.skip("torchvision is here")
    folder = copied(looking, tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "phi4_multimodal"}))
    (folder / "processor_config.json").write_text('{"processor_class": "Phi4MultimodalProcessor"}')
    settings = json.loads((folder / "preprocessor_config.json").read_text())
    settings["image_processor_type"] = "Phi4MultimodalImageProcessor"
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    with pytest.raises(ModelNotFound, match="torchvision"):
        load_vlm("transformers", source=folder)


DRAWN = (
    Sampling(temperature=0.8, max_new_tokens=12, seed=3),
    Sampling(temperature=1.5, top_k=7, max_new_tokens=12, seed=4),
    Sampling(temperature=1.1, top_p=0.6, max_new_tokens=12, seed=5),
    Sampling(temperature=0.7, top_k=50, top_p=0.9, max_new_tokens=12, repetition_penalty=1.3),
)


@pytest.mark.parametrize("kind", each_of(["llava", "mllama", "idefics3"]))
@pytest.mark.parametrize("sampling", DRAWN, ids=["temperature", "top_k", "top_p", "all"])
def test_draws_are_the_librarys_own(kind, sampling, vlm, library) -> None:
    theirs = library(kind).generate(library(kind).chat(ONE), sampling)
    ours = vlm(kind).reply(ONE, sampling)
    assert_same(ours, theirs, likeliest=sampling.repetition_penalty == 1)


@pytest.mark.parametrize("kind", ["llava", "qwen2_vl"])
def test_a_repetition_penalty_is_the_librarys_own(kind, vlm, library) -> None:
    sampling = Sampling(max_new_tokens=24, repetition_penalty=1.8)
    theirs = library(kind).generate(library(kind).chat(ONE), sampling)
    ours = vlm(kind).reply(ONE, sampling)
    assert_same(ours, theirs, likeliest=False)
    assert (
        ours.text != vlm(kind).reply(ONE, dataclasses.replace(sampling, repetition_penalty=1)).text
    )


def test_a_seed_repeats_a_draw_and_another_does_not(vlm) -> None:
    def said(seed: int | None) -> str:
        return vlm("llava").reply(ONE, Sampling(temperature=2.0, max_new_tokens=12, seed=seed)).text

    assert said(1) == said(1)
    assert len({said(seed) for seed in range(4)}) == 4
    assert len({said(None) for _ in range(4)}) == 4


def test_drawing_leaves_the_rest_of_the_programs_chance_alone(vlm) -> None:
    import torch

    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    vlm("llava").reply(ONE, Sampling(temperature=1.0, max_new_tokens=4, seed=1))
    assert torch.equal(torch.rand(3), expected)


@each
def test_pieces_join_to_the_reply(kind, vlm) -> None:
    for messages in (ONE, TWO):
        for sampling in (SHORT, Sampling(temperature=1.3, seed=2, max_new_tokens=30)):
            pieces = list(vlm(kind).stream(messages, sampling))
            assert "".join(pieces) == vlm(kind).reply(messages, sampling).text
            assert all(pieces)


LONG = Sampling(temperature=1.5, seed=5, max_new_tokens=24)


@pytest.mark.parametrize("kind", ["llava", "qwen2_vl"])
def test_a_reply_ends_before_a_stop_text(kind, vlm) -> None:
    whole = vlm(kind).reply(ONE, LONG).text
    starts = [place for place in range(4, len(whole) - 6) if UNFINISHED not in whole[place:][:6]]
    assert starts
    for length in (1, 3, 6):
        stop = whole[starts[-1] :][:length]
        stopped = dataclasses.replace(LONG, stop=("never said \u2603", stop))
        reply = vlm(kind).reply(ONE, stopped)
        assert reply.text == whole.split(stop, 1)[0].rstrip()
        assert reply.finished
        assert "".join(vlm(kind).stream(ONE, stopped)) == reply.text


def test_a_reply_cut_at_its_longest_says_so(vlm) -> None:
    cut = vlm("llava").reply(ONE, dataclasses.replace(LONG, max_new_tokens=3))
    assert (cut.tokens_out, cut.finished) == (3, False)


def test_the_models_own_end_finishes_a_reply(vlm) -> None:
    for seed in range(200):
        reply = vlm("llava").reply(ONE, Sampling(temperature=3.0, seed=seed, max_new_tokens=60))
        if reply.finished:
            assert reply.tokens_out < 60
            return
    raise AssertionError("no draw ended")


def test_closing_a_stream_ends_the_writing(vlm) -> None:
    before = set(threading.enumerate())
    pieces = vlm("llava").stream(ONE, Sampling(temperature=1.5, seed=0, max_new_tokens=800))
    next(pieces)
    assert len(set(threading.enumerate()) - before) == 1
    pieces.close()
    assert set(threading.enumerate()) <= before
    assert vlm("llava").reply(ONE, SHORT).text


def test_a_stream_raises_before_its_first_piece_and_where_the_writing_fails(vlm, looking) -> None:
    with pytest.raises(WrongUse, match="no question"):
        vlm("llava").stream([], SHORT)
    model = load_vlm("transformers", source=looking("llava"))
    model._model.lm_head.weight.data.fill_(float("nan"))
    with pytest.raises(ScrubjayError, match=r"vlm\.dtype=float32"):
        list(model.stream(ONE, SHORT))
    with pytest.raises(ScrubjayError, match=r"vlm\.dtype=float32"):
        model.reply(ONE, SHORT)


def test_many_may_ask_at_once(vlm) -> None:
    model = vlm("llava")
    samplings = [Sampling(temperature=1.2, seed=seed, max_new_tokens=10) for seed in range(6)]
    alone = [model.reply(ONE, one).text for one in samplings]
    together: dict[int, str] = {}
    threads = [
        threading.Thread(
            target=lambda n=n, one=one: together.update({n: model.reply(ONE, one).text})
        )
        for n, one in enumerate(samplings)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[n] for n in range(6)] == alone


@each
def test_control_tokens_in_a_text_are_text(kind, vlm, library) -> None:
    """Read text and speech come into questions: nothing in them may act as a token."""
    tokenizer = library(kind).processor.tokenizer
    special = [str(token) for token in tokenizer.all_special_tokens]
    marks = [*special, "<image>", "<|image_pad|>", "<IMG_CONTEXT>", "<|im_end|>", "[/INST]"]
    quiet = [one for one in marks if one in tokenizer.get_vocab()]
    assert quiet
    chat = vlm(kind)._asks
    control = {tokenizer.convert_tokens_to_ids(one) for one in quiet}

    def count(question: str) -> int:
        ids = chat.inputs([user(PICTURES[0], question)])["input_ids"][0].tolist()
        return sum(one in control for one in ids)

    assert count("hello") == count("hello " + " ".join(quiet)) == count("".join(quiet) * 2)


def test_a_system_message_stays_where_a_template_knows_none(vlm, library) -> None:
    """Mllama's refuses one beside pictures, LLaVA-NeXT's refuses any: it joins the question."""
    for kind in ("mllama", "llava_next"):
        messages = [system("Answer in one word."), *ONE]
        joined = [user(PICTURES[0], "Answer in one word.", "What colour is this?")]
        theirs = library(kind).generate(library(kind).chat(joined), SHORT)
        assert_same(vlm(kind).reply(messages, SHORT), theirs)
    messages = [system("Answer in one word."), *ONE]
    theirs = library("qwen2_vl").generate(library("qwen2_vl").chat(messages), SHORT)
    assert_same(vlm("qwen2_vl").reply(messages, SHORT), theirs)


@pytest.mark.parametrize("kind", each_of(CHATTING))
def test_a_chatting_model_answers_without_a_picture(kind, vlm, library) -> None:
    messages = [user("What colour is the sky?")]
    theirs = library(kind).generate(library(kind).chat(messages), SHORT)
    assert_same(vlm(kind).reply(messages, SHORT), theirs)


def test_a_model_that_only_talks_about_pictures_wants_one(vlm) -> None:
    with pytest.raises(WrongUse, match="show it one"):
        vlm("paligemma").reply([user("What colour is the sky?")], SHORT)


def test_very_small_and_long_pictures_are_seen(vlm) -> None:
    for kind in ("llava", "qwen2_vl", "idefics3", "internvl"):
        for shape in ((1, 1), (3, 3), (1, 90), (3, 50), (200, 2)):
            picture = np.full((*shape, 3), 90, np.uint8)
            assert vlm(kind).reply([user(picture, "What is it?")], SHORT).tokens_out


def test_more_than_a_model_reads_is_refused(vlm) -> None:
    with pytest.raises(WrongUse, match="at most 1024 tokens"):
        vlm("llava").reply([user(*PICTURES[:1] * 80, "What are these?")], SHORT)
    nearly = [user(*PICTURES[:1] * 50, "a " * 100)]
    assert (
        vlm("llava").reply(nearly, Sampling(max_new_tokens=5000, temperature=1.0)).tokens_out < 1024
    )


def test_a_model_without_a_template_is_asked_as_a_dialogue(tmp_path, vlm) -> None:
    folder = save_llava(tmp_path / "llava", template=None)
    library = Library(folder, "llava")
    model = load_vlm("transformers", source=folder)
    prompt = (
        "USER: <image>\nWhich shape is it? ASSISTANT: a circle</s>"
        "USER: <image>\nWhich shape is it? ASSISTANT: a square</s>"
        "USER: <image>\nWhich shape is it? ASSISTANT:"
    )
    theirs = library.generate(library.prompted(prompt, FEW_SHOT), SHORT)
    assert_same(model.reply(FEW_SHOT, SHORT), theirs)
    given = tmp_path / "template.jinja"
    given.write_text(LLAVA_TEMPLATE)
    told = load_vlm("transformers", source=folder, chat_template=given)
    assert told.reply(ONE, SHORT) == vlm("llava").reply(ONE, SHORT)


def test_a_tokenizers_template_of_plain_texts_is_used(tmp_path, vlm) -> None:
    """As older models have it: a message's content is one text, its pictures are tokens in it."""
    folder = save_llava(tmp_path / "llava", template=None)
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings["chat_template"] = (
        "{% for message in messages %}[{{ message['role'] }}] {{ message['content'] }}\n"
        "{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
    )
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    library = Library(folder, "llava")
    prompt = "[user] What is\n<image>\nand what is\n<image>\n?\n[assistant]"
    theirs = library.generate(library.prompted(prompt, TWO), SHORT)
    assert_same(load_vlm("transformers", source=folder).reply(TWO, SHORT), theirs)


def test_a_template_that_drops_what_was_said_is_refused(tmp_path, looking) -> None:
    for text in (
        "hello {{ messages | length }}",
        "{% for m in messages %}{{ m.role }}{% endfor %}",
    ):
        given = tmp_path / "template.jinja"
        given.write_text(text)
        model = load_vlm("transformers", source=looking("llava"), chat_template=given)
        with pytest.raises(ScrubjayError, match=r"vlm\.chat_template"):
            model.reply(ONE, SHORT)


def test_a_template_that_fails_is_reported(tmp_path, looking) -> None:
    for text in (
        "{{ 1 / 0 }}",
        "{% if %}",
        "{{ ''.__class__.__mro__ }}",
        "{{ raise_exception('no') }}",
    ):
        given = tmp_path / "template.jinja"
        given.write_text(text)
        model = load_vlm("transformers", source=looking("llava"), chat_template=given)
        with pytest.raises(ScrubjayError, match="llava"):
            model.reply(ONE, SHORT)


def copied(looking, tmp_path, kind: str = "llava", *, leave_out: tuple[str, ...] = ()):
    target = tmp_path / "copy"
    shutil.copytree(
        looking(kind), target, ignore=lambda _, names: [n for n in names if n in leave_out]
    )
    return target


@pytest.mark.parametrize(
    ("missing", "error", "message"),
    [
        ("tokenizer.json", ModelNotFound, r"no tokenizer: copy tokenizer\.json"),
        ("config.json", ModelNotFound, r"config\.json is missing"),
        ("model.safetensors", ModelNotFound, "no weights"),
        ("preprocessor_config.json", ModelNotFound, "preprocessor_config"),
    ],
)
def test_a_folder_with_a_file_missing_says_which(
    missing, error, message, looking, tmp_path
) -> None:
    leave_out = (missing, "processor_config.json") if missing.startswith("pre") else (missing,)
    folder = copied(looking, tmp_path, leave_out=leave_out)
    with pytest.raises(error, match=message):
        load_vlm("transformers", source=folder)


def test_pickled_weights_are_refused(looking, tmp_path) -> None:
    folder = copied(looking, tmp_path, leave_out=("model.safetensors",))
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04N.")
    with pytest.raises(ModelNotFound, match=r"pytorch_model\.bin, a pickle"):
        load_vlm("transformers", source=folder)


def test_truncated_and_lost_weights_are_refused(looking, tmp_path) -> None:
    from safetensors.torch import load_file, save_file

    folder = copied(looking, tmp_path)
    whole = (folder / "model.safetensors").read_bytes()
    for length in (4, 1000, len(whole) // 2):
        (folder / "model.safetensors").write_bytes(whole[:length])
        with pytest.raises(ScrubjayError, match="again"):
            load_vlm("transformers", source=folder)
    (folder / "model.safetensors").write_bytes(whole)
    weights = load_file(folder / "model.safetensors")
    lost = next(name for name in weights if "q_proj" in name)
    del weights[lost]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(Damaged, match="q_proj"):
        load_vlm("transformers", source=folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"model_type": 3}', "{}"])
def test_a_config_that_is_none_is_reported(text, looking, tmp_path) -> None:
    folder = copied(looking, tmp_path)
    (folder / "config.json").write_text(text)
    with pytest.raises((Damaged, ModelNotFound), match=r"config\.json"):
        load_vlm("transformers", source=folder)


@pytest.mark.parametrize("kind", ["moondream1", "phi3_v", "made_up"])
def test_a_kind_the_library_has_no_class_for_is_never_run_as_code(kind, looking, tmp_path) -> None:
    folder = copied(looking, tmp_path)
    marker = tmp_path / "ran"
    code = f"open({str(marker)!r}, 'w').write('x')\nclass Evil: pass\n"
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": kind,
        "auto_map": {"AutoConfig": "evil.Evil", "AutoModel": "evil.Evil"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text(code)
    with pytest.raises(ModelNotFound, match=rf"{kind}.*never run here.*vlm=remote"):
        load_vlm("transformers", source=folder)
    assert not marker.exists()


def test_code_beside_a_known_kind_is_not_run(looking, tmp_path) -> None:
    folder = copied(looking, tmp_path)
    marker = tmp_path / "ran"
    code = (
        f"open({str(marker)!r}, 'w').write('x')\nclass Evil: pass\ndef generate(*a, **k): 1 / 0\n"
    )
    for name in ("config.json", "processor_config.json", "tokenizer_config.json"):
        values = json.loads((folder / name).read_text())
        values["auto_map"] = {
            "AutoConfig": "evil.Evil",
            "AutoModelForImageTextToText": "evil.Evil",
            "AutoProcessor": "evil.Evil",
            "AutoTokenizer": ["evil.Evil", "evil.Evil"],
            "AutoImageProcessor": "evil.Evil",
        }
        (folder / name).write_text(json.dumps(values))
    (folder / "evil.py").write_text(code)
    (folder / "custom_generate").mkdir()
    (folder / "custom_generate" / "generate.py").write_text(code)
    assert load_vlm("transformers", source=folder).reply(ONE, SHORT).tokens_out
    assert not marker.exists()


def test_a_models_own_habits_of_writing_do_not_come_in_unasked(looking, tmp_path, vlm) -> None:
    """Its generation_config.json may draw, search with beams, or ask for another's code."""
    folder = copied(looking, tmp_path)
    path = folder / "generation_config.json"
    values = json.loads(path.read_text())
    values |= {
        "do_sample": True,
        "temperature": 1.9,
        "num_beams": 4,
        "num_return_sequences": 2,
        "repetition_penalty": 1.4,
        "max_length": 9,
        "penalty_alpha": 0.6,
        "top_k": 4,
    }
    path.write_text(json.dumps(values))
    assert load_vlm("transformers", source=folder).reply(ONE, SHORT) == vlm("llava").reply(
        ONE, SHORT
    )


def test_a_model_that_looks_at_nothing_is_refused(tmp_path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelNotFound, match="no questions about pictures"):
        load_vlm("transformers", source=tmp_path)


@pytest.mark.parametrize("kind", ["blip2", "git", "vilt"])
def test_an_older_kind_names_its_family(kind, looking) -> None:
    with pytest.raises(WrongUse, match=rf"vlm={kind}"):
        load_vlm("transformers", source=looking(kind))


def test_options_that_cannot_be_are_refused(looking, tmp_path) -> None:
    for options, message in (
        ({"quantize": "2bit"}, r"vlm\.quantize is one of none, 8bit, 4bit"),
        ({"dtype": "int7"}, r"vlm\.dtype"),
        ({"device": "quantum"}, r"vlm\.device"),
        ({"threads": -1}, r"vlm\.threads"),
        ({"chat_template": tmp_path / "none"}, r"vlm\.chat_template"),
    ):
        with pytest.raises(BadConfig, match=message):
            load_vlm("transformers", source=looking("llava"), **options)


def test_a_gpu_that_is_not_there_is_refused(looking) -> None:
    import torch

    with pytest.raises(BadConfig, match=r"vlm\.device=cpu"):
        load_vlm(
            "transformers", source=looking("llava"), device=f"cuda:{torch.cuda.device_count()}"
        )


def test_missing_libraries_are_named(monkeypatch, looking) -> None:
    import sys

    folder = looking("llava")
    monkeypatch.setitem(sys.modules, "transformers", None)
    for family in ("transformers", "blip2", "git", "vilt"):
        with pytest.raises(MissingExtra, match=r"scrubjay\[vlm\]"):
            load_vlm(family, source=folder)


def test_the_fingerprint_follows_what_may_change_an_answer(looking, tmp_path, vlm) -> None:
    from safetensors.torch import load_file, save_file

    first = vlm("llava").spec.fingerprint
    folder = copied(looking, tmp_path)
    assert load_vlm("transformers", source=folder).spec.fingerprint == first
    assert load_vlm("transformers", source=folder, dtype="bfloat16").spec.fingerprint != first
    weights = load_file(folder / "model.safetensors")
    weights[next(iter(weights))] += 1e-3
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert load_vlm("transformers", source=folder).spec.fingerprint != first


def test_a_model_in_the_hubs_cache_is_found_and_called_by_its_id(
    looking, tmp_path, monkeypatch, vlm
) -> None:
    from huggingface_hub import constants

    repository = tmp_path / "models--acme--owl"
    commit = "0123456789abcdef0123456789abcdef01234567"
    shutil.copytree(looking("llava"), repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    model = load_vlm("transformers", source="acme/owl")
    assert model.spec.name == "acme/owl"
    assert model.reply(ONE, SHORT) == vlm("llava").reply(ONE, SHORT)
    with pytest.raises(ModelNotFound, match=r"`hf download acme/wren` (first|where the network)"):
        load_vlm("transformers", source="acme/wren")


def test_half_precision_answers_nearly_the_same(looking, vlm) -> None:
    half = load_vlm("transformers", source=looking("llava"), dtype="bfloat16")
    sampling = Sampling(max_new_tokens=1)
    whole = vlm("llava").reply(ONE, sampling).confidence
    assert half.reply(ONE, sampling).confidence == pytest.approx(whole, rel=0.1)


def test_nothing_is_printed(looking, capfd) -> None:
    model = load_vlm("transformers", source=looking("llava"))
    model.reply(ONE, SHORT)
    model.caption(plain(), SHORT)
    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err == ""
