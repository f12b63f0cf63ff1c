"""LoRA adapters against peft's own, merged and not, whole and in 4 bits; and strangers' files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from scrubjay.core.errors import BadConfig, Damaged, ModelNotFound, UnknownName
from scrubjay.core.looking import Sampling
from scrubjay.models.load import load_vlm
from scrubjay.models.pretrained.adapter import adapted, targets
from scrubjay.models.pretrained.completion import Completions
from scrubjay.models.pretrained.image_text import open_talker
from tests.models.pretrained.test_completion import LESSONS
from tests.models.vlm import small_models

SHORT = Sampling(max_new_tokens=8)


def stirred(source: Path, folder: Path, **settings) -> Path:
    """An adapter of a model with numbers in both its matrices, as peft saves it."""
    opened, _ = open_talker(source)
    given = {"rank": 4, "alpha": 8.0, "dropout": 0.0, "wanted": None, "source": str(source)}
    made = adapted(opened.model, **{**given, **settings})
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for one in made.parameters():
            if one.requires_grad:
                one.copy_(torch.randn(one.shape, generator=generator) * 0.1)
    made.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def llava(looking) -> Path:
    return looking("llava")


@pytest.fixture(scope="module")
def adapter(llava, tmp_path_factory) -> Path:
    return stirred(llava, tmp_path_factory.mktemp("adapter") / "adapter")


def logits(model) -> torch.Tensor:
    inputs = INPUTS.taught(LESSONS).inputs
    with torch.no_grad():
        return model(**inputs, use_cache=False).logits


@pytest.fixture(scope="module", autouse=True)
def _inputs(llava) -> None:
    global INPUTS
    _, chat = open_talker(llava)
    INPUTS = Completions(chat, ends=[2], name="llava")


@pytest.mark.parametrize("kind", ["llava", "qwen2_vl", "mllama"])
def test_a_model_with_its_adapter_is_pefts_own(kind, looking, tmp_path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForImageTextToText

    folder = stirred(looking(kind), tmp_path / "adapter")
    ours = load_vlm("transformers", source=looking(kind), adapter=folder)
    base = AutoModelForImageTextToText.from_pretrained(looking(kind))
    theirs = PeftModel.from_pretrained(base, folder).eval()
    _, chat = open_talker(looking(kind))
    inputs = chat.inputs(LESSONS[0].messages)
    with torch.no_grad():
        wanted = theirs(**inputs).logits
        without = open_talker(looking(kind))[0].model(**inputs).logits
        torch.testing.assert_close(ours._model(**inputs).logits, wanted, atol=1e-4, rtol=1e-4)
    assert (wanted - without).abs().max() > 1e-2
    assert not any("lora" in name for name, _ in ours._model.named_modules())


def test_in_fewer_bits_the_adapter_stays_beside_the_weights(llava, adapter) -> None:
    plain = load_vlm("transformers", source=llava, quantize="8bit")
    ours = load_vlm("transformers", source=llava, adapter=adapter, quantize="8bit")
    assert any("lora" in name for name, _ in ours._model.named_modules())
    ours.reply(LESSONS[0].messages, SHORT)
    with torch.no_grad():
        inputs = INPUTS.taught(LESSONS).inputs
        difference = plain._model(**inputs).logits - ours._model(**inputs).logits
    assert difference.abs().max() > 1e-2


def test_an_adapter_changes_the_fingerprint(llava, adapter, tmp_path) -> None:
    other = stirred(llava, tmp_path / "other", rank=2)
    marks = {
        load_vlm("transformers", source=llava, **given).spec.fingerprint
        for given in ({}, {"adapter": adapter}, {"adapter": other}, {"adapter": str(adapter)})
    }
    assert len(marks) == 3


def test_targets_are_the_language_models_linear_layers(looking) -> None:
    model = open_talker(looking("llava"))[0].model
    usual = targets(model, None)
    assert len(usual) == 14
    assert all(".language_model.layers." in name for name in usual)
    assert len(targets(model, ["q_proj", "v_proj"])) == 4
    assert all("language_model" in name for name in targets(model, ["q_proj"]))
    seen = targets(model, ["multi_modal_projector.linear_1", "fc1"][:1])
    assert seen == ["model.multi_modal_projector.linear_1"]
    with pytest.raises(UnknownName, match=r"model\.targets 'qproj'.*q_proj"):
        targets(model, ["qproj"])


@pytest.mark.parametrize("wanted", [None, ["q_proj"], ["self_attn.q_proj", "mlp.down_proj"]])
def test_only_the_layers_named_are_adapted(wanted, looking) -> None:
    model = open_talker(looking("llava"))[0].model
    names = targets(model, wanted)
    made = adapted(model, rank=2, alpha=4, dropout=0, wanted=wanted, source="x")
    prefix = "base_model.model."
    found = {
        name.removeprefix(prefix).removesuffix(".lora_A.default.weight")
        for name, one in made.named_parameters()
        if one.requires_grad and "lora_A" in name
    }
    assert found == set(names)


@pytest.mark.parametrize("settings", [{"rank": 0}, {"alpha": 0.0}, {"dropout": 1.0}])
def test_numbers_out_of_range_are_named(settings, llava, tmp_path) -> None:
    with pytest.raises(BadConfig, match=r"model\.rank"):
        stirred(llava, tmp_path / "a", **settings)


def changed(adapter: Path, folder: Path, **config) -> Path:
    shutil.copytree(adapter, folder)
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | config))
    return folder


@pytest.mark.parametrize(
    ("config", "error", "message"),
    [
        ({"peft_type": "PROMPT_TUNING"}, ModelNotFound, "PROMPT_TUNING"),
        ({"megatron_config": {"a": 1}, "megatron_core": "os"}, ModelNotFound, "megatron_config"),
        ({"layer_replication": [[0, 1]]}, ModelNotFound, "layer_replication"),
        ({"target_modules": ["nothing"]}, BadConfig, "does not fit"),
        ({"target_modules": ["q_proj"]}, BadConfig, "does not fit"),
        ({"r": 3}, BadConfig, r"does not fit.*lora_A"),
        ({"r": "many"}, BadConfig, "does not fit"),
    ],
)
def test_an_adapter_that_does_not_fit_says_so(
    config, error, message, llava, adapter, tmp_path
) -> None:
    with pytest.raises(error, match=message):
        load_vlm("transformers", source=llava, adapter=changed(adapter, tmp_path / "a", **config))


def test_an_adapter_of_another_model_says_so(looking, adapter) -> None:
    for kind in ("paligemma", "smolvlm"):
        with pytest.raises(BadConfig, match=r"does not fit this model.*llava"):
            load_vlm("transformers", source=looking(kind), adapter=adapter)


def test_files_that_are_missing_cut_or_executable_are_refused(llava, adapter, tmp_path) -> None:
    def load(folder: Path) -> None:
        load_vlm("transformers", source=llava, adapter=folder)

    with pytest.raises(ModelNotFound, match=r"adapter_config\.json is missing"):
        load(tmp_path / "nowhere")
    pickled = changed(adapter, tmp_path / "pickled")
    (pickled / "adapter_model.safetensors").rename(pickled / "adapter_model.bin")
    with pytest.raises(ModelNotFound, match=r"adapter_model\.safetensors is missing"):
        load(pickled)
    cut = changed(adapter, tmp_path / "cut")
    weights = cut / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:500])
    with pytest.raises(Damaged, match="cannot be read"):
        load(cut)


def test_four_bits_learn_by_the_gradient_of_the_weights_they_stand_for(
    tmp_path, monkeypatch
) -> None:
    """Also after it was asked: bitsandbytes repacks weights then, and they would pass none on."""
    import bitsandbytes

    size = {"hidden_size": 64, "intermediate_size": 128}
    monkeypatch.setattr(small_models, "TEXT", small_models.TEXT | size)
    monkeypatch.setattr(small_models, "VISION", small_models.VISION | size)
    folder = small_models.save_llava(tmp_path / "llava")
    gradients, losses = [], []
    packed = open_talker(folder, quantize="4bit")[0].model
    whole = open_talker(folder)[0].model
    layers = dict(packed.named_modules())
    count = 0
    for name, one in whole.named_modules():
        weight = getattr(layers[name], "weight", None)
        if isinstance(one, torch.nn.Linear) and hasattr(weight, "quant_state"):
            one.weight.data = bitsandbytes.functional.dequantize_4bit(
                weight.data, weight.quant_state
            ).float()
            count += 1
    assert count > 14
    for model in (packed, whole):
        torch.manual_seed(0)
        made = adapted(model, rank=4, alpha=8, dropout=0, wanted=None, source="x")
        with torch.no_grad():
            for name, one in made.named_parameters():
                if "lora_B" in name:
                    one.copy_(torch.linspace(-0.1, 0.1, one.numel()).reshape(one.shape))
        made.eval()
        taught = INPUTS.taught(LESSONS)
        with torch.no_grad():
            made(**taught.inputs, use_cache=False)
        made.train()
        loss = made(**taught.inputs, labels=taught.labels, use_cache=False).loss
        loss.backward()
        losses.append(float(loss))
        gradients.append({n: p.grad for n, p in made.named_parameters() if p.requires_grad})
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert gradients[0].keys() == gradients[1].keys()
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][name], atol=1e-4, rtol=1e-2)
        assert gradient.abs().max() > 0
