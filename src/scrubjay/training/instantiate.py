"""Objects from plain configuration, by our own allow-list: data decides settings, never code.

A node is a mapping with `_target_`, the dotted name of a class or function to call with the node's
other entries. `{_ref_: name}` stands for an object made elsewhere: one the caller provides, or
another top-level node, which is built once and shared. `_partial_: true` gives the callable with
its arguments bound instead of its result.

A target must lie in a package named in `ALLOWED` (or trusted by the user), be reached through
classes only, and be *defined* there: a module that merely imports `os` does not lend it out.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import FunctionType
from typing import Any

from scrubjay.core.errors import BadConfig, ScrubjayError, UnknownName

ALLOWED = ("scrubjay", "lightning", "torch.optim", "torch.nn", "torch.utils.data")
"""Packages a `_target_` may name. Of all but our own, classes only: their functions load files."""

DENIED = ("lightning.pytorch.cli", "lightning.fabric.cli")
"""Parts of those that would build anything from strings of their own."""

TARGET, REF, PARTIAL = "_target_", "_ref_", "_partial_"


def instantiate(
    config: Mapping[str, Any],
    *,
    provided: Mapping[str, object] | None = None,
    trust: Sequence[str] = (),
) -> dict[str, object]:
    """Build every node of a configuration once.

    Args:
        config: top-level names to nodes, to mappings of nodes, or to plain values.
        provided: objects a `_ref_` may name besides the top-level nodes.
        trust: packages of the user's own whose classes and functions may be targets too.

    Returns:
        Top-level name to the built object; plain values are returned as they are.

    Raises:
        BadConfig: a target outside the allow-list, a circular or malformed node, or values its
            target refuses.
        UnknownName: a target, `_ref_` or setting nobody knows, with the nearest names.
    """
    return _Build(config, dict(provided or {}), _allow_list(trust)).all()


def refers_to(config: object, name: str) -> bool:
    """Whether any `_ref_` in a configuration names this object."""
    if isinstance(config, Mapping):
        return config.get(REF) == name or any(refers_to(value, name) for value in config.values())
    if isinstance(config, list | tuple):
        return any(refers_to(value, name) for value in config)
    return False


def resolve(target: str, *, trust: Sequence[str] = ()) -> Callable[..., object]:
    """The class or function a `_target_` names, when it may be named.

    Raises:
        BadConfig: it is outside the allow-list, private, or neither a class nor a function.
        UnknownName: it does not exist.
    """
    return _resolve(target, _allow_list(trust))


def _allow_list(trust: Sequence[str]) -> tuple[str, ...]:
    if isinstance(trust, str):
        raise BadConfig(f"trust must be a list: write trust=[{trust}]")
    for package in trust:
        if not all(part.isidentifier() for part in package.split(".")):
            raise BadConfig(f"trust names a package such as trust=[mypackage], not {package!r}")
        if package.split(".")[0] in sys.stdlib_module_names:
            raise BadConfig(
                f"{package!r} is part of Python and never trusted with configuration; "
                f"put what you need into a package of your own and trust that"
            )
    return (*ALLOWED, *trust)


def _within(name: str, packages: Sequence[str]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def _resolve(target: str, allowed: Sequence[str]) -> Callable[..., object]:
    if not _within(target, allowed) or _within(target, DENIED):
        raise BadConfig(
            f"_target_ {target!r} is outside what a configuration may name "
            f"({', '.join(allowed)}); to use a package of your own add trust=[package]"
        )
    parts = target.split(".")
    if any(not part.isidentifier() or part.startswith("_") for part in parts):
        raise BadConfig(f"_target_ {target!r} is not the dotted name of something public")
    found, rest = _import_longest(parts)
    for depth, name in enumerate(rest):
        if depth and not inspect.isclass(found):
            raise BadConfig(f"_target_ {target!r} leads through something that is not a class")
        if name not in vars(found):
            raise UnknownName(
                f"_target_ in {'.'.join(parts[: -len(rest) + depth])}", name, dir(found)
            )
        found = vars(found)[name]
    return _callable(found, target, allowed)


def _import_longest(parts: Sequence[str]) -> tuple[Any, list[str]]:
    """Import the longest prefix that is a module; the rest are attributes."""
    module, used = None, 0
    while used < len(parts):
        name = ".".join(parts[: used + 1])
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not _within(name, (error.name,)):
                raise BadConfig(
                    f"_target_ {'.'.join(parts)!r} cannot be imported: {error}"
                ) from error
            break
        used += 1
    if module is None:
        raise BadConfig(
            f"_target_ {'.'.join(parts)!r}: no package {parts[0]!r} is installed here; "
            f"install it, or correct the name"
        )
    return module, list(parts[used:])


def _callable(found: object, target: str, allowed: Sequence[str]) -> Callable[..., object]:
    if inspect.isclass(found):
        kind: Callable[..., object] = found
    elif isinstance(found, FunctionType):
        kind = found
    else:
        raise BadConfig(f"_target_ {target!r} is neither a class nor a function")
    home = getattr(found, "__module__", None) or ""
    ours = [package for package in allowed if package == "scrubjay" or package not in ALLOWED]
    if not _within(home, allowed) or _within(home, DENIED):
        raise BadConfig(
            f"_target_ {target!r} is really {home}.{getattr(found, '__qualname__', '?')}, "
            f"which is outside what a configuration may name"
        )
    if not inspect.isclass(found) and not _within(home, ours):
        raise BadConfig(
            f"_target_ {target!r} is a function of {home.split('.')[0]}; "
            f"only its classes may be named"
        )
    return kind


class _Build:
    """One pass over a configuration, remembering what is built."""

    def __init__(
        self, config: Mapping[str, Any], provided: Mapping[str, object], allowed: Sequence[str]
    ) -> None:
        self._config = config
        self._provided = provided
        self._allowed = allowed
        self._built: dict[str, object] = {}
        self._under_way: list[str] = []

    def all(self) -> dict[str, object]:
        return {name: self._top(name) for name in self._config}

    def _top(self, name: str) -> object:
        if name in self._built:
            return self._built[name]
        if name in self._under_way:
            circle = " -> ".join([*self._under_way[self._under_way.index(name) :], name])
            raise BadConfig(f"these nodes refer to each other in a circle: {circle}")
        self._under_way.append(name)
        self._built[name] = self._value(self._config[name], name)
        self._under_way.pop()
        return self._built[name]

    def _value(self, value: Any, where: str) -> Any:  # noqa: ANN401 - configuration is untyped
        if isinstance(value, Mapping):
            if REF in value:
                return self._ref(value, where)
            if TARGET in value:
                return self._node(value, where)
            return {key: self._value(one, f"{where}.{key}") for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._value(one, f"{where}[{at}]") for at, one in enumerate(value)]
        return value

    def _ref(self, node: Mapping[str, Any], where: str) -> object:
        name = node[REF]
        if len(node) > 1:
            raise BadConfig(f"{where}: a {REF} stands alone; remove {', '.join(set(node) - {REF})}")
        if name in self._provided:
            return self._provided[name]
        if name in self._config:
            return self._top(name)
        raise UnknownName(f"{REF} in {where}", str(name), [*self._provided, *self._config])

    def _node(self, node: Mapping[str, Any], where: str) -> object:
        odd = [key for key in node if key.startswith("_") and key not in {TARGET, PARTIAL}]
        if odd:
            raise UnknownName(f"directive in {where}", odd[0], [TARGET, REF, PARTIAL])
        target = _resolve(str(node[TARGET]), self._allowed)
        settings = {
            key: self._value(value, f"{where}.{key}")
            for key, value in node.items()
            if not key.startswith("_")
        }
        only_bind = bool(node.get(PARTIAL, False))
        _check_settings(target, settings, where, complete=not only_bind)
        if only_bind:
            return partial(target, **settings)
        return _call(target, settings, where)


def _check_settings(
    target: Callable[..., object], settings: Mapping[str, Any], where: str, *, complete: bool
) -> None:
    try:
        signature = inspect.signature(target)
    except ValueError:  # a class written in C states no signature; it judges its own arguments
        return
    parameters = signature.parameters.values()
    if not any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters):
        known = [
            one.name for one in parameters if one.kind is not inspect.Parameter.POSITIONAL_ONLY
        ]
        for key in settings:
            if key not in known:
                raise UnknownName(f"setting in {where}", key, known)
    bind = signature.bind if complete else signature.bind_partial
    try:
        bind(**settings)
    except TypeError as error:
        raise BadConfig(f"{where}: {error}; give it as {where}.NAME=VALUE") from error


def _call(target: Callable[..., object], settings: Mapping[str, Any], where: str) -> object:
    try:
        return target(**settings)
    except ScrubjayError:
        raise
    except (TypeError, ValueError, KeyError, OSError, ImportError, RuntimeError) as error:
        raise BadConfig(f"{where} cannot be built: {type(error).__name__}: {error}") from error
    except Exception as error:
        # Lightning's own complaint about settings derives from nothing narrower than Exception.
        if type(error).__name__ == "MisconfigurationException":
            raise BadConfig(f"{where} cannot be built: {error}") from error
        raise
