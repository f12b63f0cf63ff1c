"""One exported graph, compiled by OpenVINO for the processor and ready to run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import Damaged
from scrubjay.core.protocols import Preprocess
from scrubjay.core.types import Media
from scrubjay.models.graph import OUTPUT
from scrubjay.models.image_input import ImageInput
from scrubjay.models.runtime import openvino, openvino_core

Precision = Literal["auto", "bf16", "f32"]
"""What a graph computes in; `auto` is bfloat16 where the processor has it, else float32."""


def has_bf16() -> bool:
    """Whether this processor computes in bfloat16.

    OpenVINO also accepts the hint where bfloat16 is emulated, and is slower there.
    """
    return "BF16" in openvino_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class CompiledTower:
    """Media of one modality to vectors; safe to call from several threads."""

    def __init__(
        self, path: Path, preprocess: Preprocess, dim: int, *, threads: int, precision: Precision
    ) -> None:
        """Read and compile a graph.

        Args:
            path: of the .xml file.
            preprocess: media to the graph's inputs.
            dim: length of a vector.
            threads: inference threads; 0 means one per available core.
            precision: what it computes in.

        Raises:
            Damaged: OpenVINO does not read it.
        """
        runtime = openvino()
        core = openvino_core()
        try:
            graph = core.read_model(path)
        except RuntimeError as error:
            raise Damaged(f"{path} is not a graph OpenVINO {runtime.__version__} reads") from error
        if isinstance(preprocess, ImageInput):
            # The graph takes bytes and normalises them itself: a quarter of the memory to fill.
            if graph.input("pixel_values").get_element_type() != runtime.Type.u8:
                _fold_normalisation(runtime, graph, preprocess)
            self._preprocess: Preprocess = preprocess.as_bytes
        else:
            self._preprocess = preprocess
        self._graph = core.compile_model(graph, "CPU", _settings(runtime, threads, precision))
        self._idle: list[Any] = []
        self._dim = dim
        self._path = path

    def __call__(self, media: Sequence[Media]) -> NDArray[np.float32]:
        """(n, dim), not yet of unit length."""
        inputs = dict(self._preprocess(media))
        # A request keeps the memory it computes in, and serves one caller at a time.
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._graph.create_infer_request()
        vectors: NDArray[np.float32] = request.infer(inputs, share_inputs=True)[OUTPUT].copy()
        self._idle.append(request)
        if vectors.shape != (len(media), self._dim):
            raise Damaged(
                f"{self._path} gave {vectors.shape} for {len(media)} media of {self._dim} numbers"
            )
        return vectors


def _fold_normalisation(runtime: ModuleType, graph: Any, wanted: ImageInput) -> None:  # noqa: ANN401
    ready = runtime.preprocess.PrePostProcessor(graph)
    pixels = ready.input("pixel_values")
    pixels.tensor().set_element_type(runtime.Type.u8).set_layout(runtime.Layout("NHWC"))
    pixels.model().set_layout(runtime.Layout("NCHW"))
    steps = pixels.preprocess().convert_element_type(runtime.Type.f32)
    steps.mean([255 * value for value in wanted.mean])
    steps.scale([255 * value for value in wanted.std])
    ready.build()


def _settings(runtime: ModuleType, threads: int, precision: Precision) -> dict[str, Any]:
    bf16 = precision == "bf16" or (precision == "auto" and has_bf16())
    settings: dict[str, Any] = {
        "INFERENCE_PRECISION_HINT": runtime.Type.bf16 if bf16 else runtime.Type.f32,
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,
    }
    if threads:
        settings["INFERENCE_NUM_THREADS"] = threads
    return settings
