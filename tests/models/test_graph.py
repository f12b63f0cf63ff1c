from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from scrubjay.models.graph import OUTPUT, export_graph
from scrubjay.models.runtime import openvino


class Masked(nn.Module):
    """Two inputs whose order and names matter, one axis free, and dropout."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear = nn.Linear(6, 4)
        self.drop = nn.Dropout(0.9)

    def forward(self, mask: Tensor, values: Tensor) -> Tensor:
        kept = values * mask.unsqueeze(-1).to(values.dtype)
        return self.drop(self.linear(kept)).sum(dim=1)


def batch(n: int, length: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(n * length)
    return {
        "values": random.standard_normal((n, length, 6)).astype(np.float32),
        "mask": random.integers(0, 2, (n, length)),
    }


@pytest.mark.parametrize(("n", "length"), [(2, 3), (1, 1), (7, 11)])
def test_a_graph_computes_what_the_module_does_for_any_batch(tmp_path, n: int, length: int) -> None:
    module = Masked().train()
    path = tmp_path / "graph.xml"
    export_graph(module, batch(2, 3), path, dynamic={"values": (1,), "mask": (1,)})
    assert module.training
    assert path.with_suffix(".bin").is_file()
    runtime = openvino()
    graph = runtime.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    inputs = batch(n, length)
    made = graph(inputs)[OUTPUT]
    with torch.no_grad():
        expected = module.eval()(**{name: torch.from_numpy(one) for name, one in inputs.items()})
    np.testing.assert_allclose(made, expected.numpy(), atol=2e-3)


def test_axes_that_were_not_freed_keep_their_length(tmp_path) -> None:
    export_graph(Masked(), batch(2, 3), tmp_path / "graph.xml")
    graph = openvino().Core().read_model(tmp_path / "graph.xml")
    shapes = {one.get_any_name(): str(one.get_partial_shape()) for one in graph.inputs}
    assert shapes == {"values": "[?,3,6]", "mask": "[?,3]"}


def test_the_modules_weights_are_not_touched(tmp_path) -> None:
    module = Masked()
    before = {name: one.clone() for name, one in module.state_dict().items()}
    export_graph(module, batch(2, 3), tmp_path / "graph.xml")
    for name, one in module.state_dict().items():
        torch.testing.assert_close(one, before[name], rtol=0, atol=0)


def test_the_same_network_makes_the_same_files_whatever_was_exported_before(tmp_path) -> None:
    class Other(Masked):
        pass

    made = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        export_graph(Masked(), batch(2, 3), folder / "graph.xml", dynamic={"values": (1,)})
        export_graph(Other(), batch(3, 4), tmp_path / "other.xml")
        made.append([(folder / f"graph{end}").read_bytes() for end in (".xml", ".bin")])
    assert made[0] == made[1]
