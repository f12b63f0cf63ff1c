"""One tower of a CLIP-style model as a module of its own."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from scrubjay.core.errors import ModelNotFound

IMAGE_PARTS = ("vision", "visual")
TEXT_PARTS = ("text",)


class FeatureTower(nn.Module):
    """`tower(**inputs)` is the model's `get_image_features` or `get_text_features`, (n, dim).

    It owns the parts of the model its features are made of and no others, so that freezing a tower
    freezes that tower.
    """

    def __init__(self, model: nn.Module, method: str, parts: tuple[str, ...]) -> None:
        super().__init__()
        for name, child in model.named_children():
            if name.startswith(parts):
                self.add_module(name, child)
        if not self._modules or not callable(getattr(model, method, None)):
            raise ModelNotFound(
                f"a {type(model).__name__} is not a CLIP-style model: it has no {method} made by "
                f"parts of its own"
            )
        # In a tuple, so that torch does not register the whole model as a part of its tower.
        self._whole = (model,)
        self._method = method

    def forward(self, **inputs: Tensor) -> Tensor:
        """Vectors, not yet of unit length."""
        made: Any = getattr(self._whole[0], self._method)(**inputs)
        # transformers 5 gives an output object where 4 gave the tensor.
        features: Tensor = made if isinstance(made, Tensor) else made.pooler_output
        return features


def image_tower(model: nn.Module) -> FeatureTower:
    """`pixel_values` (n, 3, h, w) to (n, dim)."""
    return FeatureTower(model, "get_image_features", IMAGE_PARTS)


def text_tower(model: nn.Module) -> FeatureTower:
    """`input_ids` (n, t), and `attention_mask` where the model takes one, to (n, dim)."""
    return FeatureTower(model, "get_text_features", TEXT_PARTS)
