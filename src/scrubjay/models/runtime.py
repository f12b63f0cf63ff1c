"""OpenVINO, imported without the telemetry it would send when it is imported."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import cast


def openvino() -> ModuleType:
    """The openvino module.

    Importing it announces itself to an analytics service through the `openvino_telemetry` package.
    Marking that package as absent first makes OpenVINO take its own silent stand-in.
    """
    if "openvino" not in sys.modules:
        modules = cast("dict[str, ModuleType | None]", sys.modules)
        modules.setdefault("openvino_telemetry", None)
    return importlib.import_module("openvino")
