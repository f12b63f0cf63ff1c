"""Pictures to an image tower's input, in Pillow and NumPy.

Follows what CLIP's and SigLIP's own processors do: resize with antialiasing, cut out the middle,
scale and normalise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias, cast, get_args

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import BadMedia, Damaged
from scrubjay.core.protocols import Batch
from scrubjay.core.types import Media, Picture

Resize: TypeAlias = Literal["shortest_edge_crop", "shortest_edge_centre", "squash"]
"""Keep the shape and cut out the middle (CLIP), or squeeze the whole picture in (SigLIP).

Where the middle is not a whole pixel, `crop` takes the one before it, as transformers' processors
do, and `centre` the nearest even one, as torchvision's CenterCrop does.
"""

Resample: TypeAlias = Literal["bicubic", "bilinear", "lanczos"]

LONG, LONGEST = 1.9, 64.0
"""Longer edge, in multiples of the shorter, between which a picture is resized whole and then cut.
Pillow may take the other order for these; above, whole would be too large."""

RADIUS: Mapping[Resample, int] = {"bilinear": 1, "bicubic": 2, "lanczos": 3}
"""Of each filter, in pixels of the smaller picture."""

Box: TypeAlias = tuple[float, float, float, float]
"""(left, top, right, bottom) in pixels of the picture it is cut from."""


@dataclass(frozen=True, slots=True)
class ImageInput:
    """What an image tower wants to see.

    Attributes:
        size: side of the square input in pixels.
        resize: how a picture of another shape becomes square.
        resample: the filter, always with antialiasing.
        mean: of each channel, RGB, subtracted from values in [0, 1].
        std: of each channel, RGB, divided by.
        edge: pixels the shorter edge is resized to before the middle is cut out; 0 means `size`.
    """

    size: int
    resize: Resize = "shortest_edge_crop"
    resample: Resample = "bicubic"
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)
    edge: int = 0

    kind = "image"

    def __call__(self, batch: Sequence[Media]) -> Batch:
        """Pictures to `{"pixel_values": (n, 3, size, size) float32}`, normalised.

        Raises:
            BadMedia: not an (h, w, 3) uint8 picture.
        """
        return {"pixel_values": self.normalise(self.pixels(batch))}

    def as_bytes(self, batch: Sequence[Media]) -> Batch:
        """The same for a graph that normalises itself: (n, size, size, 3) uint8."""
        return {"pixel_values": self.pixels(batch)}

    def pixels(self, batch: Sequence[Media]) -> NDArray[np.uint8]:
        """Pictures to (n, size, size, 3) uint8: resized and cut, not yet normalised."""
        out = np.empty((len(batch), self.size, self.size, 3), np.uint8)
        for row, media in enumerate(batch):
            self._show(as_picture(media), out[row])
        return out

    def _show(self, picture: Picture, out: NDArray[np.uint8]) -> None:
        height, width = self._resized(picture)
        ratio = max(height, width) / min(height, width)
        if self.resize == "squash" or LONG < ratio < LONGEST:
            from PIL import Image

            made = Image.fromarray(picture).resize((width, height), _filter(self.resample))
            top, left = self._before(height), self._before(width)
            out[...] = np.asarray(made)[top : top + self.size, left : left + self.size]
        else:
            self.resize_into(picture, self.box(picture), out)

    def _resized(self, picture: Picture) -> tuple[int, int]:
        """(height, width) of the whole picture after resizing."""
        height, width = picture.shape[:2]
        if self.resize == "squash":
            return self.size, self.size
        edge = max(self.edge, self.size)
        longer = int(edge * max(height, width) / min(height, width))
        return (longer, edge) if height > width else (edge, longer)

    def _before(self, length: int) -> int:
        """Pixels cut off before the middle."""
        spare = length - self.size
        return round(spare / 2) if self.resize == "shortest_edge_centre" else spare // 2

    def normalise(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, h, w, 3) uint8 to (n, 3, h, w) float32: `(pixel / 255 - mean) / std`."""
        scale = 1 / (255 * np.array(self.std, np.float64))
        shift = np.array(self.mean, np.float64) / np.array(self.std, np.float64)
        out = np.empty((len(pixels), 3, *pixels.shape[1:3]), np.float32)
        for row, picture in enumerate(pixels):
            for channel in range(3):
                np.multiply(
                    picture[:, :, channel], np.float32(scale[channel]), out=out[row, channel]
                )
                out[row, channel] -= np.float32(shift[channel])
        return out

    def box(self, picture: Picture) -> Box:
        """The part of a picture that is kept, in its own pixels."""
        height, width = picture.shape[:2]
        new_height, new_width = self._resized(picture)
        # Whole pixels of the resized picture, as the processors cut them.
        top, left = self._before(new_height), self._before(new_width)
        down, across = height / new_height, width / new_width
        return (
            left * across,
            top * down,
            min((left + self.size) * across, float(width)),
            min((top + self.size) * down, float(height)),
        )

    def resize_into(self, picture: Picture, box: Box, out: NDArray[np.uint8]) -> None:
        """Resize one box of a picture into a (size, size, 3) buffer.

        What is outside the box but within the filter's reach counts, as it does when a picture is
        resized whole and then cut. One axis at a time, across first: Pillow rounds to bytes in
        between, and takes another order for some boxes than for the whole picture.
        """
        from PIL import Image

        height, width = picture.shape[:2]
        left, right = self._reach(box[0], box[2], width)
        top, bottom = self._reach(box[1], box[3], height)
        seen = Image.fromarray(picture[top:bottom, left:right])
        across = seen.resize(
            (self.size, bottom - top),
            _filter(self.resample),
            box=(box[0] - left, 0, box[2] - left, bottom - top),
        )
        made = across.resize(
            (self.size, self.size),
            _filter(self.resample),
            box=(0, box[1] - top, self.size, box[3] - top),
        )
        out[...] = np.asarray(made)

    def _reach(self, start: float, end: float, length: int) -> tuple[int, int]:
        """Whole pixels that the filter looks at for what is between two places."""
        reach = RADIUS[self.resample] * max(1.0, (end - start) / self.size) + 1
        return max(0, int(start - reach)), min(length, int(end + reach) + 1)

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads."""
        return {"kind": self.kind, **asdict(self), "mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ImageInput:
        """The same input again.

        Raises:
            Damaged: the values were not written by `to_json`.
        """
        try:
            made = cls(
                size=int(values["size"]),
                resize=values["resize"],
                resample=values["resample"],
                mean=_triple(values["mean"]),
                std=_triple(values["std"]),
                edge=int(values["edge"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"these are not the settings of an image input: {error}") from error
        if made.resize not in get_args(Resize) or made.resample not in get_args(Resample):
            raise Damaged(f"unknown resize {made.resize!r} or resample {made.resample!r}")
        if made.size < 1 or min(made.std) <= 0:
            raise Damaged(f"an image input of {made.size} pixels and std {made.std} is impossible")
        return made


def as_picture(media: Media) -> Picture:
    """The media as a picture.

    Raises:
        BadMedia: it is anything but an (h, w, 3) uint8 array with pixels in it.
    """
    if (
        isinstance(media, np.ndarray)
        and media.dtype == np.uint8
        and media.ndim == 3
        and media.shape[2] == 3
        and media.size
    ):
        return cast("Picture", media)
    found = f"{media.dtype} of shape {media.shape}" if isinstance(media, np.ndarray) else "text"
    raise BadMedia(f"a picture is (height, width, 3) uint8; this is {found}")


def _filter(name: Resample) -> Any:  # noqa: ANN401 - Pillow's enum, imported when used
    from PIL import Image

    return {
        "bicubic": Image.Resampling.BICUBIC,
        "bilinear": Image.Resampling.BILINEAR,
        "lanczos": Image.Resampling.LANCZOS,
    }[name]


def _triple(values: Sequence[float]) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
