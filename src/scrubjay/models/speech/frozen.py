"""A pretrained speech model that is listened with and never trained: all its layers' states.

Padding is kept out of every step, so that a row has the states it has alone: also through the
group normalisation over time of wav2vec 2.0 and HuBERT base, whose own code lets padding in.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrize import is_parametrized

LOWEST = -1e4
"""Added to an attention score that must not count; also float16 and bfloat16 hold it."""


class FrozenSpeech(nn.Module, ABC):
    """A speech encoder of the transformers library, always in eval mode, its weights at rest.

    Attributes:
        width: of its hidden states.
        layers: hidden states it gives: the input embedding and each layer's output.
    """

    def __init__(self, model: nn.Module) -> None:
        """Take the encoder; its weights stop asking for gradients."""
        super().__init__()
        encoder: Any = model.eval().requires_grad_(False)
        self.model: Any = encoder
        self.width = int(encoder.config.hidden_size)
        self.layers = int(encoder.config.num_hidden_layers) + 1
        # Of weights that the library keeps in another form: what it would find in a file of its.
        self._as_saved: dict[str, Tensor] = {}

    def train(self, mode: bool = True) -> FrozenSpeech:
        """Eval mode, whatever the mode asked for."""
        super().train(False)
        return self

    @torch.no_grad()
    def forward(self, **inputs: Tensor) -> tuple[list[Tensor], Tensor]:
        """What each layer makes of sounds.

        Returns:
            `layers` tensors (n, t, width), the last as the model gives it out; and (n, t), true
            where a state belongs to the sound itself, at least once a row.
        """
        return self.states(inputs)

    def save(self, folder: Path) -> None:
        """Write `config.json` and `model.safetensors`, as the library's own class reads them."""
        from safetensors.torch import save_file

        state = self.model.state_dict()
        for name, tensor in self._as_saved.items():
            state[name] = tensor
            state.pop(name.replace(".parametrizations", "").rpartition(".")[0], None)
        plain = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
        save_file(plain, folder / "model.safetensors", metadata={"format": "pt"})
        self.model.config.architectures = [type(self.model).__name__]
        self.model.config.save_pretrained(folder)

    @abstractmethod
    def states(self, inputs: Mapping[str, Tensor]) -> tuple[list[Tensor], Tensor]:
        """`forward`, of the kind's own inputs."""


class FrozenWhisper(FrozenSpeech):
    """A Whisper's encoder; `mel` (n, n_mels, frames) and `lengths` (n,) pairs of frames."""

    def states(self, inputs: Mapping[str, Tensor]) -> tuple[list[Tensor], Tensor]:
        """As the library's; a window shorter than its own takes the first of its positions."""
        model = self.model
        hidden = functional.gelu(model.conv1(inputs["mel"]))
        hidden = functional.gelu(model.conv2(hidden)).permute(0, 2, 1)
        hidden = hidden + model.embed_positions.weight[: hidden.shape[1]]
        states = [hidden]
        for layer in model.layers:
            states.append(_tensor(layer(states[-1], None)))
        states[-1] = model.layer_norm(states[-1])
        return states, _within(hidden.shape[1], inputs["lengths"])


