"""Small random-weight VITS and Whisper models of the real classes, with real tokenizers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch

LETTERS = " abcdefghijklmnopqrstuvwxyz'-äöüß"


def copy_without(folder: Path, into: Path, weight: str) -> Path:
    """A model's folder again, one of its weights gone."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(folder, into)
    weights = load_file(into / "model.safetensors")
    weights.pop(weight)
    save_file(weights, into / "model.safetensors", metadata={"format": "pt"})
    return into


def save_vits(folder: Path, *, language: str = "eng", rate: int = 16_000) -> Path:
    """A VITS as MMS-TTS has them: letters, with a blank between them."""
    from transformers import VitsConfig, VitsModel, VitsTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    vocab = folder / "letters.json"
    vocab.write_text(json.dumps({one: at for at, one in enumerate(["<pad>", *LETTERS])}))
    tokenizer = VitsTokenizer(
        str(vocab),
        language=language,
        phonemize=False,
        pad_token="<pad>",
        unk_token="<unk>",
    )
    torch.manual_seed(3)
    model = VitsModel(
        VitsConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            ffn_dim=16,
            flow_size=16,
            spectrogram_bins=9,
            prior_encoder_num_flows=2,
            prior_encoder_num_wavenet_layers=1,
            posterior_encoder_num_wavenet_layers=1,
            duration_predictor_num_flows=2,
            duration_predictor_filter_channels=16,
            depth_separable_channels=2,
            depth_separable_num_layers=1,
            upsample_initial_channel=16,
            upsample_rates=[8, 8, 4],
            upsample_kernel_sizes=[16, 16, 8],
            resblock_kernel_sizes=[3],
            resblock_dilation_sizes=[[1, 3]],
            sampling_rate=rate,
        )
    )
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    vocab.unlink()
    return folder


LANGUAGES = ("en", "de", "fr", "es")
SENTENCES = (
    "zero one two three four five six seven eight nine",
    "how many cups are on the table and what colour is the car",
    "wie viele Tassen stehen auf dem Tisch; combien de tasses",
)


def whisper_tokenizer():
    """Byte-level BPE with Whisper's special tokens in Whisper's order, its merges learned."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import WhisperTokenizer

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.train_from_iterator(
        [f" {line}" for line in SENTENCES] * 4,
        trainers.BpeTrainer(
            vocab_size=340,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )
    made = json.loads(bpe.to_str())["model"]
    vocab = dict(made["vocab"])
    # The empty token is what CTranslate2 knows a multilingual Whisper by.
    vocab[""] = len(vocab)
    vocab["<|endoftext|>"] = len(vocab)
    tokenizer = WhisperTokenizer(vocab=vocab, merges=[tuple(pair) for pair in made["merges"]])
    tokenizer.add_special_tokens(
        {
            "additional_special_tokens": [
                "<|startoftranscript|>",
                *(f"<|{one}|>" for one in LANGUAGES),
                "<|translate|>",
                "<|transcribe|>",
                "<|startoflm|>",
                "<|startofprev|>",
                "<|nospeech|>",
                "<|notimestamps|>",
            ]
        }
    )
    tokenizer.add_tokens([f"<|{at * 0.02:.2f}|>" for at in range(1501)])
    return tokenizer


def make_whisper(tokenizer, *, width: int = 32, layers: int = 1, seconds: int = 30, seed: int = 4):
    """A WhisperForConditionalGeneration of random weights."""
    from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration

    number = tokenizer.convert_tokens_to_ids
    end = number("<|endoftext|>")
    torch.manual_seed(seed)
    model = WhisperForConditionalGeneration(
        WhisperConfig(
            vocab_size=len(tokenizer),
            d_model=width,
            encoder_layers=layers,
            decoder_layers=layers,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=4 * width,
            decoder_ffn_dim=4 * width,
            pad_token_id=end,
            bos_token_id=end,
            eos_token_id=end,
            decoder_start_token_id=number("<|startoftranscript|>"),
            max_source_positions=50 * seconds,
            dropout=0.0,
        )
    )
    model.generation_config = GenerationConfig(
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=number("<|startoftranscript|>"),
        lang_to_id={f"<|{one}|>": number(f"<|{one}|>") for one in LANGUAGES},
        task_to_id={one: number(f"<|{one}|>") for one in ("transcribe", "translate")},
        no_timestamps_token_id=number("<|notimestamps|>"),
        prev_sot_token_id=number("<|startofprev|>"),
        is_multilingual=True,
        return_timestamps=False,
        max_initial_timestamp_index=50,
        suppress_tokens=[],
        begin_suppress_tokens=[*tokenizer.encode(" ", add_special_tokens=False)[:1], end],
        max_length=60,
    )
    return model.eval()


def save_whisper(folder: Path, *, model=None, tokenizer=None, seconds: int = 30) -> Path:
    """A Whisper as save_pretrained writes it, with its processor."""
    from transformers import WhisperFeatureExtractor, WhisperProcessor

    tokenizer = tokenizer or whisper_tokenizer()
    model = model or make_whisper(tokenizer)
    model.save_pretrained(folder)
    hears = WhisperFeatureExtractor(feature_size=80, chunk_length=seconds)
    WhisperProcessor(hears, tokenizer).save_pretrained(folder)
    return folder


def convert_whisper(folder: Path, out: Path) -> Path:
    """The same by CTranslate2's own converter."""
    from ctranslate2.converters import TransformersConverter

    files = [
        name for name in ("tokenizer.json", "preprocessor_config.json") if (folder / name).is_file()
    ]
    TransformersConverter(str(folder), copy_files=files).convert(str(out))
    return out
