from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from scrubjay.core.types import Modality
from scrubjay.models.image_input import ImageInput
from scrubjay.models.patches import taking_bytes

WANTED = ImageInput(16, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4))


class Small(nn.Module):
    """One convolution over patches, then something that is not linear."""

    def __init__(self, **options) -> None:
        super().__init__()
        torch.manual_seed(0)
        given = {"kernel_size": 4, "stride": 4} | options
        self.first = nn.Conv2d(3, 8, **given)
        self.last = nn.LazyLinear(5)
        self(torch.zeros(1, 3, 16, 16))

    def seen(self, pixel_values: Tensor) -> Tensor:
        return pixel_values

    def forward(self, pixel_values: Tensor) -> Tensor:
        made: Tensor = self.last(self.first(self.seen(pixel_values)).flatten(1).tanh())
        return made


class Doubled(Small):
    """Does something to its pixels before the convolution sees them."""

    def seen(self, pixel_values: Tensor) -> Tensor:
        return pixel_values.abs() * 2


def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)


@pytest.mark.parametrize("options", [{}, {"bias": False}, {"padding": "valid"}])
def test_bytes_give_what_normalised_pixels_gave(options) -> None:
    module = Small(**options)
    convolution = module.first
    with torch.no_grad():
        expected = module(torch.from_numpy(WANTED.normalise(pixels())))
        with taking_bytes(module, WANTED) as whole:
            assert whole is not None
            made = whole(torch.from_numpy(pixels()))
    torch.testing.assert_close(made, expected, atol=1e-4, rtol=1e-4)
    assert module.first is convolution, "the module is whole again afterwards"


@pytest.mark.parametrize(
    "module",
    [Small(kernel_size=4, stride=2), Small(padding=4), Doubled(), nn.Linear(3, 3)],
    ids=["overlapping", "padded", "changed before", "none"],
)
def test_what_only_looks_alike_is_left_alone(module: nn.Module) -> None:
    before = getattr(module, "first", None)
    with taking_bytes(module, WANTED) as whole:
        assert whole is None
    assert getattr(module, "first", None) is before


def test_an_error_inside_leaves_the_module_whole() -> None:
    module = Small().train()
    convolution = module.first
    with pytest.raises(RuntimeError, match="inside"), taking_bytes(module, WANTED):
        raise RuntimeError("inside")
    assert module.first is convolution
    assert module.training


@pytest.mark.parametrize("kind", ["clip", "siglip", "siglip2"])
def test_every_transformers_graph_takes_bytes(kind: str, version_folder) -> None:
    from scrubjay.models.runtime import openvino

    path = version_folder(kind) / "export" / f"{Modality.IMAGE.value}.xml"
    graph = openvino().Core().read_model(path)
    assert graph.input("pixel_values").get_element_type().to_string() == "u8"
