"""What happens to a label before it is seen: bent around a bottle, turned, blurred, compressed."""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter


def bent(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """As it looks around an upright bottle, seen a little from above or below."""
    around = float(random.uniform(0.5, 1.0))
    sag = float(random.uniform(-0.09, 0.09)) * image.height
    margin = math.ceil(abs(sag)) + 8
    width, height = round(image.width * math.sin(around) / around), image.height + 2 * margin
    source = np.asarray(image, np.float32)
    edge = np.median(source[0], axis=0)
    u = np.linspace(-1, 1, width)
    angle = np.arcsin(np.clip(u * math.sin(around), -1, 1))
    across = (angle / around + 1) / 2 * (image.width - 1)
    lift = sag * (np.cos(angle) - math.cos(around)) / (1 - math.cos(around)) - sag / 2
    down = np.arange(height)[:, None] - margin - lift[None, :]
    made = _sampled(source, np.broadcast_to(across, down.shape), down, edge)
    shade = 0.75 + 0.25 * np.cos(angle)
    return Image.fromarray(np.clip(made * shade[None, :, None], 0, 255).astype(np.uint8))


def turned(image: Image.Image, degrees: float) -> Image.Image:
    """Turned around its middle, on the colour of its edge."""
    source = np.asarray(image)
    ground = tuple(int(value) for value in np.median(source[0], axis=0))
    return image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=ground)


def photographed(image: Image.Image, random: np.random.Generator) -> NDArray[np.uint8]:
    """A little blurred, noisy and compressed; (height, width, 3)."""
    blurred = image.filter(ImageFilter.GaussianBlur(float(random.uniform(0, 0.8))))
    noisy = np.asarray(blurred, np.float32) + random.normal(
        0, float(random.uniform(0, 7)), (image.height, image.width, 1)
    )
    told = io.BytesIO()
    clean = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    clean.save(told, "JPEG", quality=int(random.integers(45, 92)))
    return np.array(Image.open(told).convert("RGB"))


def _sampled(
    source: NDArray[np.float32],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    outside: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Bilinear values at (x, y); another colour beyond the edges."""
    height, width = source.shape[:2]
    left = np.clip(np.floor(x).astype(int), 0, width - 2)
    top = np.clip(np.floor(y).astype(int), 0, height - 2)
    fx, fy = (x - left)[..., None], (y - top)[..., None]
    upper = source[top, left] * (1 - fx) + source[top, left + 1] * fx
    lower = source[top + 1, left] * (1 - fx) + source[top + 1, left + 1] * fx
    made = upper * (1 - fy) + lower * fy
    beyond = (y < 0) | (y > height - 1)
    made[beyond] = outside
    return np.asarray(made, np.float32)
