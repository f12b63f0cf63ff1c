"""LanceDB, imported without the client of a remote catalog service that it brings along.

`lance_namespace_urllib3_client` has some 150 pydantic models and takes two thirds of the processor
time of `import lancedb`. Nothing here asks a remote catalog. Its classes stand in by name until
somebody makes one or looks into one; then the real client is imported.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

CLIENT: Final = "lance_namespace_urllib3_client"

_importing: Final = threading.RLock()


def lancedb() -> ModuleType:
    """The lancedb module."""
    found = sys.modules.get("lancedb")
    if found is not None and hasattr(found, "connect"):
        return found
    with _importing:
        if "lancedb" in sys.modules or CLIENT in sys.modules:
            return importlib.import_module("lancedb")
        finder = _Finder()
        sys.meta_path.insert(0, finder)
        try:
            return importlib.import_module("lancedb")
        finally:
            sys.meta_path.remove(finder)
            # Whoever imports the client by its name from now on gets the real one.
            for name in [one for one in sys.modules if _is_client(one)]:
                del sys.modules[name]


def _is_client(module: str) -> bool:
    return module == CLIENT or module.startswith(f"{CLIENT}.")


class _Finder(MetaPathFinder, Loader):
    """Finds modules of the client that are empty and give a stand-in for whatever is asked."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self, is_package=True) if _is_client(fullname) else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StandInModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""


class _StandInModule(ModuleType):
    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a class of the client
        if name.startswith("__"):
            raise AttributeError(name)
        stand_in = _StandIn(name, (), {"__module__": self.__name__})
        setattr(self, name, stand_in)
        return stand_in


class _StandIn(type):
    """The class of classes that stand for the client's, which do what the real ones do."""

    def __call__(cls, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - the real one's
        return _real(cls)(*arguments, **named)

    def __getattr__(cls, name: str) -> Any:  # noqa: ANN401 - the real one's
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_real(cls), name)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _real(cls))


def _real(stand_in: type) -> Any:  # noqa: ANN401 - a class of the client
    return getattr(importlib.import_module(stand_in.__module__), stand_in.__name__)
