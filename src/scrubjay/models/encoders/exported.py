"""What `export` wrote, run by OpenVINO on the processor: what is searched and served with.

Neither torch nor transformers is imported. A tower's files are compared with their sha256 and
compiled when it is first used. Numbers are bfloat16 where the processor computes in it, float32
elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import Damaged, UnsupportedModality, WrongUse
from scrubjay.core.protocols import Preprocess
from scrubjay.core.types import EncoderSpec, Media, Modality
from scrubjay.models.builtin.text import HashedText
from scrubjay.models.export import Exported, read_export
from scrubjay.models.graph import OUTPUT
from scrubjay.models.image_input import ImageInput
from scrubjay.models.runtime import openvino, openvino_core
from scrubjay.models.text_input import TokenizerInput

Precision = Literal["auto", "bf16", "f32"]

ROWS_AT_ONCE = 32
"""Media a graph is given at once: enough to keep one core at its peak, few enough for its cache."""


def load(
    *,
    source: str | Path,
    version: str = "",
    threads: int = 0,
    precision: Precision = "auto",
) -> ExportedEncoder:
    """The encoder in an export folder.

    Args:
        source: folder with encoder.json.
        version: id its vectors are to carry.
        threads: inference threads; 0 means one per available core.
        precision: `auto` computes in bfloat16 where the processor does, else in float32.

    Raises:
        ModelNotFound: the folder holds no exported encoder.
        Damaged: its encoder.json cannot be believed.
    """
    if precision not in ("auto", "bf16", "f32"):
        raise WrongUse(f"precision is auto, bf16 or f32, not {precision!r}")
    return ExportedEncoder(
        read_export(Path(source)), version=version, threads=threads, precision=precision
    )


class ExportedEncoder:
    """An Encoder around the graphs of one export folder; safe to call from several threads."""

    def __init__(
        self, exported: Exported, *, version: str, threads: int, precision: Precision
    ) -> None:
        self._exported = exported
        self._threads = threads
        self._precision = precision
        self._compiled: dict[Modality, _CompiledTower] = {}
        self._compiling = Lock()
        self._spec = EncoderSpec(
            name=exported.family,
            version=version,
            dim=exported.dim,
            modalities=frozenset(exported.graphs),
            fingerprint=exported.fingerprint,
            image_size=exported.image_size,
            speech_window_s=exported.speech_window_s,
        )

    @property
    def spec(self) -> EncoderSpec:
        """Of the family it was exported from, with this version's id."""
        return self._spec

    def encode(self, modality: Modality, batch: Sequence[Media]) -> NDArray[np.float32]:
        """(n, dim) float32 unit rows.

        Raises:
            UnsupportedModality: no graph was exported for it.
            BadMedia: one of the media is not of this modality.
            Damaged: the graph is not the one that was written.
        """
        if modality not in self._spec.modalities:
            raise UnsupportedModality(self._spec.name, modality, self._spec.modalities)
        out = np.zeros((len(batch), self._spec.dim), np.float32)
        if not batch:
            return out
        tower = self._tower(modality)
        order = list(range(len(batch)))
        if modality is not Modality.IMAGE:
            # Neighbours of like length: a row is padded to the longest it is encoded with.
            order.sort(key=lambda row: len(batch[row]))
        for start in range(0, len(order), ROWS_AT_ONCE):
            rows = order[start : start + ROWS_AT_ONCE]
            out[rows] = tower([batch[row] for row in rows])
        norms = np.linalg.norm(out, axis=1, keepdims=True)
        out /= np.maximum(norms, np.finfo(np.float32).tiny)
        return out

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens the text tower reads of these texts; the built-in family's are words."""
        reads = self._exported.inputs.get(Modality.TEXT)
        return reads.count(texts) if isinstance(reads, TokenizerInput | HashedText) else 0

    def _tower(self, modality: Modality) -> _CompiledTower:
        with self._compiling:
            if modality not in self._compiled:
                self._exported.verify(modality)
                self._compiled[modality] = _CompiledTower(
                    self._exported.graphs[modality],
                    self._exported.inputs[modality],
                    self._exported.dim,
                    threads=self._threads,
                    precision=self._precision,
                )
            return self._compiled[modality]


class _CompiledTower:
    """One graph, ready to run."""

    def __init__(
        self, path: Path, preprocess: Preprocess, dim: int, *, threads: int, precision: Precision
    ) -> None:
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
        self._graph = core.compile_model(graph, "CPU", _settings(runtime, core, threads, precision))
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


def _settings(
    runtime: ModuleType,
    core: Any,  # noqa: ANN401 - openvino.Core
    threads: int,
    precision: Precision,
) -> dict[str, Any]:
    # OpenVINO also accepts the hint where bfloat16 is emulated, and is slower there.
    has_bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    bf16 = precision == "bf16" or (precision == "auto" and has_bf16)
    settings: dict[str, Any] = {
        "INFERENCE_PRECISION_HINT": runtime.Type.bf16 if bf16 else runtime.Type.f32,
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,
    }
    if threads:
        settings["INFERENCE_NUM_THREADS"] = threads
    return settings
