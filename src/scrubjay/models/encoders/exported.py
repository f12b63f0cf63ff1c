"""What `export` wrote, run by OpenVINO on the processor: what is searched and served with.

Neither torch nor transformers is imported. A tower's files are compared with their sha256 and
compiled when it is first used. Numbers are bfloat16 where the processor computes in it, float32
elsewhere, and where the export says that bfloat16 takes a tower's vectors too far.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.config import PRECISION_VARIABLE
from scrubjay.core.errors import UnsupportedModality, WrongUse
from scrubjay.core.types import EncoderSpec, Media, Modality
from scrubjay.models.builtin.text import HashedText
from scrubjay.models.compiled import CompiledTower, Precision
from scrubjay.models.export import Exported, read_export
from scrubjay.models.text_input import TokenizerInput

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
        precision: `auto` computes in bfloat16 where the processor does, but for a tower whose
            export asks to stay nearer to float32 than that, else in float32.

    Raises:
        ModelNotFound: the folder holds no exported encoder.
        Damaged: its encoder.json cannot be believed.
    """
    if precision not in get_args(Precision):
        raise WrongUse(
            f"an encoder's precision (${PRECISION_VARIABLE}) is auto, bf16 or f32, not "
            f"{precision!r}"
        )
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
        self._compiled: dict[Modality, CompiledTower] = {}
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

    def _tower(self, modality: Modality) -> CompiledTower:
        with self._compiling:
            if modality not in self._compiled:
                self._exported.verify(modality)
                exact = self._precision == "auto" and modality in self._exported.exact
                self._compiled[modality] = CompiledTower(
                    self._exported.graphs[modality],
                    self._exported.inputs[modality],
                    self._exported.dim,
                    threads=self._threads,
                    precision="f32" if exact else self._precision,
                )
            return self._compiled[modality]