class FrozenWaveform(FrozenSpeech):
    """A wav2vec 2.0 or HuBERT; `waveform` (n, samples) and `lengths` (n,) samples."""

    def __init__(self, model: nn.Module) -> None:
        """Take the encoder, and make its normalised weights plain ones: they never change."""
        super().__init__(model)
        embed = self.model.encoder.pos_conv_embed
        if is_parametrized(embed.conv, "weight"):
            at = "encoder.pos_conv_embed.conv.parametrizations.weight."
            self._as_saved = {
                name: tensor.detach().clone()
                for name, tensor in self.model.state_dict().items()
                if name.startswith(at)
            }
            embed.conv = _plain(embed.conv)

    def states(self, inputs: Mapping[str, Tensor]) -> tuple[list[Tensor], Tensor]:
        """As the library's of each row alone."""
        model = self.model
        features, valid = self._features(inputs["waveform"], inputs["lengths"])
        hidden = _tensor(model.feature_projection(features.transpose(1, 2)))
        keep = valid.unsqueeze(-1).to(hidden.dtype)
        hidden = hidden * keep
        encoder = model.encoder
        hidden = hidden + self._positions(hidden, keep)
        stable = bool(model.config.do_stable_layer_norm)
        states = [hidden if stable else encoder.layer_norm(hidden)]
        ignored = ((~valid)[:, None, None, :]).to(hidden.dtype) * LOWEST
        for layer in encoder.layers:
            states.append(_tensor(layer(states[-1], attention_mask=ignored)))
        if stable:
            states[-1] = encoder.layer_norm(states[-1])
        return states, valid

    def _features(self, waveform: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(n, channels, t) of the convolutions, and (n, t) true where one is the row's own.

        None of them is padded: what they make of the sound itself never sees what follows, but
        for the normalisation over time.
        """
        config = self.model.config
        hidden = waveform[:, None]
        for layer, kernel, stride in zip(
            self.model.feature_extractor.conv_layers,
            config.conv_kernel,
            config.conv_stride,
            strict=True,
        ):
            lengths = torch.div(lengths - kernel, stride, rounding_mode="floor") + 1
            norm = getattr(layer, "layer_norm", None)
            if isinstance(norm, nn.GroupNorm):
                hidden = layer.conv(hidden)
                valid = _within(hidden.shape[2], lengths)
                hidden = layer.activation(normalised_over_time(hidden, valid, norm))
            else:
                hidden = layer(hidden)
        return hidden, _within(hidden.shape[2], lengths)

    def _positions(self, hidden: Tensor, keep: Tensor) -> Tensor:
        embed = self.model.encoder.pos_conv_embed
        given = hidden.transpose(1, 2)
        if getattr(embed, "batch_norm", None) is not None:
            given = embed.batch_norm(given) * keep.transpose(1, 2)
        made: Tensor = embed.activation(embed.padding(embed.conv(given)))
        return made.transpose(1, 2)


def _plain(conv: nn.Conv1d) -> nn.Conv1d:
    """The same convolution; one with a parametrisation cannot be sent to another process."""
    made = nn.Conv1d(
        conv.in_channels,
        conv.out_channels,
        conv.kernel_size[0],
        padding=int(conv.padding[0]),
        groups=conv.groups,
        bias=conv.bias is not None,
    )
    with torch.no_grad():
        made.weight.copy_(conv.weight)
        if made.bias is not None and conv.bias is not None:
            made.bias.copy_(conv.bias)
    return made.eval().requires_grad_(False)


def normalised_over_time(hidden: Tensor, valid: Tensor, norm: nn.GroupNorm) -> Tensor:
    """A group normalisation with a group a channel, over each row's own frames.

    Args:
        hidden: (n, channels, t).
        valid: (n, t).
        norm: whose weights and epsilon count.
    """
    keep = valid[:, None, :].to(torch.float32)
    count = keep.sum(dim=-1, keepdim=True)
    wide = hidden.float()
    mean = (wide * keep).sum(dim=-1, keepdim=True) / count
    centred = (wide - mean) * keep
    variance = centred.square().sum(dim=-1, keepdim=True) / count
    scaled = centred * torch.rsqrt(variance + norm.eps)
    made = scaled * norm.weight.float()[None, :, None] + norm.bias.float()[None, :, None]
    return made.to(hidden.dtype)


def _within(frames: int, lengths: Tensor) -> Tensor:
    """(n, frames) true where a frame is one of the row's own."""
    return torch.arange(frames, device=lengths.device)[None, :] < lengths[:, None]


def _tensor(made: Any) -> Tensor:  # noqa: ANN401 - a tensor, or a tuple that begins with it
    first: Tensor = made[0] if isinstance(made, tuple) else made
    return first
