"""open_clip's picture transform as an ImageInput, which needs neither torch nor torchvision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from scrubjay.core.errors import Damaged, ModelNotFound
from scrubjay.models.image_input import ImageInput, Resize

RESIZE: Mapping[str, Resize] = {"shortest": "shortest_edge_centre", "squash": "squash"}
"""open_clip's `resize_mode`, as it is called here."""

Filter = Literal["bicubic", "bilinear"]


def image_input(preparing: Mapping[str, Any], size: Any, where: str) -> ImageInput:  # noqa: ANN401
    """What open_clip's transform for inference does.

    Args:
        preparing: open_clip's `preprocess_cfg`.
        size: of the image tower: pixels a side, or (height, width).
        where: the settings come from, for messages.

    Raises:
        ModelNotFound: pictures that are not square, or prepared in a way not reproduced here.
        Damaged: values that cannot be.
    """
    height, width = size if isinstance(size, tuple | list) else (size, size)
    if height != width:
        raise ModelNotFound(
            f"{where} takes pictures of {height} x {width} pixels; only square ones are prepared "
            f"here. Choose another architecture"
        )
    resize, chosen = str(preparing["resize_mode"]), str(preparing["interpolation"])
    if resize not in RESIZE:
        raise ModelNotFound(
            f"{where} prepares pictures by resize_mode {resize!r}; only {' and '.join(RESIZE)} are "
            f"done here. Change it in open_clip_config.json, or choose another model"
        )
    # As open_clip: a random filter is for training only.
    resample: Filter = "bilinear" if chosen == "bilinear" else "bicubic"
    if chosen not in (*get_args(Filter), "random"):
        raise Damaged(f"{where} resizes pictures by {chosen!r}, which nobody knows; copy it again")
    values = {
        "size": height,
        "resize": RESIZE[resize],
        "resample": resample,
        "mean": _triple(preparing["mean"]),
        "std": _triple(preparing["std"]),
        "edge": 0,
    }
    try:
        return ImageInput.from_json(values)
    except Damaged as error:
        raise Damaged(f"{where}: {error}; copy it again") from error


def _triple(value: Any) -> Any:  # noqa: ANN401
    return [value] * 3 if isinstance(value, int | float) else value
