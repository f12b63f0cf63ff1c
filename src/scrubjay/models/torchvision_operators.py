"""A torchvision whose compiled operators do not fit the torch beside it, made importable.

With a torch for the CPU only, pip brings a torchvision that was compiled for another one: its
library of operators does not load, and importing it ends at `operator torchvision::nms does not
exist`. Everything that merely has torchvision installed then fails: transformers, and Lightning by
the metrics it brings. Declaring the two operators it registers fakes for is enough for what is
written in Python: transforms, image processors, networks. Calling one of the two still says that it
is not there.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

NAME = "torchvision"
SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
LIBRARY = "_C*.so"


def mend_torchvision() -> None:
    """Declare what torchvision's own library cannot, when and if it is imported.

    Costs nothing until then: torch is not imported. Must come before whatever imports torchvision.
    """
    if NAME not in sys.modules and not any(isinstance(one, _Mender) for one in sys.meta_path):
        sys.meta_path.insert(0, _Mender())


class _Mender(MetaPathFinder):
    """Finds nothing; sees torchvision being looked for."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == NAME:
            sys.meta_path.remove(self)
            _declare_missing()
        return None


def _declare_missing() -> None:
    spec = importlib.util.find_spec(NAME)
    if spec is None or spec.origin is None:
        return
    import torch

    for path in Path(spec.origin).parent.glob(LIBRARY):
        try:
            torch.ops.load_library(str(path))  # type: ignore[no-untyped-call]
        except OSError:
            break
        return
    for schema in SCHEMAS:
        name, signature = schema.split("(", 1)
        torch.library.define(f"{NAME}::{name}", f"({signature}")
