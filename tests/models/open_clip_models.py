"""Small random-weight models of open_clip's real classes, saved as open_clip saves them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.models.pretrained_models import CORPUS

TEXT = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
OPENAI = {
    "mean": [0.48145466, 0.4578275, 0.40821073],
    "std": [0.26862954, 0.26130258, 0.27577711],
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}
HALVES = {
    "mean": [0.5, 0.5, 0.5],
    "std": [0.5, 0.5, 0.5],
    "interpolation": "bicubic",
    "resize_mode": "squash",
}
VIT = {"image_size": 48, "layers": 2, "width": 32, "head_width": 8, "patch_size": 16}

KINDS: dict[str, tuple[dict, dict]] = {
    "vit": (
        {"embed_dim": 24, "quick_gelu": True, "vision_cfg": VIT, "text_cfg": TEXT},
        OPENAI,
    ),
    "resnet": (
        {
            "embed_dim": 24,
            "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "head_width": 8},
            "text_cfg": TEXT,
        },
        OPENAI,
    ),
    "convnext": (
        {
            "embed_dim": 24,
            "vision_cfg": {
                "timm_model_name": "test_convnext",
                "timm_model_pretrained": False,
                "timm_pool": "",
                "timm_proj": "linear",
                "image_size": 64,
            },
            "text_cfg": TEXT,
        },
        OPENAI | {"interpolation": "bilinear"},
    ),
    "siglip": (
        {
            "embed_dim": 64,
            "init_logit_bias": -10.0,
            "custom_text": True,
            "vision_cfg": {
                "image_size": 160,
                "timm_model_name": "test_vit",
                "timm_model_pretrained": False,
                "timm_pool": "avg",
                "timm_proj": "none",
            },
            "text_cfg": {
                "context_length": 16,
                "vocab_size": 400,
                "hf_tokenizer_name": "somebody/elsewhere",
                "tokenizer_kwargs": {"clean": "canonicalize"},
                "width": 64,
                "heads": 4,
                "layers": 2,
                "no_causal_mask": True,
                "proj_bias": True,
                "pool_type": "last",
                "norm_kwargs": {"eps": 1e-6},
            },
        },
        HALVES,
    ),
    "coca": (
        {
            "embed_dim": 32,
            "custom_text": True,
            "vision_cfg": {
                **VIT,
                "attentional_pool": True,
                "attn_pooler_heads": 4,
                "attn_pooler_queries": 9,
                "output_tokens": True,
            },
            "text_cfg": {**TEXT, "context_length": 76, "embed_cls": True, "output_tokens": True},
            "multimodal_cfg": {
                "context_length": 76,
                "vocab_size": 49408,
                "width": 32,
                "heads": 2,
                "layers": 1,
                "attn_pooler_heads": 4,
            },
        },
        OPENAI,
    ),
}
"""Kind -> open_clip's model_cfg and preprocess_cfg."""


def save(kind: str, folder: Path) -> Path:
    """A folder as `open_clip.push_to_hf_hub` would publish it."""
    import torch
    from open_clip import create_model
    from safetensors.torch import save_file

    network, preparing = KINDS[kind]
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model_cfg": network, "preprocess_cfg": preparing}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    torch.manual_seed(4)
    model = create_model(f"local-dir:{folder}")
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(2.0)  # random weights start so small that every input looks alike
        if network["text_cfg"].get("pool_type") == "last":
            # An encoder that reads off the padding tells no text from another before it learned.
            model.text.positional_embedding.normal_(std=0.5)
    tensors = {name: one.contiguous() for name, one in model.state_dict().items()}
    save_file(tensors, folder / "open_clip_model.safetensors")
    if "hf_tokenizer_name" in network["text_cfg"]:
        unigrams().save_pretrained(folder)
    return folder


def unigrams():
    """A sentencepiece-like tokenizer as SigLIP's, its words learned from a few captions."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()])
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=300, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>"
    )
    made.train_from_iterator([line.lower() for line in CORPUS] * 4, trainer)
    made.post_processor = processors.TemplateProcessing(
        single=["$A", "</s>"], special_tokens=[("</s>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
