"""OpenVINO, imported without the telemetry it would send when it is imported."""

from __future__ import annotations

import importlib
import sys
import threading
from types import ModuleType
from typing import Any, Final, cast

_cores: Final[list[Any]] = []
_making_core: Final = threading.Lock()


def openvino() -> ModuleType:
    """The openvino module.

    Importing it announces itself to an analytics service through the `openvino_telemetry` package.
    Marking that package as absent first makes OpenVINO take its own silent stand-in.
    """
    if "openvino" not in sys.modules:
        modules = cast("dict[str, ModuleType | None]", sys.modules)
        modules.setdefault("openvino_telemetry", None)
    return importlib.import_module("openvino")


def openvino_core() -> Any:  # noqa: ANN401 - openvino.Core
    """The process's one Core, kept until the process ends.

    Every Core gives the thread it is made in a signal stack and takes it away when it goes. Where
    several come and go the thread is left with one that is freed, and the next signal kills the
    process.
    """
    with _making_core:
        if not _cores:
            _cores.append(openvino().Core())
        return _cores[0]
