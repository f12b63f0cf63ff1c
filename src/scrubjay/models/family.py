"""Families by name: a module of a room here, or an entry point of another package.

A family is a module in scrubjay/models/<room>/ with a function `load(**options)`, imported when it
is asked for. Other packages add families through the entry point group `scrubjay.<room>`, whose
entries name such a module or such a function.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from scrubjay.core.errors import ScrubjayError, UnknownName, WrongUse

MODELS = "scrubjay.models"

Load = Callable[..., object]


class Room(StrEnum):
    """What a family makes; the name of its folder and of its entry point group."""

    ENCODERS = "encoders"
    VLM = "vlm"
    OCR = "ocr"
    ASR = "asr"
    TTS = "tts"
    CHAT = "chat"

    @property
    def one(self) -> str:
        """What one of its members is called in a message, and its settings in a configuration."""
        return "encoder" if self is Room.ENCODERS else self.value

    @property
    def package(self) -> str:
        """Where its own families are."""
        return f"{MODELS}.{self.value}"


def families(room: Room) -> tuple[str, ...]:
    """Names of every family of a room on this machine, sorted; none is imported."""
    return tuple(sorted({*_own(room), *_plugged(room)}))


def load(room: Room, family: str, options: dict[str, Any]) -> object:
    """A member of a family, made with its options.

    Raises:
        UnknownName: no such family, or it has no such option.
        WrongUse: an option it needs is missing.
        ScrubjayError: a family of another package that cannot be imported.
    """
    found = _loader(room, family)
    _check_options(room, family, found, options)
    return found(**options)


def _own(room: Room) -> dict[str, str]:
    package = importlib.import_module(room.package)
    return {
        found.name: f"{room.package}.{found.name}"
        for found in pkgutil.iter_modules(package.__path__)
        if not found.name.startswith("_")
    }


def _plugged(room: Room) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=f"scrubjay.{room.value}")}


def _loader(room: Room, family: str) -> Load:
    own, plugged = _own(room), _plugged(room)
    if family in own:
        found: object = importlib.import_module(own[family])
    elif family in plugged:
        found = _plugged_in(plugged[family])
    else:
        raise UnknownName(f"family of {room.value}", family, {*own, *plugged})
    made_by = getattr(found, "load", found)
    if not callable(made_by):
        raise ScrubjayError(f"the family {family!r} has no function load(**options); it needs one")
    return cast("Load", made_by)


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


def _check_options(room: Room, family: str, made_by: Load, options: dict[str, Any]) -> None:
    parameters = inspect.signature(made_by).parameters.values()
    if not any(one.kind is one.VAR_KEYWORD for one in parameters):
        known = [one.name for one in parameters]
        for name in options:
            if name not in known:
                raise UnknownName(f"option of the {family!r} {room.one}", name, known)
    for one in parameters:
        required = one.default is one.empty and one.kind in (
            one.POSITIONAL_OR_KEYWORD,
            one.KEYWORD_ONLY,
        )
        if required and one.name not in options:
            raise WrongUse(
                f"the {family!r} {room.one} needs {one.name}: give {room.one}.{one.name}=..."
            )
