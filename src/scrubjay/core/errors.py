"""Every error Scrubjay raises on purpose.

    ScrubjayError                 exit 1
    ├── WrongUse                  exit 2   the command, config or query is wrong
    │   ├── UnknownName           a name nobody registered; carries the nearest ones
    │   │   └── UnknownItem       an item that is not here
    │   ├── BadConfig             a configuration key or value
    │   └── BadFilter             a `--where` that does not parse or names no column
    ├── BadMedia                  one file that cannot be used, with the reason
    ├── UnsupportedModality       an encoder without the tower asked for
    ├── MissingExtra              an optional dependency, with the command that installs it
    ├── ModelNotFound             a model directory or hub id that is not on this machine
    ├── RemoteFailed              another server, or its answer, that cannot be used
    ├── NotReady                  something must be done first, and the message says what
    ├── Conflict                  somebody else changed it first
    ├── Damaged                   stored bytes that do not match their manifest
    ├── TrainingFailed            a fit that cannot go on
    └── LeaseHeld                 exit 3   another run holds the lease

A message says what happened, to which item, and what to do next. User input never meets
`assert` or a traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ScrubjayError(Exception):
    """The root: anything a person should read instead of a traceback."""

    exit_code: int = 1


class WrongUse(ScrubjayError):
    """The command, configuration or query is wrong; nothing was changed."""

    exit_code = 2


class UnknownName(WrongUse):
    """A name nobody registered; the message offers the nearest known ones."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.known = tuple(sorted(known))
        near = difflib.get_close_matches(name, self.known, n=3, cutoff=0.5)
        hint = (
            f"did you mean {' or '.join(repr(n) for n in near)}?"
            if near
            else f"known: {', '.join(self.known) or 'none'}"
        )
        super().__init__(f"unknown {what} {name!r}; {hint}")


class UnknownItem(UnknownName):
    """An item that is not here; a collection has too many to look for the nearest id."""

    def __init__(self, item_id: str, where: str = "in the catalog") -> None:
        self.name = item_id
        self.known = ()
        Exception.__init__(
            self,
            f"no item {item_id[:200]!r} is {where}; it may have been forgotten, or never added",
        )


class BadConfig(WrongUse):
    """A configuration key or value that cannot be used."""


class BadFilter(WrongUse):
    """A `--where` expression that does not parse or names no column."""


class BadMedia(ScrubjayError):
    """One file that cannot be used. `reason` is short enough for a table."""

    def __init__(self, reason: str, path: str = "") -> None:
        self.reason = reason
        self.path = path
        super().__init__(f"{path}: {reason}" if path else reason)


class UnsupportedModality(ScrubjayError):
    """An encoder was asked for a modality it has no tower for."""

    def __init__(self, encoder: str, modality: str, has: Iterable[str]) -> None:
        super().__init__(
            f"encoder {encoder!r} has no {modality} tower (it has: {', '.join(sorted(has))}); "
            f"use an encoder with one"
        )


class MissingExtra(ScrubjayError):
    """An optional dependency is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an extra: pip install 'scrubjay[{extra}]'")


class ModelNotFound(ScrubjayError):
    """A model directory or hub id that is not on this machine."""


class RemoteFailed(ScrubjayError):
    """Another server cannot be reached, refuses, or answers what cannot be used."""


class NotReady(ScrubjayError):
    """Something must be done first; the message says what."""


class Conflict(ScrubjayError):
    """Somebody else changed the same thing first; nothing was overwritten."""


class Damaged(ScrubjayError):
    """Stored bytes do not match what was written; nothing was loaded from them."""


class TrainingFailed(ScrubjayError):
    """A fit that cannot go on; the last good checkpoint is intact."""


class LeaseHeld(ScrubjayError):
    """Another run holds the lease."""

    exit_code = 3
