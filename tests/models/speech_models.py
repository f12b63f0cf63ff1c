"""Small random-weight speech models of the real classes, each saved in one of the usual ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

WAVEFORM: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "conv_dim": (16, 16, 16),
    "conv_kernel": (10, 8, 4),
    "conv_stride": (5, 8, 4),
    "num_feat_extract_layers": 3,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "vocab_size": 12,
}
"""100 frames a second."""


def save_hubert(folder: Path) -> Path:
    """A HuBERT that was fine-tuned to write, as base models are: group normalisation over time."""
    from transformers import HubertConfig, HubertForCTC, Wav2Vec2FeatureExtractor

    torch.manual_seed(6)
    _livelier(HubertForCTC(HubertConfig(**WAVEFORM))).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)
    return folder


def save_wav2vec2(folder: Path) -> Path:
    """A wav2vec 2.0 as large models are: layer normalisation everywhere, and before the layers."""
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model

    torch.manual_seed(7)
    config = Wav2Vec2Config(**WAVEFORM, feat_extract_norm="layer", do_stable_layer_norm=True)
    _livelier(Wav2Vec2Model(config)).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(do_normalize=False, return_attention_mask=True).save_pretrained(folder)
    return folder


def save_whisper_encoder(folder: Path, *, seconds: int = 3, bands: int = 80) -> Path:
    """The encoder of a Whisper alone, of a short window so that it is quick."""
    from transformers import WhisperConfig, WhisperFeatureExtractor
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    torch.manual_seed(8)
    config = WhisperConfig(
        d_model=32,
        num_mel_bins=bands,
        encoder_layers=2,
        encoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_layers=1,
        decoder_attention_heads=2,
        decoder_ffn_dim=64,
        max_source_positions=50 * seconds,
    )
    _livelier(WhisperEncoder(config)).save_pretrained(folder)
    WhisperFeatureExtractor(feature_size=bands, chunk_length=seconds).save_pretrained(folder)
    return folder


SAVE_SPEECH = {
    "hubert": save_hubert,
    "wav2vec2": save_wav2vec2,
    "whisper": save_whisper_encoder,
}


def _livelier(model: Any) -> Any:
    """Random weights start so small that every sound is much the same."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(3.0)
    return model.eval()
