"""A transformers image processor's settings as an ImageInput."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from scrubjay.core.errors import Damaged, ModelNotFound
from scrubjay.models.image_input import ImageInput, Resample, Resize

Channels: TypeAlias = tuple[float, float, float]

RESAMPLES: Mapping[int, Resample] = {1: "lanczos", 2: "bilinear", 3: "bicubic"}
"""Pillow's numbers."""


def read_image_input(folder: Path) -> ImageInput:
    """The input that preprocessor_config.json (or processor_config.json) describes.

    Raises:
        ModelNotFound: neither is there, or it asks for steps no CLIP or SigLIP has.
        Damaged: it cannot be read.
    """
    path, values = _settings(folder)
    try:
        return _image_input(values)
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise ModelNotFound(
            f"{path} asks for picture preprocessing this family does not do ({error}); it reads "
            f"fixed-size processors such as CLIP's and SigLIP's"
        ) from error


def _settings(folder: Path) -> tuple[Path, Mapping[str, Any]]:
    """The image processor's settings; a nested one wins, as it does in transformers."""
    for name in ("processor_config.json", "preprocessor_config.json"):
        path = folder / name
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise Damaged(f"{path} cannot be read: {error}") from error
        if not isinstance(values, dict):
            raise Damaged(f"{path} is no JSON object")
        if name == "preprocessor_config.json":
            return path, values
        if isinstance(values.get("image_processor"), dict):
            return path, values["image_processor"]
    raise ModelNotFound(
        f"{folder} has no preprocessor_config.json; copy it from where the model comes from"
    )


def _image_input(values: Mapping[str, Any]) -> ImageInput:
    if "max_num_patches" in values:
        raise ValueError("pictures of any shape (NaFlex); the fixed-resolution models work")
    for step in ("do_resize", "do_rescale"):
        if not values.get(step, True):
            raise ValueError(f"{step} is false")
    if values.get("do_pad"):
        raise ValueError("do_pad is true")
    size, edge, resize = _geometry(values)
    mean, std = _normalisation(values)
    return ImageInput(
        size=size,
        edge=edge,
        resize=resize,
        resample=RESAMPLES[int(values.get("resample", 3))],
        mean=mean,
        std=std,
    )


def _geometry(values: Mapping[str, Any]) -> tuple[int, int, Resize]:
    """(size, edge, resize) of the settings."""
    crop = values.get("crop_size") if values.get("do_center_crop") else None
    size = values["size"]
    if isinstance(size, int):
        # Before size was an object, a number meant the shorter edge exactly where it was cropped.
        size = {"shortest_edge": size} if crop else {"height": size, "width": size}
    if "shortest_edge" in size:
        if crop is None:
            raise ValueError("pictures keep their shape: size.shortest_edge without do_center_crop")
        edge = int(size["shortest_edge"])
        side = crop if isinstance(crop, int) else _square(crop)
        if edge < side:
            raise ValueError(f"crop_size {side} is larger than size.shortest_edge {edge}")
        return side, edge if edge != side else 0, "shortest_edge_crop"
    if crop is not None and _square(crop) != _square(size):
        raise ValueError("a crop after a resize to a square")
    return _square(size), 0, "squash"


def _square(size: Mapping[str, Any] | int) -> int:
    if isinstance(size, int):
        return size
    height, width = int(size["height"]), int(size["width"])
    if height != width or height < 1:
        raise ValueError(f"pictures of {width} x {height} pixels; only squares are known")
    return height


def _normalisation(values: Mapping[str, Any]) -> tuple[Channels, Channels]:
    """(mean, std) for values in [0, 1], with any other rescale factor folded in."""
    normalised = values.get("do_normalize", True)
    factor = 255.0 * float(values.get("rescale_factor", 1 / 255))
    mean = values["image_mean"] if normalised else (0.0, 0.0, 0.0)
    std = values["image_std"] if normalised else (1.0, 1.0, 1.0)
    return _channels(mean, factor), _channels(std, factor)


def _channels(values: Sequence[float], factor: float) -> Channels:
    red, green, blue = (float(value) / factor for value in values)
    return red, green, blue
