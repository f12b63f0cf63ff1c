"""Adapters learn, nothing else does; what is saved has them merged and no trace of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from scrubjay.cli.compose import compose
from scrubjay.core.errors import BadConfig, MissingExtra, UnknownName
from scrubjay.core.protocols import TrainableEncoder
from scrubjay.core.types import Media, Modality
from scrubjay.models.load import load_encoder, load_trainable
from scrubjay.training.fit import Fitted, fit
from scrubjay.training.freeze import use_of
from scrubjay.training.lora import AdaptedEncoder, KeptAdapter, adapted
from scrubjay.training.lora_attention import AdaptedAttention
from scrubjay.training.wise_ft import interpolate, weights_of
from tests.models.open_clip_models import KINDS as OPEN_CLIP_SAVED
from tests.models.open_clip_models import save as save_open_clip
from tests.models.pretrained_models import SAVE
from tests.training.collection import make

SHOWN: dict[Modality, list[Media]] = {
    Modality.IMAGE: list(np.random.default_rng(0).integers(0, 256, (3, 40, 50, 3), np.uint8)),
    Modality.TEXT: ["a red apple", "two dogs in the park", "42"],
    Modality.SPEECH: [np.sin(np.arange(9000, dtype=np.float32) / 9)],
}
SIZES = {"width": 32, "layers": 2, "heads": 2, "dim": 24, "image_size": 32}
SIZES |= {"stem_channels": [8, 16], "buckets": 128, "text_width": 16}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], TrainableEncoder]:
    """A fresh encoder of a kind, from a folder that is written once."""
    folders: dict[str, Path] = {}

    def load(kind: str) -> TrainableEncoder:
        if kind == "builtin":
            return load_trainable("builtin", **SIZES)
        if kind not in folders:
            folder = tmp_path_factory.mktemp(kind)
            ours = OF_OPEN_CLIP.get(kind)
            folders[kind] = save_open_clip(ours, folder) if ours else SAVE[kind](folder)
        family = "open_clip" if kind in OF_OPEN_CLIP else "transformers"
        return load_trainable(family, source=folders[kind])

    load.folders = folders  # type: ignore[attr-defined]
    return load


KINDS = (
    "builtin",
    "clip",
    pytest.param("open_clip", marks=pytest.mark.slow),
    pytest.param("resnet", marks=pytest.mark.slow),
)
OF_OPEN_CLIP = {one if one != "vit" else "open_clip": one for one in OPEN_CLIP_SAVED}
OPEN_CLIP_KINDS = [
    "open_clip",
    *(pytest.param(one, marks=pytest.mark.slow) for one in OF_OPEN_CLIP if one != "open_clip"),
]


def taught(encoder: AdaptedEncoder) -> AdaptedEncoder:
    """As if training had moved everything that learns."""
    torch.manual_seed(5)
    with torch.no_grad():
        for modality in encoder.spec.modalities:
            for parameter in encoder.tower(modality).parameters():
                if parameter.requires_grad:
                    parameter += 0.2 * torch.randn_like(parameter)
    return encoder


@pytest.mark.parametrize("kind", KINDS)
def test_an_adapter_begins_as_its_base_and_only_it_learns(base, kind) -> None:
    encoder = adapted(base(kind))
    for modality in encoder.spec.modalities:
        theirs = base(kind).encode(modality, SHOWN[modality])
        np.testing.assert_allclose(encoder.encode(modality, SHOWN[modality]), theirs, atol=1e-6)
        tower = encoder.tower(modality)
        learning = [name for name, one in tower.named_parameters() if one.requires_grad]
        if (kind, modality) == ("resnet", Modality.IMAGE):  # convolutions, no linear layer
            assert not learning
            continue
        assert learning
        assert all("lora_" in name for name in learning)
        used = use_of(encoder, modality, tower).parameters
        assert any(id(one) in used for one in tower.parameters() if one.requires_grad)
    trained, every = encoder.parameters()
    assert 0 < trained < 0.5 * every


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_saved_and_exported_is_merged(base, kind, tmp_path) -> None:
    encoder = taught(adapted(base(kind), learn=["norms"]))
    before = {one: encoder.encode(one, SHOWN[one]) for one in encoder.spec.modalities}
    (tmp_path / "export").mkdir()
    encoder.save_pretrained(tmp_path)
    encoder.export(tmp_path / "export")
    merged = load_trainable(encoder.spec.name, source=tmp_path)
    served = load_encoder("exported", source=tmp_path / "export", threads=1, precision="f32")
    assert served.spec.name == merged.spec.name == base(kind).spec.name
    assert served.spec.fingerprint == merged.spec.fingerprint
    for modality, ours in before.items():
        plain = base(kind).encode(modality, SHOWN[modality])
        assert (plain * ours).sum(1).max() < 0.9999
        assert (merged.encode(modality, SHOWN[modality]) * ours).sum(1).min() >= 0.99999
        assert (served.encode(modality, SHOWN[modality]) * ours).sum(1).min() >= 0.9999
        # Writing it left the adapted encoder as it was, to the bit.
        assert encoder.encode(modality, SHOWN[modality]).tobytes() == ours.tobytes()
    from safetensors import safe_open

    (weights,) = tmp_path.glob("*.safetensors")
    with safe_open(weights, "pt") as file:
        assert not [name for name in file.keys() if "lora" in name or "base_layer" in name]  # noqa: SIM118


def test_plain_transformers_and_peft_load_what_was_written(base, tmp_path) -> None:
    """A client of the merged model needs transformers alone; peft reads the adapter beside it."""
    import peft
    import transformers

    encoder = taught(adapted(base("clip"), learn=["norms"], rank=4))
    whole, alone = tmp_path / "whole", tmp_path / "alone"
    whole.mkdir()
    alone.mkdir()
    encoder.save_pretrained(whole)
    encoder.save_adapter(alone)
    assert json.loads((alone / "adapter_config.json").read_text())["r"] == 4
    ready = encoder.preprocess(Modality.IMAGE, train=False)(SHOWN[Modality.IMAGE])
    pixels = torch.from_numpy(ready["pixel_values"])
    merged = transformers.CLIPModel.from_pretrained(whole).eval()
    plain = transformers.CLIPModel.from_pretrained(base.folders["clip"]).eval()
    with torch.no_grad():
        wanted = encoder.tower(Modality.IMAGE)(pixel_values=pixels)
        beside = peft.PeftModel.from_pretrained(plain, alone).eval()
        for model in (merged, beside.base_model.model):
            found = model.get_image_features(pixel_values=pixels).pooler_output
            assert torch.cosine_similarity(found, wanted).min() >= 0.99999


@pytest.mark.parametrize("kind", OPEN_CLIP_KINDS)
def test_plain_peft_loads_an_adapter_of_attention_on_plain_open_clip(base, kind, tmp_path) -> None:
    """Also where a tower holds parts of the model under shorter names than the model does."""
    import open_clip
    import peft

    encoder = taught(adapted(base(kind), rank=4, learn=["norms"]))
    encoder.save_adapter(tmp_path)
    folder = f"local-dir:{base.folders[kind]}"
    model = peft.PeftModel.from_pretrained(open_clip.create_model(folder).eval(), tmp_path)
    beside = model.eval().base_model.model
    ready = encoder.preprocess(Modality.IMAGE, train=False)(SHOWN[Modality.IMAGE])
    pixels = torch.from_numpy(ready["pixel_values"])
    read = open_clip.get_tokenizer(folder)(SHOWN[Modality.TEXT])
    with torch.no_grad():
        for modality, theirs in (
            (Modality.IMAGE, beside.encode_image(pixels, normalize=True)),
            (Modality.TEXT, beside.encode_text(read, normalize=True)),
        ):
            ours = encoder.encode(modality, SHOWN[modality])
            assert (theirs.numpy() * ours).sum(1).min() >= 0.99999
            assert (base(kind).encode(modality, SHOWN[modality]) * ours).sum(1).max() < 0.9999


def test_attention_that_computes_with_its_weights_is_adapted_and_they_stand_still(base) -> None:
    encoder = adapted(base("open_clip"), targets=["attn"], rank=4)
    learning = {
        modality: [one for one in encoder.tower(modality).parameters() if one.requires_grad]
        for modality in (Modality.IMAGE, Modality.TEXT)
    }
    # Of two layers each: two halves for queries, keys and values, two for the output.
    assert [len(one) for one in learning.values()] == [8, 8]
    taught(encoder)
    still = {
        name: one.detach().clone()
        for modality in learning
        for name, one in encoder.tower(modality).named_parameters(modality.value)
        if not one.requires_grad
    }
    weights = [one for tower in learning.values() for one in tower]
    optimizer = torch.optim.SGD(weights, lr=0.5)
    before = [one.detach().clone() for one in weights]
    for _ in range(5):
        for modality in learning:
            ready = encoder.preprocess(modality, train=False)(SHOWN[modality])
            made = encoder.tower(modality).train()(
                **{name: torch.from_numpy(one) for name, one in ready.items()}
            )
            torch.nn.functional.normalize(made)[:, 0].sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    assert all(not torch.equal(one, earlier) for one, earlier in zip(weights, before, strict=True))
    for modality in learning:
        for name, one in encoder.tower(modality).named_parameters(modality.value):
            assert one.requires_grad or torch.equal(one, still[name]), name


def test_gradients_of_attention_are_those_of_the_sums_of_weights() -> None:
    """Against attention whose weights were summed by hand."""
    from peft import LoraConfig

    torch.manual_seed(0)
    attention = torch.nn.MultiheadAttention(16, 2, batch_first=True)
    plain = {name: one.detach().clone() for name, one in attention.named_parameters()}
    config = LoraConfig(r=3, lora_alpha=6.0)
    ours = AdaptedAttention(attention, "default", config, r=3, lora_alpha=6.0)
    halves = {}
    for name, layer in (("in_proj_weight", ours), ("out_proj.weight", attention.out_proj)):
        a, b = (getattr(layer, half)["default"].weight for half in ("lora_A", "lora_B"))
        halves[name] = (a, torch.nn.init.normal_(b))
    summed = {name: plain[name] + 2.0 * (b @ a) for name, (a, b) in halves.items()}
    theirs = torch.nn.MultiheadAttention(16, 2, batch_first=True)
    shown = torch.randn(2, 5, 16)
    expected, _ = torch.func.functional_call(theirs, plain | summed, (shown, shown, shown))
    found, _ = ours(shown, shown, shown)
    torch.testing.assert_close(found, expected)
    flat = [half for pair in halves.values() for half in pair]
    for one, other in zip(
        torch.autograd.grad(found.square().sum(), flat),
        torch.autograd.grad(expected.square().sum(), flat),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


def test_targets_and_towers_are_chosen_by_name(base) -> None:
    encoder = adapted(base("clip"), targets=["q_proj", "layers.1.mlp.fc1"], modalities=["text"])
    tower = encoder.tower(Modality.TEXT)
    named = {name for name, one in tower.named_parameters() if one.requires_grad}
    assert {name.split(".lora_")[0].rpartition("layers.")[2] for name in named} == {
        "0.self_attn.q_proj",
        "1.self_attn.q_proj",
        "1.mlp.fc1",
    }
    image = encoder.tower(Modality.IMAGE)
    assert not any(one.requires_grad for one in image.parameters())


def test_projections_learn_as_a_whole(base) -> None:
    encoder = adapted(base("clip"), learn=["projections"])
    tower = encoder.tower(Modality.IMAGE)
    whole = [name for name, one in tower.named_parameters() if one.requires_grad]
    assert [name for name in whole if "lora_" not in name] == ["visual_projection.weight"]


@pytest.mark.slow
def test_running_statistics_stand_still_while_adapters_learn(base) -> None:
    encoder = adapted(base("resnet"))
    tower = encoder.tower(Modality.IMAGE).train()
    kept = {name: one.clone() for name, one in tower.named_buffers()}
    ready = encoder.preprocess(Modality.IMAGE, train=False)(SHOWN[Modality.IMAGE])
    tower(**{name: torch.from_numpy(one) for name, one in ready.items()})
    tower.eval()
    moved = [name for name, one in tower.named_buffers() if not torch.equal(one, kept[name])]
    assert [name for name in moved if "num_batches" not in name] == []


@pytest.mark.parametrize(
    ("settings", "error", "told"),
    [
        ({"rank": 0}, BadConfig, "rank"),
        ({"dropout": 1.0}, BadConfig, "dropout"),
        ({"targets": "q_proj"}, BadConfig, r"targets=\[q_proj\]"),
        ({"targets": ["q_prj"]}, UnknownName, "q_proj"),
        ({"modalities": ["speech"]}, UnknownName, "tower in encoder.modalities"),
        ({"learn": ["everything"]}, UnknownName, "norms"),
    ],
)
def test_what_cannot_be_is_refused(base, settings, error, told) -> None:
    with pytest.raises(error, match=told):
        adapted(base("clip"), **settings)


def test_without_peft_the_extra_is_named(base, monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingExtra, match=r"scrubjay\[lora\]"):
        adapted(base("builtin"))


def lora(run: Path, *overrides: str, **more: Any) -> Fitted:
    made = make(16)
    config = compose(
        [
            *("experiment=lora", "logger=none", "~callbacks.panel", "trainer.accelerator=cpu"),
            *("datamodule.batch_size=6", "model.lr=0.02", *overrides),
        ]
    )
    return fit(config, run=run, provided={"items": made.items, "read": made.read}, **more)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    load_trainable("builtin", modalities=["image", "text"], **SIZES).save_pretrained(folder)
    return folder


@pytest.mark.slow
def test_a_fit_resumes_keeps_the_best_and_leaves_the_adapter(source, tmp_path) -> None:
    chosen = ("encoder.base.family=builtin", f"encoder.base.source={source}")
    whole = lora(tmp_path / "whole", *chosen, "trainer.max_epochs=3", "model.warmup=0")
    cut = tmp_path / "cut"
    lora(cut, *chosen, "trainer.max_epochs=3", "trainer.max_steps=2", "model.warmup=0")
    again = lora(cut, *chosen, "trainer.max_epochs=3", "model.warmup=0", resume=True)
    assert again.resumed
    encoder, kept = whole.objects["encoder"], load_trainable("builtin", source=source)
    assert isinstance(encoder, AdaptedEncoder)
    assert whole.best is not None
    assert "val/recall" in whole.metrics
    written = json.loads((tmp_path / "whole" / "adapter" / "adapter_config.json").read_text())
    assert written["peft_type"] == "LORA"
    from safetensors.torch import load_file

    state = load_file(tmp_path / "whole" / "adapter" / "adapter_model.safetensors")
    live = dict(encoder.tower(Modality.IMAGE).named_parameters())
    for name, one in state.items():
        path = name.removeprefix("base_model.model.").replace(".weight", ".default.weight")
        assert torch.equal(live[path], one)
    # What the adapters sit on has not moved.
    plain = dict(kept.tower(Modality.IMAGE).named_parameters())
    for name, one in live.items():
        if "lora_" not in name:
            assert torch.equal(one, plain[name.replace(".base_layer", "")]), name


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_a_fit_teaches_the_attention_of_open_clips_towers(base, tmp_path, precision) -> None:
    from safetensors.torch import load_file

    plain = base("open_clip")
    chosen = (
        "encoder.base.family=open_clip",
        f"encoder.base.source={base.folders['open_clip']}",
        f"trainer.precision={precision}",
    )
    fitted = lora(tmp_path / "run", *chosen, "trainer.max_epochs=1", "model.warmup=0")
    encoder = fitted.objects["encoder"]
    assert isinstance(encoder, AdaptedEncoder)
    state = load_file(tmp_path / "run" / "adapter" / "adapter_model.safetensors")
    grown = {
        name: bool(one.any())
        for name, one in state.items()
        if ".attn." in name and "lora_B" in name
    }
    # Two layers of two towers, each with its queries, keys and values and its output.
    assert len(grown) == 8
    assert all(grown.values()), grown
    still = plain.whole.state_dict()
    for name, one in encoder.tower(Modality.TEXT).state_dict().items():
        if "lora_" not in name:
            assert torch.equal(one, still[name.replace(".base_layer", "")]), name
    before = {one: encoder.encode(one, SHOWN[one]) for one in encoder.spec.modalities}
    (tmp_path / "export").mkdir()
    encoder.export(tmp_path / "export")
    served = load_encoder("exported", source=tmp_path / "export", threads=1)
    for modality, ours in before.items():
        assert (plain.encode(modality, SHOWN[modality]) * ours).sum(1).max() < 0.99999
        assert (served.encode(modality, SHOWN[modality]) * ours).sum(1).min() >= 0.9999


def test_an_encoder_without_adapters_has_none_to_keep(source, tmp_path) -> None:
    with pytest.raises(BadConfig, match="encoder=lora"):
        KeptAdapter(str(tmp_path), load_trainable("builtin", source=source))


@pytest.mark.parametrize("kind", ["builtin", pytest.param("open_clip", marks=pytest.mark.slow)])
def test_half_way_is_half_way_between_the_merged_weights(base, kind) -> None:
    """WiSE-FT of adapters is WiSE-FT of the model they are merged into."""
    encoder = adapted(base(kind))
    start = weights_of(encoder)
    end = weights_of(taught(encoder))
    interpolate(encoder, start, end, 0.5)
    plain = base(kind)
    first = weights_of(plain)
    with encoder.merged():
        between = weights_of(encoder)
    interpolate(encoder, start, end, 1.0)
    with encoder.merged():
        last = weights_of(encoder)
    assert first.keys() == between.keys() == last.keys()
    for name, one in between.items():
        # What is equal stays: also the infinities of a mask, between which there is no number.
        wanted = torch.where(
            first[name] == last[name], first[name], torch.lerp(first[name], last[name], 0.5)
        )
        torch.testing.assert_close(one, wanted)
