"""Reading by the networks that come with the `rapidocr` package: offline, without torch.

They find text by differentiable binarisation and recognise lines of it by CTC (PP-OCRv6, small).
The recogniser knows 18,708 characters: Latin letters with their accents (some fifty European
languages, Vietnamese in part), Greek letters, Chinese, Japanese kana and kanji, digits and signs.
It reads no Cyrillic, Arabic, Hebrew, Devanagari, Thai or Hangul, and no lines that are written
downwards: name another recogniser of the same kind, or read with a model that knows the script.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import numpy as np

from scrubjay.core.errors import MissingExtra, WrongUse
from scrubjay.core.looking import ModelSpec
from scrubjay.core.reading import Point, Reading, TextLine
from scrubjay.core.types import Picture
from scrubjay.models.image_input import as_picture
from scrubjay.models.reading_order import reading_order
from scrubjay.models.text_graphs import BGR, Direction, Finder, Recogniser
from scrubjay.models.tiles import Quads, heights, joined, tiles, without_covered
from scrubjay.models.upright import UprightLine, read_upright

FINDER: Final = "PP-OCRv6_det_small.onnx"
DIRECTION: Final = "ch_ppocr_mobile_v2.0_cls_mobile.onnx"
RECOGNISER: Final = "PP-OCRv6_rec_small.onnx"
"""Files of the package's folder `models`."""

LANGUAGES: Final = (
    *(
        "zh",
        "ja",
        "en",
        "af",
        "az",
        "bs",
        "ca",
        "cs",
        "cy",
        "da",
        "de",
        "es",
        "et",
        "eu",
        "fi",
        "fr",
    ),
    *(
        "ga",
        "gl",
        "hr",
        "hu",
        "id",
        "is",
        "it",
        "ku",
        "la",
        "lb",
        "lt",
        "lv",
        "mi",
        "ms",
        "mt",
        "nl",
    ),
    *(
        "no",
        "oc",
        "pl",
        "pt",
        "qu",
        "rm",
        "ro",
        "sk",
        "sl",
        "sq",
        "sv",
        "sw",
        "tl",
        "tr",
        "uz",
        "vi",
    ),
)
"""That the recogniser was taught, as the package says."""

AT_ONCE: Final = 2000
"""Longest side of a picture in which text is found at once; larger ones are cut into tiles."""

TILE: Final = 1280
OVERLAP: Final = 192

TOO_TALL: Final = 0.6
"""Lines higher than this share of the overlap are found in the reduced picture."""

ENLARGED_TO: Final = 640
"""Pixels the longer side of a smaller picture is enlarged to, at most `ENLARGED` times."""
ENLARGED: Final = 4.0

MARGIN: Final = 16
"""Pixels of ground added around a small picture: text that touches its edge is found too."""

SLENDER: Final = 8
"""A picture longer than this many times its width gets ground beside it."""


def load(
    *, threads: int = 0, least_confidence: float = 0.5, recogniser: str | Path | None = None
) -> RapidReader:
    """A reader.

    Args:
        threads: for inference; 0: one per available core.
        least_confidence: lines that are read with less are left out.
        recogniser: another recogniser of rapidocr's, an ONNX file that lists its characters; None:
            the one the package brings.

    Raises:
        MissingExtra: the package is not installed.
        ModelNotFound: a file that is not on this machine; none is ever fetched.
        WrongUse: an option out of its range, or a file that is no recogniser.
    """
    if threads < 0:
        raise WrongUse(f"ocr.threads must be 0 or more, not {threads}")
    if not 0 <= least_confidence <= 1:
        raise WrongUse(f"ocr.least_confidence must be from 0 to 1, not {least_confidence}")
    try:
        import rapidocr
    except ModuleNotFoundError as error:
        raise MissingExtra("reading text in pictures", "ocr") from error
    folder = Path(rapidocr.__file__).parent / "models"
    named = Path(recogniser) if recogniser else folder / RECOGNISER
    return RapidReader(folder, named, threads, least_confidence)


