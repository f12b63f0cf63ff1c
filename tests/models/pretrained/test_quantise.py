"""8 and 4 bits by bitsandbytes, through the real path, against the same model in float32."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch

from scrubjay.core.errors import BadConfig, MissingExtra
from scrubjay.core.looking import Sampling
from scrubjay.models.load import load_vlm
from scrubjay.models.pretrained.quantise import Quantise, quantisation, weight_bytes
from tests.models.vlm.conversations import ONE, PICTURES, user

pytest.importorskip("bitsandbytes", reason="pip install 'scrubjay[vlm]'")

WIDE = 256
LINEAR = {"8bit": "Linear8bitLt", "4bit": "Linear4bit"}
SHARE = {"8bit": (0.25, 0.26), "4bit": (0.125, 0.135)}
"""Of float32's bytes that a linear layer takes: the bits, and what is needed to unpack them."""


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """A LLaVA whose layers are wide enough for the scales of their blocks not to matter."""
    from tests.models.vlm import small_models

    folder = tmp_path_factory.mktemp("wide") / "llava"
    size = {"hidden_size": WIDE, "intermediate_size": 2 * WIDE}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small_models, "TEXT", small_models.TEXT | size)
        patch.setattr(small_models, "VISION", small_models.VISION | size)
        patch.setattr(small_models, "stir", lambda model, seed: torch.manual_seed(seed))
        return small_models.save_llava(folder)


@pytest.fixture(scope="module")
def loaded(wide):
    return {
        quantize: load_vlm("transformers", source=wide, quantize=quantize) for quantize in Quantise
    }


def linear(model, quantize: str) -> list:
    return [one for one in model.modules() if type(one).__name__ == LINEAR[quantize]]


@pytest.mark.parametrize("quantize", ["8bit", "4bit"])
def test_linear_layers_take_the_bytes_that_are_promised(quantize: str, loaded) -> None:
    layers = linear(loaded[quantize]._model, quantize)
    whole = {
        name: module.weight.numel() * 4
        for name, module in loaded["none"]._model.named_modules()
        if isinstance(module, torch.nn.Linear)
    }
    assert len(layers) == len(whole) - 1, "all but the last layer"
    del whole["lm_head"]
    packed = sum(weight_bytes(layer) - layer_bias(layer) for layer in layers)
    least, most = SHARE[quantize]
    assert least <= packed / sum(whole.values()) <= most
    assert weight_bytes(loaded[quantize]._model) < weight_bytes(loaded["none"]._model)


def layer_bias(layer) -> int:
    return 0 if layer.bias is None else layer.bias.numel() * layer.bias.element_size()


@pytest.mark.parametrize(("quantize", "least"), [("8bit", 0.999), ("4bit", 0.96)])
def test_what_it_computes_stays_close(quantize: str, least: float, loaded) -> None:
    for messages in (ONE, [user(*PICTURES[:2], "Which is larger?")]):
        logits = [
            loaded[one]._model(**loaded[one]._read(messages)).logits[0].detach().float().numpy()
            for one in ("none", quantize)
        ]
        assert np.corrcoef(logits[0].ravel(), logits[1].ravel())[0, 1] >= least


@pytest.mark.parametrize("quantize", ["8bit", "4bit"])
def test_a_quantised_model_replies_and_streams(quantize: str, loaded) -> None:
    sampling = Sampling(max_new_tokens=6)
    reply = loaded[quantize].reply(ONE, sampling)
    assert reply.tokens_out
    assert reply == loaded[quantize].reply(ONE, sampling)
    assert "".join(loaded[quantize].stream(ONE, sampling)) == reply.text
    assert loaded[quantize].spec.fingerprint != loaded["none"].spec.fingerprint


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("quantize", ["none", "8bit", "4bit"])
def test_it_works_on_a_gpu(quantize: str, wide, loaded) -> None:
    model = load_vlm("transformers", source=wide, quantize=quantize, device="cuda")
    assert next(model._model.parameters()).is_cuda
    reply, here = (one.reply(ONE, Sampling(max_new_tokens=1)) for one in (model, loaded[quantize]))
    assert reply.confidence == pytest.approx(here.confidence, rel=0.2)


def test_an_unknown_quantisation_names_the_known() -> None:
    with pytest.raises(BadConfig, match="none, 8bit, 4bit, not '3bit'"):
        Quantise.named("3bit")


def test_without_bitsandbytes_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(MissingExtra, match=r"vlm\.quantize=4bit.*scrubjay\[vlm\]"):
        quantisation(Quantise.FOUR, torch.float32)


def test_no_machine_code_is_fetched_with_the_kernels_package() -> None:
    """Where it is installed, bitsandbytes would fetch some as soon as it is imported."""
    program = """
        import sys, types
        fetched = []
        sys.modules["kernels"] = types.ModuleType("kernels")
        sys.modules["kernels"].get_kernel = lambda *a, **k: fetched.append(a)
        import torch
        from scrubjay.models.pretrained.quantise import Quantise, quantisation
        quantisation(Quantise.FOUR, torch.float32)
        import bitsandbytes
        print(len(fetched), sys.modules["kernels"].__name__)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0", "kernels"]
    assert done.stderr == ""
