"""One tower of an open_clip model as a module of its own."""

from __future__ import annotations

import sys
from typing import Any

import torch
from open_clip.transformer import TextTransformer, text_global_pool
from torch import Tensor, nn

from scrubjay.core.errors import ModelNotFound
from scrubjay.models.openclip.attention import quickest

AT_THE_END = ("argmax", "eos")
"""Ways to pool that look at a text's own end and at nothing after it."""


class ImageTower(nn.Module):
    """`pixel_values` (n, 3, h, w) to (n, dim): open_clip's `encode_image`."""

    def __init__(self, visual: nn.Module) -> None:
        """Take the image part of a model."""
        super().__init__()
        self.visual = visual
        rows, columns = getattr(visual, "grid_size", (sys.maxsize, 1))
        self._tokens = rows * columns

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Vectors, not yet of unit length."""
        with quickest(self._tokens, pixel_values.device, training=self.training):
            made: Any = self.visual(pixel_values)
        vectors: Tensor = made[0] if isinstance(made, tuple) else made
        return vectors


class TextTower(nn.Module):
    """`input_ids` (n, t) to (n, dim): open_clip's `encode_text`, for texts of any length.

    open_clip pads every text to the longest its network has positions for. Where no token looks
    ahead and a vector is read off a text's end, what follows has no part in it, so that a batch
    need only be as long as its longest text: the same vectors and gradients for less work.
    """

    def __init__(self, model: nn.Module, *, strip: int | None) -> None:
        """Take the parts of a CLIP, or of a CustomTextCLIP's own text transformer.

        Args:
            model: the whole model.
            strip: a token that is read as 0.
        """
        super().__init__()
        own: Any = getattr(model, "text", None)
        pool, end = ("pool_type", "eos_id") if own else ("text_pool_type", "text_eos_id")
        own = own or model
        self.token_embedding = own.token_embedding
        self.positional_embedding = own.positional_embedding
        self.transformer = own.transformer
        self.ln_final = own.ln_final
        self.text_projection = own.text_projection
        self.mask: Tensor | None
        self.register_buffer("mask", own.attn_mask, persistent=False)
        self._pool: str = getattr(own, pool)
        self._end: int = getattr(own, end)
        self._strip = strip

    @property
    def shortens(self) -> bool:
        """Whether texts may be given without what they would be padded with."""
        return self.mask is not None and self._pool in AT_THE_END

    def forward(self, input_ids: Tensor) -> Tensor:
        """Vectors, not yet of unit length."""
        if self._strip is not None:
            input_ids = torch.where(input_ids == self._strip, 0, input_ids)
        length = input_ids.shape[1]
        rows = self.token_embedding(input_ids) + self.positional_embedding[:length]
        mask = None if self.mask is None else self.mask[:length, :length]
        with quickest(length, rows.device, training=self.training):
            rows = self.ln_final(self.transformer(rows, attn_mask=mask))
        vectors: Tensor = text_global_pool(rows, input_ids, self._pool, eos_token_id=self._end)
        if isinstance(self.text_projection, nn.Linear):
            vectors = self.text_projection(vectors)
        elif self.text_projection is not None:
            vectors = vectors @ self.text_projection
        return vectors


class WholeText(nn.Module):
    """The same for a tower whose own token stands after the padding (CoCa): always full length."""

    shortens = False

    def __init__(self, text: nn.Module, *, strip: int | None) -> None:
        """Take the text transformer."""
        super().__init__()
        self.text = text
        self._strip = strip

    def forward(self, input_ids: Tensor) -> Tensor:
        """Vectors, not yet of unit length."""
        if self._strip is not None:
            input_ids = torch.where(input_ids == self._strip, 0, input_ids)
        made: Any = self.text(input_ids)
        vectors: Tensor = made[0] if isinstance(made, tuple) else made
        return vectors


def text_tower(model: nn.Module, *, strip: int | None) -> TextTower | WholeText:
    """The text tower of a CLIP, a CustomTextCLIP or a CoCa.

    Args:
        model: the whole model.
        strip: a token that is read as 0.
    """
    text = getattr(model, "text", None)
    if text is None:
        return TextTower(model, strip=strip)
    if not isinstance(text, TextTransformer):
        raise ModelNotFound(f"a {type(text).__name__} is no text tower this family knows")
    if text.cls_emb is not None:
        return WholeText(text, strip=strip)
    return TextTower(model, strip=strip)
