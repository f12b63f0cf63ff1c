"""The champion's pointer: which pair serves, and the highest fence that was ever shown to it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from scrubjay.core.errors import Conflict, Damaged
from scrubjay.core.types import Champion
from scrubjay.store.cell import Cell

CHAMPION: Final = "champion.json"


@dataclass(frozen=True, slots=True)
class Pointed:
    """What the pointer says.

    Attributes:
        champion: None before the first was published.
        fence: the highest token of a lease that was claimed or published with; 0 before.
    """

    champion: Champion | None = None
    fence: int = 0

    def to_bytes(self) -> bytes:
        """The file; the nonce makes no two writes alike."""
        written = {
            "version": self.champion.version if self.champion else None,
            "generation": self.champion.generation if self.champion else None,
            "fence": self.fence,
            "nonce": secrets.token_hex(8),
        }
        return (json.dumps(written, indent=2) + "\n").encode()


class Pointer:
    """`champion.json`, changed by compare-and-swap."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell

    def read(self) -> Pointed:
        """What it says now.

        Raises:
            Damaged: it cannot be read.
            NotReady: its place does not answer.
        """
        try:
            return self._parsed(self._cell.read())
        except OSError as error:
            raise self._unreadable(error) from error

    def publish(
        self,
        champion: Champion,
        *,
        expected: Champion | None,
        fence: int | None,
        prepare: Callable[[], None],
    ) -> None:
        """Point at a pair, if the one pointed at is the one expected and no higher fence was seen.

        Args:
            fence: the token of the lease that is held; None where none is.
            prepare: makes what is pointed at durable; called before each write.

        Raises:
            Conflict: another pair is pointed at by now, or a later lease was seen.
        """

        def pointed(written: bytes | None) -> bytes:
            now = self._parsed(written)
            if now.champion != expected:
                raise Conflict(
                    f"the champion is {_named(now.champion)} by now, not {_named(expected)}; "
                    f"look again and decide anew"
                )
            self._admit(now, fence)
            prepare()
            return Pointed(champion, now.fence if fence is None else fence).to_bytes()

        self._cell.change(pointed)

    def claim(self, fence: int) -> None:
        """From now on nobody publishes with a lower fence.

        Raises:
            Conflict: a higher one was claimed already.
        """

        def claimed(written: bytes | None) -> bytes | None:
            now = self._parsed(written)
            self._admit(now, fence)
            return None if now.fence == fence else replace(now, fence=fence).to_bytes()

        self._cell.change(claimed)

    def _admit(self, now: Pointed, fence: int | None) -> None:
        if fence is not None and fence < now.fence:
            raise Conflict(
                f"a later run has taken over (its lease is number {now.fence}, this one's "
                f"{fence}): nothing was published; start the run again"
            )

    def _parsed(self, written: bytes | None) -> Pointed:
        if written is None:
            return Pointed()
        try:
            said = json.loads(written)
            version, generation, fence = said["version"], said["generation"], said.get("fence", 0)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._unreadable(error) from error
        if type(fence) is not int or fence < 0:
            raise self._unreadable("its fence is no number")
        if version is None and generation is None:
            return Pointed(None, fence)
        if not all(isinstance(name, str) and name for name in (version, generation)):
            raise self._unreadable("it names no version and generation")
        return Pointed(Champion(version, generation), fence)

    def _unreadable(self, reason: object) -> Damaged:
        return Damaged(
            f"{self._cell.uri} cannot be read ({reason}); remove it and run "
            f"`scrubjay champion set VERSION`"
        )


def _named(champion: Champion | None) -> str:
    return f"{champion.version} with {champion.generation}" if champion else "none"
