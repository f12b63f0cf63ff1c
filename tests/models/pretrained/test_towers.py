from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from scrubjay.core.errors import ModelNotFound
from scrubjay.models.pretrained.towers import image_tower, text_tower


class Output:
    def __init__(self, pooler_output: Tensor) -> None:
        self.pooler_output = pooler_output


class Old(nn.Module):
    """Features as a tensor, as transformers 4 gives them."""

    def __init__(self) -> None:
        super().__init__()
        self.vision_model = nn.Linear(3, 4)
        self.visual_projection = nn.Linear(4, 2)
        self.text_model = nn.Linear(5, 2)
        self.logit_scale = nn.Parameter(torch.zeros(()))

    def get_image_features(self, pixel_values: Tensor) -> Tensor:
        made: Tensor = self.visual_projection(self.vision_model(pixel_values))
        return made

    def get_text_features(self, input_ids: Tensor) -> Tensor:
        made: Tensor = self.text_model(input_ids)
        return made


class New(Old):
    """Features in an output object, as transformers 5 gives them."""

    def get_image_features(self, pixel_values: Tensor) -> Output:  # type: ignore[override]
        return Output(super().get_image_features(pixel_values))


@pytest.mark.parametrize("model", [Old(), New()], ids=["a tensor", "an output"])
def test_features_are_found_in_either_shape(model: nn.Module) -> None:
    made = image_tower(model)(pixel_values=torch.ones(2, 3))
    assert made.shape == (2, 2)


def test_a_tower_owns_its_own_parts_and_no_others() -> None:
    model = Old()
    assert {name.partition(".")[0] for name, _ in image_tower(model).named_parameters()} == {
        "vision_model",
        "visual_projection",
    }
    assert {name.partition(".")[0] for name, _ in text_tower(model).named_parameters()} == {
        "text_model"
    }


def test_freezing_one_tower_leaves_the_other_to_learn() -> None:
    model = Old()
    text_tower(model).requires_grad_(False)
    image_tower(model)(pixel_values=torch.ones(2, 3)).sum().backward()
    assert model.vision_model.weight.grad is not None
    assert not model.text_model.weight.requires_grad


def test_a_model_without_towers_is_refused() -> None:
    with pytest.raises(ModelNotFound, match="CLIP-style"):
        image_tower(nn.Linear(2, 2))
