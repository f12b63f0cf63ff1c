"""What is learned on top of a frozen speech model: which layers to listen to, and a pooling head.

The parallel branch of SpeechCLIP (Shih et al. 2022, section 2.2): a weighted sum of the frozen
model's hidden states, a transformer with a learned CLS query before them, and a projection of
what becomes of it into the image-text space.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from scrubjay.core.errors import BadConfig, UnknownName
from scrubjay.models.builtin.network import Attention, Expert
from scrubjay.models.speech.frozen import FrozenSpeech


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """Sizes of the head.

    Attributes:
        width: of a token; heads divides it.
        layers: transformer blocks.
        heads: of attention.
        ffn: width of the feed-forward networks, in multiples of `width`.
        dropout: share of tokens' features and of branch outputs dropped while training.
    """

    width: int = 256
    layers: int = 1
    heads: int = 8
    ffn: int = 4
    dropout: float = 0.1

    def __post_init__(self) -> None:
        """Refuse sizes that cannot be built.

        Raises:
            BadConfig: a size, with what it must be.
        """
        for name in ("width", "layers", "heads", "ffn"):
            value: object = getattr(self, name)
            if type(value) is not int or value < 1:
                raise BadConfig(f"encoder.head.{name} must be a whole number above 0, not {value}")
        dropout: object = self.dropout
        if not isinstance(dropout, int | float) or not 0 <= dropout < 1:
            raise BadConfig(f"encoder.head.dropout must be in [0, 1), not {dropout}")
        if self.width % self.heads:
            raise BadConfig(
                f"encoder.head.heads must divide encoder.head.width: {self.heads} does not divide "
                f"{self.width}"
            )

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> HeadSettings:
        """Settings from plain values; what is not named keeps its default.

        Raises:
            UnknownName: a setting nobody knows.
            BadConfig: a size that cannot be built.
        """
        known = [field.name for field in fields(cls)]
        for name in values:
            if name not in known:
                raise UnknownName("setting in encoder.head", str(name), known)
        return cls(**values)


class SpeechHead(nn.Module):
    """Hidden states of all layers to one vector."""

    def __init__(self, settings: HeadSettings, *, width: int, layers: int, dim: int) -> None:
        """Random weights; every layer counts as much at first.

        Args:
            settings: of the transformer.
            width: of the hidden states.
            layers: hidden states that are mixed.
            dim: of the vector.
        """
        super().__init__()
        self.layer_weights = nn.Parameter(torch.zeros(layers))
        self.into = nn.Linear(width, settings.width)
        self.query = nn.Parameter(torch.randn(1, 1, settings.width) * 0.02)
        self.blocks = nn.ModuleList(_Block(settings) for _ in range(settings.layers))
        self.norm = nn.LayerNorm(settings.width)
        self.out = nn.Linear(settings.width, dim)
        self.drop = nn.Dropout(settings.dropout)

    def forward(self, states: list[Tensor], valid: Tensor) -> Tensor:
        """Mix, attend, project.

        Args:
            states: (n, t, width) a layer.
            valid: (n, t) true where a state counts.

        Returns:
            (n, dim), not yet of unit length.
        """
        tokens = self.drop(self.into(self.mixed(states)))
        query = self.query.expand(tokens.shape[0], -1, -1).to(tokens.dtype)
        tokens = torch.cat([query, tokens], dim=1)
        hidden = functional.pad(~valid, (1, 0), value=False)[:, None, None, :]
        for block in self.blocks:
            tokens = block(tokens, hidden)
        made: Tensor = self.out(self.norm(tokens[:, 0]))
        return made

    def mixed(self, states: list[Tensor]) -> Tensor:
        """(n, t, width): the layers' weighted mean, each normalised first.

        Where a model normalises before its layers, the last states are many times as long as the
        first and would drown them.
        """
        weights = self.layer_weights.softmax(dim=0)
        width = (states[0].shape[-1],)
        total = weights[0] * functional.layer_norm(states[0], width)
        for weight, state in zip(weights[1:], states[1:], strict=True):
            total = total + weight * functional.layer_norm(state, width)
        return total


class SpeechTower(nn.Module):
    """A frozen speech model and the head on top of it: inputs of the model to (n, dim)."""

    def __init__(self, frozen: FrozenSpeech, head: SpeechHead) -> None:
        super().__init__()
        self.frozen = frozen
        self.head = head

    def forward(self, **inputs: Tensor) -> Tensor:
        """Vectors, not yet of unit length."""
        states, valid = self.frozen(**inputs)
        made: Tensor = self.head(states, valid)
        return made


class _Block(nn.Module):
    def __init__(self, settings: HeadSettings) -> None:
        super().__init__()
        self.attention = Attention(settings.width, settings.heads)
        self.expert = Expert(settings.width, settings.ffn * settings.width)
        self.drop = nn.Dropout(settings.dropout)

    def forward(self, tokens: Tensor, hidden: Tensor) -> Tensor:
        tokens = tokens + self.drop(self.attention(tokens, hidden))
        made: Tensor = tokens + self.drop(self.expert(tokens))
        return made
