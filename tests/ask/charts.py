"""The charts that are measured in bench/, drawn for tests as well."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

PATH = Path(__file__).resolve().parents[2] / "bench" / "chart_pictures.py"


def chart_pictures() -> ModuleType:
    """bench/chart_pictures.py, which is no package's."""
    if "chart_pictures" not in sys.modules:
        spec = importlib.util.spec_from_file_location("chart_pictures", PATH)
        assert spec is not None
        assert spec.loader is not None
        made = importlib.util.module_from_spec(spec)
        sys.modules["chart_pictures"] = made
        spec.loader.exec_module(made)
    return sys.modules["chart_pictures"]