class RapidReader:
    """A TextReader by three small networks. Threads may share it."""

    def __init__(self, folder: Path, recogniser: Path, threads: int, least: float) -> None:
        """Compile the networks; raises as `load`."""
        self._recognise = Recogniser(recogniser, threads)
        self._find = Finder(folder / FINDER, threads)
        self._upside_down = Direction(folder / DIRECTION, threads)
        self._least = least
        digest = hashlib.sha256(f"rapidocr 1 {least}".encode())
        for path in (folder / FINDER, folder / DIRECTION, recogniser):
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        own = recogniser.name == RECOGNISER
        self._spec = ModelSpec(
            family="rapidocr",
            name=recogniser.stem,
            fingerprint=digest.hexdigest(),
            languages=LANGUAGES if own else (),
        )

    @property
    def spec(self) -> ModelSpec:
        """Family `rapidocr`, the recogniser's name, and the languages it was taught."""
        return self._spec

    @property
    def characters(self) -> tuple[str, ...]:
        """Everything it may read."""
        return self._recognise.characters

    def read(self, picture: Picture) -> Reading:
        """The lines of a picture of any size, upright or turned, in reading order.

        Raises:
            BadMedia: not an (h, w, 3) uint8 picture.
        """
        shown = as_picture(picture)
        height, width = shown.shape[:2]
        canvas, scale, (left, top) = _on_canvas(shown)
        boxes = self._boxes(canvas)
        read = read_upright(canvas, boxes, self._recognise, self._upside_down)
        lines = [
            _line(one, (left, top), (scale * width, scale * height))
            for one in read
            if one.said.text and one.said.confidence >= self._least
        ]
        return Reading(
            lines=reading_order(lines, width, height),
            width=width,
            height=height,
            reader=f"rapidocr {self._spec.name}",
        )

    def _boxes(self, canvas: BGR) -> Quads:
        height, width = canvas.shape[:2]
        if max(height, width) <= AT_ONCE:
            return self._find(canvas)
        pieces = tiles(width, height, TILE, OVERLAP)
        found = [
            self._find(np.ascontiguousarray(canvas[one.top : one.bottom, one.left : one.right]))
            + np.array([one.left, one.top], np.float32)
            for one in pieces
        ]
        reduced = self._find(canvas, TILE / max(height, width))
        tall = reduced[heights(reduced) > TOO_TALL * OVERLAP]
        return np.concatenate([tall, without_covered(joined(found), tall, 0.5)])


def _on_canvas(picture: Picture) -> tuple[BGR, float, tuple[int, int]]:
    """The picture as the networks see it best, how much it was enlarged, and where it lies."""
    import cv2

    canvas: BGR = np.ascontiguousarray(picture[:, :, ::-1])
    height, width = canvas.shape[:2]
    scale = min(ENLARGED, ENLARGED_TO / max(height, width))
    if scale > 1:
        size = max(1, round(scale * width)), max(1, round(scale * height))
        canvas = cv2.resize(canvas, size, interpolation=cv2.INTER_CUBIC)
    scale = max(scale, 1.0)
    height, width = canvas.shape[:2]
    margin = MARGIN if max(height, width) + 2 * MARGIN <= AT_ONCE else 0
    beside = max(margin, (height // SLENDER - width) // 2)
    above = max(margin, (width // SLENDER - height) // 2)
    if beside or above:
        edge = np.concatenate([canvas[0], canvas[-1], canvas[:, 0], canvas[:, -1]])
        ground = np.median(edge, axis=0).tolist()
        canvas = cv2.copyMakeBorder(
            canvas, above, above, beside, beside, cv2.BORDER_CONSTANT, value=ground
        )
    return canvas, scale, (beside, above)


def _line(one: UprightLine, offset: tuple[int, int], size: tuple[float, float]) -> TextLine:
    placed = ((one.corners - np.array(offset)) / np.array(size)).clip(0, 1).tolist()
    upper_left, upper_right, lower_right, lower_left = (_point(*corner) for corner in placed)
    return TextLine(
        text=one.said.text,
        confidence=one.said.confidence,
        corners=(upper_left, upper_right, lower_right, lower_left),
    )


def _point(x: float, y: float) -> Point:
    return (x, y)
