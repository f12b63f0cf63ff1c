"""Small BLIP-2, GIT, ViLT and Florence-2 models of random weights, saved as hubs keep them."""

from __future__ import annotations

from pathlib import Path

from tests.models.vlm.small_models import (
    CORPUS,
    SIDE,
    SMALL,
    VISION,
    bpe,
    clip_pictures,
    ids,
    write,
)

ANSWERS = ["red", "blue", "yes", "no", "one", "two", "three"]
QUERIES = 8


def blip_pictures():
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    return BlipImageProcessorPil(size={"height": SIDE, "width": SIDE})


def questioner() -> dict:
    return {
        **SMALL,
        "encoder_hidden_size": VISION["hidden_size"],
        "cross_attention_frequency": 1,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    }


def save_blip2(folder: Path) -> Path:
    """With an OPT, which continues a text."""
    tokenizer = bpe("<image>", bos="</s>", eos="</s>", pad="<pad>")
    text = {
        "model_type": "opt",
        "dropout": 0.0,
        "hidden_size": SMALL["hidden_size"],
        "ffn_dim": SMALL["intermediate_size"],
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "word_embed_proj_dim": SMALL["hidden_size"],
        "max_position_embeddings": 256,
    }
    return save_with(text, tokenizer, folder)


def save_blip2_t5(folder: Path) -> Path:
    """With a T5, which reads a text and writes another."""
    tokenizer = bpe("<image>", bos=None, eos="</s>", pad="<pad>")
    text = {
        "model_type": "t5",
        "d_model": SMALL["hidden_size"],
        "d_ff": SMALL["intermediate_size"],
        "d_kv": SMALL["hidden_size"] // 4,
        "num_layers": 2,
        "num_heads": 4,
        "decoder_start_token_id": tokenizer.pad_token_id,
    }
    return save_with(text, tokenizer, folder)


def save_with(text: dict, tokenizer, folder: Path) -> Path:
    """A BLIP-2 with a language model."""
    from transformers import Blip2Config, Blip2ForConditionalGeneration

    config = Blip2Config(
        vision_config=VISION,
        qformer_config=questioner(),
        text_config={**text, "vocab_size": len(tokenizer), **ids(tokenizer)},
        num_query_tokens=QUERIES,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    return write(
        folder,
        Blip2ForConditionalGeneration(config),
        tokenizer,
        blip_pictures(),
        processor="Blip2Processor",
        num_query_tokens=QUERIES,
    )


def bert_tokenizer():
    """A WordPiece tokenizer of CORPUS's words and letters."""
    from transformers import BertTokenizer

    words = sorted({word.strip(".,:;!?").lower() for line in CORPUS[:5] for word in line.split()})
    letters = sorted({letter for word in words for letter in word} | set("?.!,'"))
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]
    tokens += [f"##{letter}" for letter in letters] + words
    vocabulary = {token: place for place, token in enumerate(dict.fromkeys(tokens))}
    return BertTokenizer(vocab=vocabulary, do_lower_case=True, model_max_length=64)


def save_git(folder: Path) -> Path:
    from transformers import GitConfig, GitForCausalLM

    tokenizer = bert_tokenizer()
    config = GitConfig(
        vision_config=VISION,
        **{**SMALL, "max_position_embeddings": 64},
        vocab_size=len(tokenizer),
        bos_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return write(
        folder, GitForCausalLM(config), tokenizer, clip_pictures(), processor="GitProcessor"
    )


def save_vilt(folder: Path) -> Path:
    from transformers import ViltConfig, ViltForQuestionAnswering
    from transformers.models.vilt.image_processing_pil_vilt import ViltImageProcessorPil

    tokenizer = bert_tokenizer()
    config = ViltConfig(
        **{**SMALL, "max_position_embeddings": 24},
        image_size=SIDE,
        patch_size=8,
        vocab_size=len(tokenizer),
        id2label=dict(enumerate(ANSWERS)),
        label2id={answer: place for place, answer in enumerate(ANSWERS)},
    )
    pictures = ViltImageProcessorPil(size={"shortest_edge": SIDE}, size_divisor=8)
    return write(
        folder, ViltForQuestionAnswering(config), tokenizer, pictures, processor="ViltProcessor"
    )


def save_florence2(folder: Path) -> Path:
    """With a BART, which reads a text and writes another."""
    from transformers import Florence2Config, Florence2ForConditionalGeneration

    named = {"image_token": "<image>"}
    tokenizer = bpe("<image>", bos="<s>", eos="</s>", pad="<pad>", named=named)
    config = Florence2Config(
        vision_config={
            "embed_dim": [16, 32],
            "depths": [1, 1],
            "num_heads": [2, 4],
            "num_groups": [2, 4],
            "patch_size": [7, 3],
            "patch_stride": [4, 2],
            "patch_padding": [3, 1],
            "patch_prenorm": [False, True],
            "window_size": 4,
            "projection_dim": 32,
            "max_temporal_embeddings": 4,
            "max_position_embeddings": 16,
        },
        text_config={
            "model_type": "bart",
            "d_model": 32,
            "encoder_layers": 2,
            "decoder_layers": 2,
            "encoder_attention_heads": 4,
            "decoder_attention_heads": 4,
            "encoder_ffn_dim": 64,
            "decoder_ffn_dim": 64,
            "dropout": 0.0,
            "max_position_embeddings": 256,
            "decoder_start_token_id": tokenizer.eos_token_id,
            "forced_eos_token_id": None,
            "vocab_size": len(tokenizer),
            **ids(tokenizer),
        },
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        is_encoder_decoder=True,
    )
    pictures = clip_pictures()
    pictures.image_seq_length = (SIDE // 8) ** 2 + 1
    return write(
        folder,
        Florence2ForConditionalGeneration(config),
        tokenizer,
        pictures,
        processor="Florence2Processor",
    )


SAVE = {
    "blip2": save_blip2,
    "blip2_t5": save_blip2_t5,
    "git": save_git,
    "vilt": save_vilt,
    "florence2": save_florence2,
}
FAMILIES = {
    "blip2": "blip2",
    "blip2_t5": "blip2",
    "git": "git",
    "vilt": "vilt",
    "florence2": "transformers",
}
"""Kind -> the family that asks it."""
