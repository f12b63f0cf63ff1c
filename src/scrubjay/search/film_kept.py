"""What was found out about a video, written down as it is made, so that nothing is made twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Kept(Protocol):
    """Where it is written down; `store.gleanings.Gleanings` is one."""

    def get(self, sha256: str, what: str, fingerprint: str) -> dict[str, Any] | None:
        """What was kept; None where nothing was."""
        ...

    def put(self, sha256: str, what: str, fingerprint: str, told: Mapping[str, Any]) -> bool:
        """Keep it; False: it cannot be."""
        ...


class Notes:
    """What is kept of one video."""

    def __init__(self, kept: Kept | None, sha256: str) -> None:
        """Name the video by its content.

        Args:
            kept: None: nothing is kept.
        """
        self._kept = kept
        self._sha256 = sha256

    def find(
        self, what: str, fingerprint: str, parse: Callable[[Mapping[str, Any]], T]
    ) -> T | None:
        """What was kept; None where nothing was, or what was cannot be read."""
        told = None if self._kept is None else self._kept.get(self._sha256, what, fingerprint)
        if told is None:
            return None
        try:
            return parse(told)
        except (KeyError, TypeError, ValueError):
            return None  # somebody else's file: it is made again

    def keep(self, what: str, fingerprint: str, told: Mapping[str, Any]) -> None:
        """Keep it; on a full disk it is made again another time."""
        if self._kept is not None:
            with suppress(OSError):
                self._kept.put(self._sha256, what, fingerprint, told)


def fingerprint_of(*parts: object) -> str:
    """One for a method of our own, by its settings; it changes when their names or values do."""
    return hashlib.sha256(" ".join(map(repr, parts)).encode()).hexdigest()


def milliseconds(seconds: float) -> int:
    """What a time goes by in the name of what is kept."""
    return round(1000 * seconds)
