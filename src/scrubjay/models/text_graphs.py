"""The networks that find, turn and recognise text: PP-OCR graphs, run by OpenVINO.

What goes in and what comes out is prepared and decoded by the `rapidocr` package, which also ships
the graphs; it is never asked to load any, since it would fetch what it misses. Pictures are BGR
here, as these networks were taught (Li et al. 2022, PP-OCRv3; DB: Liao et al. 2020; CTC: Graves et
al. 2006).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import ModelNotFound, WrongUse
from scrubjay.models.runtime import openvino_core
from scrubjay.models.tiles import Quads

BGR: TypeAlias = NDArray[np.uint8]
"""(height, width, 3)."""

LINE_HEIGHT: Final = 48
"""Pixels of a line that is recognised."""

WIDTHS: Final = (320, 480, 640, 800, 960, 1280, 1600, 2000, 2400, 3200)
"""A line is padded to one of these: each width that was ever seen stays in memory."""

FACING: Final = (48, 192)
"""(height, width) the direction classifier looks at."""

SMALLEST: Final = 32
"""Sides are multiples of it where text is found."""

MOST_BOXES: Final = 3000

_LIKELY: Final = 0.3
"""Of text at a pixel; with the next two, rapidocr's own settings for these graphs."""
_BOX_LIKELY: Final = 0.5
_UNCLIP: Final = 1.6


@dataclass(frozen=True, slots=True)
class Recognised:
    """What one line says; `confidence` is the mean probability of its characters."""

    text: str
    confidence: float


class Finder:
    """Where text is: differentiable binarisation."""

    def __init__(self, path: Path, threads: int) -> None:
        """Compile the graph.

        Raises:
            ModelNotFound: no such file.
            WrongUse: it is no graph.
        """
        from rapidocr.ch_ppocr_det.utils import DBPostProcess

        # Every size is another shape, whose kernels would be kept: 20 MB each.
        _, self._graph = _compiled(path, threads, CPU_RUNTIME_CACHE_CAPACITY="0")
        self._decode = DBPostProcess(
            thresh=_LIKELY,
            box_thresh=_BOX_LIKELY,
            max_candidates=MOST_BOXES,
            unclip_ratio=_UNCLIP,
            use_dilation=True,
        )

    def __call__(self, picture: BGR, scale: float = 1.0) -> Quads:
        """Boxes around lines, looked for in the picture at `scale` times its size."""
        from rapidocr.ch_ppocr_det.utils import DetPreProcess

        shorter = min(picture.shape[:2])
        prepare = DetPreProcess(max(SMALLEST, round(shorter * scale)), "min")
        if scale < 1:
            prepare = DetPreProcess(max(SMALLEST, round(max(picture.shape[:2]) * scale)), "max")
        pixels = prepare(picture)
        if pixels is None:
            return np.empty((0, 4, 2), np.float32)
        (likely,) = self._graph.create_infer_request().infer([pixels]).values()
        height, width = pixels.shape[2:]
        found, _ = self._decode(likely, (height, width))
        quads = np.asarray(found, np.float32).reshape(-1, 4, 2)
        quads *= np.array([picture.shape[1] / width, picture.shape[0] / height], np.float32)
        return quads


class Direction:
    """Whether a line stands on its head."""

    def __init__(self, path: Path, threads: int) -> None:
        """Compile the graph; raises as Finder."""
        _, self._graph = _compiled(path, threads)

    def __call__(self, lines: Sequence[BGR]) -> NDArray[np.float32]:
        """(n,) probability of each line that it is upside down."""
        out = np.empty(len(lines), np.float32)
        request = self._graph.create_infer_request()
        for at, line in enumerate(lines):
            (chances,) = request.infer([_fitted(line, *FACING)[None]]).values()
            out[at] = chances[0, 1]
        return out


class Recogniser:
    """What a line says: connectionist temporal classification."""

    def __init__(self, path: Path, threads: int) -> None:
        """Compile the graph and read its characters.

        Raises:
            ModelNotFound: no such file.
            WrongUse: it is no graph, or has no list of its characters.
        """
        from rapidocr.ch_ppocr_rec.utils import CTCLabelDecode

        model, self._graph = _compiled(path, threads)
        self.characters = _characters(model, path)
        self._decode = CTCLabelDecode(character=list(self.characters))

    def __call__(self, lines: Sequence[BGR]) -> list[Recognised]:
        """The text of pictures of single lines, upright, from left to right."""
        request = self._graph.create_infer_request()
        read: list[Recognised] = []
        for line in lines:
            needed = math.ceil(LINE_HEIGHT * line.shape[1] / line.shape[0])
            width = next((one for one in WIDTHS if one >= needed), WIDTHS[-1])
            (chances,) = request.infer([_fitted(line, LINE_HEIGHT, width)[None]]).values()
            [(text, confidence)], _ = self._decode(chances)
            read.append(Recognised(text.strip(), float(confidence)))
        return read


def _compiled(path: Path, threads: int, **settings: str) -> tuple[Any, Any]:
    if not path.is_file():
        raise ModelNotFound(f"{path} is not on this machine; name an ONNX file that is")
    core = openvino_core()
    if threads:
        settings["INFERENCE_NUM_THREADS"] = str(threads)
    try:
        model = core.read_model(path)
        graph = core.compile_model(
            model, "CPU", {**settings, "NUM_STREAMS": "1", "ENABLE_CPU_PINNING": False}
        )
    except RuntimeError as error:
        raise WrongUse(f"{path} is not a graph that can be run: {_brief(error)}") from error
    return model, graph


def _characters(model: Any, path: Path) -> tuple[str, ...]:  # noqa: ANN401 - openvino.Model
    """What the file says it was taught to read."""
    listed = ""
    if model.has_rt_info(["framework", "character"]):
        listed = str(model.get_rt_info(["framework", "character"]).value)
    if not listed:
        raise WrongUse(
            f"{path} does not list its characters; take a recogniser of rapidocr's, in ONNX"
        )
    return tuple(listed.splitlines())


def _fitted(line: BGR, height: int, width: int) -> NDArray[np.float32]:
    """(3, height, width): scaled to this height, grey to its right, from -1 to 1."""
    import cv2

    wanted = min(width, max(1, math.ceil(height * line.shape[1] / line.shape[0])))
    how = cv2.INTER_AREA if line.shape[0] > 1.5 * height else cv2.INTER_LINEAR
    made = cv2.resize(line, (wanted, height), interpolation=how)
    out = np.zeros((3, height, width), np.float32)
    out[:, :, :wanted] = made.transpose(2, 0, 1) / np.float32(127.5) - 1
    return out


def _brief(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:160]
