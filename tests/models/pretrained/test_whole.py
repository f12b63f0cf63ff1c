from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from scrubjay.core.errors import Damaged, MissingExtra, ModelNotFound
from scrubjay.models.pretrained.whole import libraries, load_whole, load_with_reader
from tests.models.spoken_models import copy_without

CLIP = {
    "kind": "clip",
    "called": "CLIP",
    "made_by": "CLIPModel",
    "read_by": "CLIPTokenizer",
}


def test_a_model_comes_whole_in_float32_with_what_reads_for_it(
    pretrained: Callable[[str], Path],
) -> None:
    model, reader = load_with_reader(pretrained("clip"), **CLIP)
    assert type(model).__name__ == "CLIPModel"
    assert {one.dtype for one in model.parameters()} == {torch.float32}
    assert reader("a photo")["input_ids"]


def test_another_kind_is_refused_before_it_is_loaded(pretrained: Callable[[str], Path]) -> None:
    with pytest.raises(ModelNotFound, match="holds a clip, which is no Whisper"):
        load_with_reader(pretrained("clip"), **{**CLIP, "kind": "whisper", "called": "Whisper"})


def test_a_missing_weight_is_named(pretrained: Callable[[str], Path], tmp_path: Path) -> None:
    import transformers

    short = copy_without(pretrained("clip"), tmp_path / "short", "visual_projection.weight")
    with pytest.raises(Damaged, match=r"lacks 1 of its weights, visual_projection\.weight"):
        load_whole(transformers.CLIPModel, short)


def test_weights_cut_short_are_not_loaded(pretrained: Callable[[str], Path], tmp_path) -> None:
    import transformers

    cut = copy_without(pretrained("clip"), tmp_path / "cut", "visual_projection.weight")
    weights = (cut / "model.safetensors").read_bytes()
    (cut / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(ModelNotFound, match="cannot be loaded by transformers"):
        load_whole(transformers.CLIPModel, cut)


def test_what_needs_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtra, match=r"the vits voice .*scrubjay\[hf\]"):
        libraries("the vits voice")
