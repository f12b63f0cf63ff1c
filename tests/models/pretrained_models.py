"""Small random-weight models of the transformers library's real classes, with real processors."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import torch

CORPUS = [
    "a photo of a red apple on a wooden table",
    "two dogs playing in the park, it's a sunny day",
    "an old man asleep in the woods; a painting from 1890",
    "the market square at night with lights and many people",
    "Ein großes Bild von einem kleinen Haus am See",
    "une femme avec un chapeau bleu devant la mer",
    "what is it that the cat is looking at, number 42?",
    "abcdefghijklmnopqrstuvwxyz 0123456789",
]
SIDE = 48


def towers(projection: int | None) -> tuple[dict, dict]:
    small = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
    }
    text, vision = dict(small), {**small, "image_size": SIDE, "patch_size": 16}
    if projection:
        text["projection_dim"] = vision["projection_dim"] = projection
    return text, vision


def clip_tokenizer():
    """Byte-level BPE with OpenAI's layout of tokens, its merges learned from CORPUS."""
    from tokenizers import models, pre_tokenizers, trainers
    from transformers import CLIPTokenizer

    bpe = CLIPTokenizer().backend_tokenizer
    bpe.model = models.BPE(end_of_word_suffix="</w>")
    bpe.train_from_iterator(
        CORPUS * 4,
        trainers.BpeTrainer(vocab_size=600, end_of_word_suffix="</w>", show_progress=False),
    )
    merges = [tuple(pair) for pair in json.loads(bpe.to_str())["model"]["merges"]]
    # As OpenAI's: every byte, every byte that ends a word, the merges, the special tokens.
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [*letters, *(f"{one}</w>" for one in letters), *map("".join, merges)]
    tokens = [*dict.fromkeys(tokens), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(
        vocab={token: place for place, token in enumerate(tokens)},
        merges=merges,
        model_max_length=77,
    )


def save_clip(folder: Path, *, edge: int | None = None) -> Path:
    """CLIP with a byte-level BPE tokenizer."""
    from transformers import CLIPConfig, CLIPModel, CLIPProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    tokenizer = clip_tokenizer()
    text, vision = towers(24)
    text |= {
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 77,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    torch.manual_seed(1)
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=24))
    processor = CLIPProcessor(
        CLIPImageProcessorPil(
            size={"shortest_edge": edge or SIDE}, crop_size={"height": SIDE, "width": SIDE}
        ),
        tokenizer,
    )
    return save(model, processor, folder)


def save_siglip(folder: Path) -> Path:
    """SigLIP with a sentencepiece unigram tokenizer."""
    import sentencepiece
    from transformers import SiglipConfig, SiglipModel, SiglipProcessor, SiglipTokenizer
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    folder.mkdir(parents=True, exist_ok=True)
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(line.lower() for line in CORPUS * 4),
        model_writer=trained,
        vocab_size=150,
        model_type="unigram",
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    (folder / "spiece.model").write_bytes(trained.getvalue())
    tokenizer = SiglipTokenizer(
        str(folder / "spiece.model"), model_max_length=64, model_input_names=["input_ids"]
    )
    return _save_sigmoid(
        folder,
        SiglipConfig,
        SiglipModel,
        lambda: SiglipProcessor(
            SiglipImageProcessorPil(size={"height": SIDE, "width": SIDE}), tokenizer
        ),
        tokenizer,
    )


def save_siglip2(folder: Path) -> Path:
    """SigLIP 2 at a fixed resolution: SigLIP's classes with Gemma's tokenizer."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import GemmaTokenizer, SiglipConfig, SiglipModel, SiglipProcessor
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    bytes_ = [f"<0x{value:02X}>" for value in range(256)]
    bpe = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    bpe.normalizer = normalizers.Replace(" ", "\u2581")
    bpe.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    bpe.train_from_iterator(
        CORPUS * 4, trainers.BpeTrainer(vocab_size=600, special_tokens=special + bytes_)
    )
    made = json.loads(bpe.to_str())["model"]
    tokenizer = GemmaTokenizer(
        vocab=made["vocab"],
        merges=[tuple(pair) for pair in made["merges"]],
        model_max_length=64,
        padding_side="right",
        add_bos_token=False,
        add_eos_token=True,
        model_input_names=["input_ids"],
    )
    return _save_sigmoid(
        folder,
        SiglipConfig,
        SiglipModel,
        lambda: SiglipProcessor(
            SiglipImageProcessorPil(size={"height": SIDE, "width": SIDE}, resample=2), tokenizer
        ),
        tokenizer,
    )


def _save_sigmoid(folder, config, model, processor, tokenizer) -> Path:
    text, vision = towers(None)
    text |= {
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 64,
        "pad_token_id": tokenizer.pad_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    torch.manual_seed(2)
    made = model(config(text_config=text, vision_config=vision))
    with torch.no_grad():
        made.logit_scale.fill_(2.5)
        made.logit_bias.fill_(-9.5)
    return save(made, processor(), folder)


def save(model, processor, folder: Path) -> Path:
    # Random weights start so small that every input looks alike.
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(2.0)
    folder.mkdir(parents=True, exist_ok=True)
    model.eval().save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


SAVE = {"clip": save_clip, "siglip": save_siglip, "siglip2": save_siglip2}


def pictures() -> list[np.ndarray]:
    """Photo-like pictures of odd sizes."""
    random = np.random.default_rng(3)
    return [
        scene(width, height, random)
        for width, height in ((97, 61), (61, 97), (333, 251), (48, 48), (31, 200))
    ]


def scene(width: int, height: int, random: np.random.Generator) -> np.ndarray:
    """Smooth colours, a disc and a little noise."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    start, across, down = (
        random.uniform(0, 120, 3),
        random.uniform(-1, 1, 3),
        random.uniform(-1, 1, 3),
    )
    base = start + 130 * (across * (x / width)[..., None] + down * (y / height)[..., None])
    centre = random.uniform(0.2, 0.8, 2)
    disc = (x / width - centre[0]) ** 2 + (y / height - centre[1]) ** 2 < 0.05
    base[disc] = random.uniform(0, 255, 3)
    return np.clip(base + random.normal(0, 6, base.shape), 0, 255).astype(np.uint8)


TEXTS = [
    "a red apple",
    "Two Dogs, playing in the park!",
    "an old man asleep in the woods; a painting",
    "it's the cat",
    "ein Haus am See und une femme",
    "x",
    "many " * 100,
]
