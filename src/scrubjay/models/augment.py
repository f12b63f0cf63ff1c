"""Pictures framed a little differently each time they are learned from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scrubjay.core.protocols import Batch
from scrubjay.core.types import Media
from scrubjay.models.image_input import Box, ImageInput, as_picture


@dataclass(frozen=True, slots=True)
class Reframed:
    """An image input that cuts a random part out of what it would show (random resized crop).

    As in Szegedy et al. (2015), section 6: a share of the area, a ratio of the sides.

    Attributes:
        plain: the input served.
        random: a generator for one batch; called once a batch.
        area: smallest and largest share of the area kept.
        stretch: the largest factor of width against height, and of height against width.
        flip: mirror every second picture; off unless left and right mean nothing.
    """

    plain: ImageInput
    random: Callable[[], np.random.Generator]
    area: tuple[float, float] = (0.6, 1.0)
    stretch: float = 4 / 3
    flip: bool = False

    def __call__(self, batch: Sequence[Media]) -> Batch:
        """Pictures to `{"pixel_values": (n, 3, size, size) float32}`."""
        random = self.random()
        size = self.plain.size
        pixels = np.empty((len(batch), size, size, 3), np.uint8)
        for row, media in enumerate(batch):
            picture = as_picture(media)
            self.plain.resize_into(
                picture, self._part(self.plain.box(picture), random), pixels[row]
            )
            if self.flip and random.random() < 0.5:
                pixels[row] = pixels[row, :, ::-1].copy()
        return {"pixel_values": self.plain.normalise(pixels)}

    def _part(self, box: Box, random: np.random.Generator) -> Box:
        left, top, right, bottom = box
        share = random.uniform(*self.area)
        limit = np.log(self.stretch)
        ratio = np.exp(random.uniform(-limit, limit))
        across, down = min(1.0, np.sqrt(share * ratio)), min(1.0, np.sqrt(share / ratio))
        width, height = across * (right - left), down * (bottom - top)
        new_left = left + random.random() * (right - left - width)
        new_top = top + random.random() * (bottom - top - height)
        return (
            float(new_left),
            float(new_top),
            float(min(new_left + width, right)),
            float(min(new_top + height, bottom)),
        )
