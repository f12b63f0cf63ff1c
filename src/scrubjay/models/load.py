"""The one door to every family of encoders: by name, imported when asked for.

A family is a module in scrubjay/models/encoders/ with a function `load(**options) -> Encoder`.
Other packages add families through the entry point group `scrubjay.encoders`, whose entries name
such a module or such a function.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, cast

from scrubjay.core.errors import ModelNotFound, ScrubjayError, UnknownName, WrongUse
from scrubjay.core.protocols import Encoder, TrainableEncoder

GROUP = "scrubjay.encoders"
"""Entry point group for families of other packages."""

FAMILIES = "scrubjay.models.encoders"

EXPORT_FOLDER = "export"

Load = Callable[..., Encoder]


def families() -> tuple[str, ...]:
    """Names of every family on this machine, sorted; none is imported."""
    return tuple(sorted({*_own(), *_plugged()}))


def load_encoder(family: str, **options: Any) -> Encoder:  # noqa: ANN401 - each family's own
    """An encoder of a family.

    Raises:
        UnknownName: no such family, or it has no such option.
        WrongUse: an option it needs is missing.
        MissingExtra: what it needs is not installed.
        ModelNotFound: what it should load is not on this machine.
    """
    load = _loader(family)
    _check_options(family, load, options)
    return load(**options)


def load_trainable(family: str, **options: Any) -> TrainableEncoder:  # noqa: ANN401
    """An encoder of a family that can be trained.

    Raises:
        WrongUse: the family only encodes; otherwise as `load_encoder`.
    """
    encoder = load_encoder(family, **options)
    if not isinstance(encoder, TrainableEncoder):
        raise WrongUse(
            f"encoders of the family {family!r} cannot be trained; load what it was exported from"
        )
    return encoder


def load_version(folder: Path, *, version: str = "", threads: int = 0) -> Encoder:
    """A registered version, ready to serve without torch.

    Args:
        folder: of the version; its graphs are in `export` below it.
        version: id its vectors are to carry.
        threads: inference threads; 0 means one per available core.

    Raises:
        ModelNotFound: the folder holds no exported encoder.
        Damaged: what it holds is not what was written.
    """
    export = folder / EXPORT_FOLDER
    if not export.is_dir():
        raise ModelNotFound(f"{folder} was registered without an export; train or export it again")
    return load_encoder("exported", source=export, version=version, threads=threads)


def _own() -> dict[str, str]:
    package = importlib.import_module(FAMILIES)
    return {
        found.name: f"{FAMILIES}.{found.name}"
        for found in pkgutil.iter_modules(package.__path__)
        if not found.name.startswith("_")
    }


def _plugged() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _loader(family: str) -> Load:
    own, plugged = _own(), _plugged()
    if family in own:
        found: object = importlib.import_module(own[family])
    elif family in plugged:
        found = _plugged_in(plugged[family])
    else:
        raise UnknownName("family of encoders", family, {*own, *plugged})
    load = getattr(found, "load", found)
    if not callable(load):
        raise ScrubjayError(f"the family {family!r} has no function load(**options); it needs one")
    return cast("Load", load)


def _plugged_in(entry: EntryPoint) -> object:
    package = entry.dist.name if entry.dist else entry.module
    try:
        return cast("object", entry.load())
    except ImportError as error:
        raise ScrubjayError(
            f"the family {entry.name!r} of the package {package} cannot be imported: {error}; "
            f"install what it needs, or pip uninstall {package}"
        ) from error
    except AttributeError as error:
        raise ScrubjayError(
            f"the package {package} names {entry.value} for the family {entry.name!r}, "
            f"which it does not have: {error}"
        ) from error


def _check_options(family: str, load: Load, options: dict[str, Any]) -> None:
    parameters = inspect.signature(load).parameters.values()
    if not any(one.kind is one.VAR_KEYWORD for one in parameters):
        known = [one.name for one in parameters]
        for name in options:
            if name not in known:
                raise UnknownName(f"option of the {family!r} encoder", name, known)
    for one in parameters:
        required = one.default is one.empty and one.kind in (
            one.POSITIONAL_OR_KEYWORD,
            one.KEYWORD_ONLY,
        )
        if required and one.name not in options:
            raise WrongUse(f"the {family!r} encoder needs {one.name}: give encoder.{one.name}=...")
