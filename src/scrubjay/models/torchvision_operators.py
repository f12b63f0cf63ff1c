"""A torchvision whose compiled operators do not fit the torch beside it, made importable.

With a torch for the CPU only, pip brings a torchvision that was compiled for another one: its
library of operators does not load, and importing it ends at `operator torchvision::nms does not
exist`. Everything that merely has torchvision installed then fails, transformers first. Declaring
the two operators it registers fakes for is enough for what is written in Python: transforms,
image processors, networks. Calling one of the two still says that it is not there.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
LIBRARY = "_C*.so"


@cache
def declare_missing_operators() -> None:
    """Make `import torchvision` work where it is installed; does nothing where it would anyway.

    Must come before whatever imports torchvision: transformers' processors, open_clip.
    """
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return
    import torch

    if hasattr(torch.ops.torchvision, "nms"):
        return
    for path in Path(spec.origin).parent.glob(LIBRARY):
        try:
            torch.ops.load_library(str(path))  # type: ignore[no-untyped-call]
        except OSError:
            break
        return
    for schema in SCHEMAS:
        torch.library.define(f"torchvision::{schema.split('(')[0]}", schema[schema.index("(") :])
