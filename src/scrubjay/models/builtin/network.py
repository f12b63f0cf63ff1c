"""The built-in network: one transformer for pictures, texts and sounds.

Self-attention is shared, each modality has its own feed-forward experts (VLMo: Bao et al. 2022,
section 3.1). Pictures enter through a convolutional stem, texts as sums of hashed features, sounds
as log-mel frames through strided linear layers. What pads a batch is masked on the way in and in
every attention, so that a row never depends on its neighbours.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from scrubjay.core.types import Modality
from scrubjay.models.builtin.settings import NetworkSettings

TAPS = 5
"""Frames a strided speech layer looks at."""


class Attention(nn.Module):
    """Multi-head self-attention over valid tokens.

    Written out: PyTorch's fused kernel is slower in its bfloat16 backward on a CPU at these sizes.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, tokens: Tensor, hidden: Tensor | None) -> Tensor:
        """Mix tokens.

        Args:
            tokens: (n, t, width).
            hidden: (n, 1, 1, t) true where a token is padding; None when none is.
        """
        n, t, width = tokens.shape
        split = self.qkv(self.norm(tokens)).view(n, t, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4).unbind(0)
        scores = (query * (width // self.heads) ** -0.5) @ key.transpose(-1, -2)
        if hidden is not None:
            scores = scores.masked_fill(hidden, -1e4)
        mixed = scores.softmax(dim=-1).to(value.dtype) @ value
        out: Tensor = self.out(mixed.transpose(1, 2).reshape(n, t, width))
        return out


class Expert(nn.Sequential):
    """A modality's feed-forward network."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__(
            nn.LayerNorm(width), nn.Linear(width, inner), nn.GELU(), nn.Linear(inner, width)
        )


class Block(nn.Module):
    """Shared attention, then the modality's own expert."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        self.attention = Attention(settings.width, settings.heads)
        self.experts = nn.ModuleDict(
            {
                name: Expert(settings.width, settings.ffn * settings.width)
                for name in settings.modalities
            }
        )
        self.drop = nn.Dropout(settings.dropout)

    def forward(self, tokens: Tensor, hidden: Tensor | None, modality: str) -> Tensor:
        """(n, t, width) to the same."""
        tokens = tokens + self.drop(self.attention(tokens, hidden))
        out: Tensor = tokens + self.drop(self.experts[modality](tokens))
        return out


class Convolution(nn.Sequential):
    """3x3 convolution and group normalisation, which never looks at other pictures."""

    def __init__(self, inside: int, out: int, *, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inside, out, kernel, stride, padding=kernel // 2, bias=False),
            nn.GroupNorm(_norm_groups(out), out),
        )


class Residual(nn.Module):
    """Two convolutions around a shortcut (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = Convolution(channels, channels)
        self.second = Convolution(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to the same."""
        return functional.relu(x + self.second(functional.relu(self.first(x))))


class ImageFront(nn.Module):
    """Pixels to tokens: a stage of convolutions a stride."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        inside = 3
        for out, stride in zip(
            (*settings.stem_channels, settings.width), settings.stem_strides, strict=True
        ):
            kernel = 3 if stride < 3 else 2 * (stride // 2) + 1
            stages += [Convolution(inside, out, kernel=kernel, stride=stride), nn.ReLU()]
            stages += [Residual(out)]
            inside = out
        self.stages = nn.Sequential(*stages)

    def forward(self, pixel_values: Tensor) -> Tensor:
        """(n, 3, size, size) normalised pixels to (n, tokens, width)."""
        grid: Tensor = self.stages(pixel_values.contiguous(memory_format=torch.channels_last))
        return grid.flatten(2).transpose(1, 2)


class TextFront(nn.Module):
    """Hashed features to one token a word."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        self.table = nn.Embedding(settings.buckets, settings.text_width, padding_idx=0)
        self.into = nn.Linear(settings.text_width, settings.width)

    def forward(self, features: Tensor) -> Tensor:
        """(n, words, features) rows of the table, 0 for none, to (n, words, width)."""
        found = (features > 0).sum(dim=2, keepdim=True).clamp(min=1)
        out: Tensor = self.into(self.table(features).sum(dim=2) / found.to(torch.float32).sqrt())
        return out


class SpeechFront(nn.Module):
    """Log-mel frames to tokens: strided convolutions in time, as slices and a linear layer.

    On a CPU that is faster than `conv1d`.
    """

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        sizes = [settings.mels] + [settings.width] * len(settings.speech_strides)
        self.strides = settings.speech_strides
        self.layers = nn.ModuleList(
            nn.Linear(TAPS * inside, out) for inside, out in pairwise(sizes)
        )
        self.drop = nn.Dropout(settings.dropout)

    def forward(self, mel: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Frames to tokens.

        Args:
            mel: (n, frames, mels) float32.
            lengths: (n,) valid frames of each row.

        Returns:
            (n, tokens, width), and (n, tokens) true where a token is valid.
        """
        x = mel
        valid = _within(x.shape[1], lengths, x)
        for layer, stride in zip(self.layers, self.strides, strict=True):
            x = x * valid.unsqueeze(-1).to(x.dtype)
            frames = x.shape[1]
            padded = functional.pad(x, (0, 0, TAPS // 2, TAPS // 2))
            taps = [padded[:, tap : tap + frames : stride] for tap in range(TAPS)]
            x = self.drop(functional.gelu(layer(torch.cat(taps, dim=-1))))
            lengths = torch.div(lengths + (stride - 1), stride, rounding_mode="floor")
            valid = _within(x.shape[1], lengths, x)
        return x * valid.unsqueeze(-1).to(x.dtype), valid


class Network(nn.Module):
    """All towers. `encode` gives vectors that are not yet of unit length."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        self.settings = settings
        width = settings.width
        fronts: dict[str, nn.Module] = {
            Modality.IMAGE: ImageFront(settings),
            Modality.TEXT: TextFront(settings),
            Modality.SPEECH: SpeechFront(settings),
        }
        longest = {
            Modality.IMAGE: settings.image_tokens,
            Modality.TEXT: settings.words,
            Modality.SPEECH: settings.speech_tokens,
        }
        names = [Modality(name) for name in settings.modalities]
        self.fronts = nn.ModuleDict({name.value: fronts[name] for name in names})
        self.positions = nn.ParameterDict(
            {name.value: nn.Parameter(torch.zeros(1, longest[name], width)) for name in names}
        )
        self.summary = nn.ParameterDict(
            {name.value: nn.Parameter(torch.zeros(1, 1, width)) for name in names}
        )
        self.blocks = nn.ModuleList(Block(settings) for _ in range(settings.layers))
        self.norm = nn.LayerNorm(width)
        self.heads = nn.ModuleDict(
            {name.value: nn.Linear(2 * width, settings.dim) for name in names}
        )
        self._start()

    def _start(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=min(0.06, module.in_features**-0.5))
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            elif isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.2)
                with torch.no_grad():
                    module.weight[0].zero_()
        for parameter in self.positions.values():
            nn.init.normal_(parameter, std=self.settings.position_std)
        for parameter in self.summary.values():
            nn.init.normal_(parameter, std=0.02)

    def encode(self, modality: str, tokens: Tensor, valid: Tensor | None) -> Tensor:
        """A modality's tokens to vectors.

        Args:
            modality: whose experts to use.
            tokens: (n, t, width) from its front.
            valid: (n, t) true where a token counts; None when all do.

        Returns:
            (n, dim).
        """
        return self.pool(modality, self.mix(modality, tokens, valid), valid)

    def mix(self, modality: str, tokens: Tensor, valid: Tensor | None) -> Tensor:
        """What every token has become, (n, 1 + t, width), the summary first."""
        tokens = tokens + self.positions[modality][:, : tokens.shape[1]]
        summary = self.summary[modality].expand(tokens.shape[0], -1, -1)
        tokens = torch.cat([summary, tokens.to(summary.dtype)], dim=1)
        hidden = None
        if valid is not None:
            # The summary token is always valid, so nothing at all still has an answer.
            hidden = functional.pad(~valid, (1, 0), value=False)[:, None, None, :]
        for block in self.blocks:
            tokens = block(tokens, hidden, modality)
        mixed: Tensor = self.norm(tokens)
        return mixed

    def pool(self, modality: str, mixed: Tensor, valid: Tensor | None) -> Tensor:
        """What `mix` gave to (n, dim) vectors."""
        pooled = _mean(mixed[:, 1:], valid)
        out: Tensor = self.heads[modality](torch.cat([mixed[:, 0], pooled], dim=-1))
        return out


class ImageTower(nn.Module):
    """`pixel_values` (n, 3, size, size) to (n, dim)."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Vectors, not yet of unit length."""
        tokens = self.network.fronts["image"](pixel_values)
        return self.network.encode("image", tokens, None)


class TextTower(nn.Module):
    """`features` (n, words, features) int64 to (n, dim)."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: Tensor) -> Tensor:
        """Vectors, not yet of unit length."""
        tokens = self.network.fronts["text"](features)
        return self.network.encode("text", tokens, features[:, :, 0] > 0)


class SpeechTower(nn.Module):
    """`mel` (n, frames, mels) and `lengths` (n,) to (n, dim)."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, mel: Tensor, lengths: Tensor) -> Tensor:
        """Vectors, not yet of unit length."""
        tokens, valid = self.network.fronts["speech"](mel, lengths)
        return self.network.encode("speech", tokens, valid)


TOWERS: dict[Modality, type[ImageTower] | type[TextTower] | type[SpeechTower]] = {
    Modality.IMAGE: ImageTower,
    Modality.TEXT: TextTower,
    Modality.SPEECH: SpeechTower,
}


def _within(frames: int, lengths: Tensor, like: Tensor) -> Tensor:
    """(n, frames) true where a frame is one of the row's own."""
    return torch.arange(frames, device=like.device)[None, :] < lengths[:, None]


def _mean(tokens: Tensor, valid: Tensor | None) -> Tensor:
    if valid is None:
        return tokens.mean(dim=1)
    weights = valid.unsqueeze(-1).to(tokens.dtype)
    return (tokens * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)


def _norm_groups(channels: int) -> int:
    """The most groups up to 8 that divide the channels."""
    return next(groups for groups in range(8, 0, -1) if channels % groups == 0)
