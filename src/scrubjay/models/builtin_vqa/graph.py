"""One graph of the question model, run by OpenVINO without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import Damaged
from scrubjay.core.protocols import Batch
from scrubjay.models.graph import OUTPUT
from scrubjay.models.runtime import openvino, openvino_core


class CompiledGraph:
    """A graph ready to run; safe to call from several threads."""

    def __init__(self, path: Path, *, threads: int) -> None:
        """Read and compile.

        Args:
            path: of the .xml file.
            threads: inference threads; 0 means one per available core.

        Raises:
            Damaged: it is no graph.
        """
        runtime = openvino()
        core = openvino_core()
        try:
            graph = core.read_model(path)
        except RuntimeError as error:
            raise Damaged(f"{path} is not a graph OpenVINO {runtime.__version__} reads") from error
        # The networks are small: float32 costs little and answers the same on every processor.
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": runtime.Type.f32,
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,
        }
        if threads:
            settings["INFERENCE_NUM_THREADS"] = threads
        self._graph = core.compile_model(graph, "CPU", settings)
        self._idle: list[Any] = []

    def __call__(self, inputs: Batch) -> NDArray[np.float32]:
        """Its one output."""
        # A request keeps the memory it computes in, and serves one caller at a time.
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._graph.create_infer_request()
        out: NDArray[np.float32] = request.infer(dict(inputs), share_inputs=True)[OUTPUT].copy()
        self._idle.append(request)
        return out
