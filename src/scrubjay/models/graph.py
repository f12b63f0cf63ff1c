"""A torch module as a graph OpenVINO runs, written once when a version is exported.

Only families that have torch call this. What it writes is read without torch by the `exported`
family.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scrubjay.core.protocols import Batch
from scrubjay.models.runtime import openvino

if TYPE_CHECKING:
    from openvino import Model
    from torch import nn

OUTPUT = "vectors"
"""Name of a graph's only output: (n, dim), not yet of unit length."""


def export_graph(
    module: nn.Module,
    example: Batch,
    path: Path,
    *,
    dynamic: Mapping[str, Sequence[int]] | None = None,
) -> None:
    """Write a tower as `path` (.xml) and its weights beside it (.bin, float16).

    Args:
        module: called as `module(**inputs)` with tensors; returns (n, dim).
        example: inputs of any batch of two or more; its names become the graph's.
        path: of the .xml file.
        dynamic: input -> axes that may have any length, besides axis 0, the batch, which always
            may. An axis that is not named keeps its length in `example`.
    """
    import torch

    runtime = openvino()
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    device = next((one.device for one in module.parameters()), torch.device("cpu"))
    tensors = {name: torch.from_numpy(array).to(device) for name, array in example.items()}
    was_training = module.training
    module.eval()
    try:
        with torch.no_grad(), warnings.catch_warnings():
            # Tracing warns of every shape check it passes and of every old name it reads; the
            # parity tests hold the result.
            warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            # torch would trace and run everything thrice more to compare; the parity tests do that.
            traced = TorchScriptPythonDecoder(
                _by_position(module, tuple(tensors)),
                example_input=tuple(tensors.values()),
                trace_kwargs={"check_trace": False},
            )
            graph = runtime.convert_model(traced, example_input=tuple(tensors.values()))
    finally:
        module.train(was_training)
    shapes = {}
    for place, (name, array) in enumerate(example.items()):
        port = graph.input(place)
        port.get_tensor().set_names({name})
        port.get_node().set_friendly_name(name)
        free = {0, *(dynamic or {}).get(name, ())}
        shapes[port] = runtime.PartialShape(
            [-1 if axis in free else length for axis, length in enumerate(array.shape)]
        )
    graph.reshape(shapes)
    graph.output(0).get_tensor().set_names({OUTPUT})
    _name_by_place(graph, path.stem)
    runtime.save_model(graph, path, compress_to_fp16=True)


def _name_by_place(graph: Model, name: str) -> None:
    """Names that OpenVINO counts up in a process, made those of the graph alone.

    Equal networks make equal files whatever was exported before, so that a version that is built
    again has the same id.
    """
    graph.set_friendly_name(name)
    inputs = {port.get_node().get_friendly_name() for port in graph.inputs}
    for place, node in enumerate(graph.get_ordered_ops()):
        if node.get_friendly_name() not in inputs:
            node.set_friendly_name(f"{node.get_type_name()}_{place}")


def _by_position(module: nn.Module, names: tuple[str, ...]) -> nn.Module:
    """The module with its inputs in a fixed order, so that a traced graph keeps their names."""
    from torch import Tensor, nn

    class ByPosition(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = module

        def forward(self, *inputs: Tensor) -> Tensor:
            out: Tensor = self.module(**dict(zip(names, inputs, strict=True)))
            return out

    return ByPosition()
