"""One small object that several processes change, each only what it has seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scrubjay.core.errors import Conflict
from scrubjay.core.failpoint import failpoint

if TYPE_CHECKING:
    from scrubjay.store.bucket import Bucket

TRIES: Final = 8
"""Each that fails means that another writer went on."""


@dataclass(frozen=True, slots=True)
class Cell:
    """An object of a bucket or a file of a folder, changed by compare-and-swap.

    Attributes:
        bucket: the folder or prefix it is in.
        name: its name there.
        point: the failpoints are `<point>.before_replace` and `<point>.after_replace`.
    """

    bucket: Bucket
    name: str
    point: str

    @property
    def uri(self) -> str:
        """Where it is, for messages."""
        return self.bucket.uri(self.name)

    def read(self) -> bytes | None:
        """Its bytes; None when it is not there."""
        found = self.bucket.read_tagged(self.name)
        return None if found is None else found[0]

    def change(self, decide: Callable[[bytes | None], bytes | None]) -> bytes | None:
        """Replace what is there by what is decided on seeing it; decided anew if that changed.

        Args:
            decide: what is there (None: nothing) -> what shall be, unlike every other write, so
                that a write whose answer was lost is recognised; None leaves it. May raise.

        Returns:
            What was written, None when nothing was.

        Raises:
            Conflict: others were faster every time.
        """
        for left in reversed(range(TRIES)):
            found = self.bucket.read_tagged(self.name)
            data, tag = (None, None) if found is None else found
            decided = decide(data)
            if decided is None:
                return None
            failpoint(f"{self.point}.before_replace")
            try:
                self.bucket.swap(self.name, decided, etag=tag)
            except Conflict:
                if not left:
                    raise
                continue
            failpoint(f"{self.point}.after_replace")
            return decided
        return None
