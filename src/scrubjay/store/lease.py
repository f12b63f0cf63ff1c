"""A lease: one run at a time, by whoever renews it; a token that rises tells late ones apart.

Expiry alone cannot keep a paused process from writing after its time: the token can. Whatever the
lease protects remembers the highest token it has seen and refuses a lower one (a fencing token:
Kleppmann, Designing Data-Intensive Applications, chapter 8).
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from scrubjay.core.errors import Damaged, LeaseHeld, ScrubjayError, WrongUse
from scrubjay.store.cell import Cell
from scrubjay.store.folder import FolderBucket
from scrubjay.store.liveness import surely_dead, this_process

RENEWALS: Final = 4
"""Times a lease is renewed in the time after which it would expire."""
_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps; nobody sets it."""


@dataclass(frozen=True, slots=True)
class Tenure:
    """What is written down of a lease.

    Attributes:
        token: rises with every acquisition.
        holder: who, for people; None once it was given back.
        since: when it was acquired, seconds since 1970.
        renewed: when it was last renewed, seconds since 1970.
        ttl_s: how long after a renewal it expires.
        process: the holder's mark, see `liveness`.
        nonce: no two writes are alike.
    """

    token: int
    holder: str | None
    since: float
    renewed: float
    ttl_s: float
    process: str | None
    nonce: str = ""

    def is_live(self) -> bool:
        """Whether others must wait: not given back, not expired, its process not known dead.

        A renewal that seems to lie in the future is as good as one equally far in the past, so
        that a clock put back does not hold the lease for ever.
        """
        in_time = abs(time.time() - self.renewed) < self.ttl_s
        return self.holder is not None and in_time and not surely_dead(self.process)

    def to_bytes(self) -> bytes:
        """The file; unlike every other."""
        written = asdict(replace(self, nonce=secrets.token_hex(8)))
        return (json.dumps(written, indent=1) + "\n").encode()


class Lease:
    """A lease that was acquired; lost when it is not renewed in time, or somebody has the next."""

    def __init__(self, cell: Cell, tenure: Tenure, acquired: float) -> None:
        self._cell = cell
        self._tenure = tenure
        self._expires = acquired + tenure.ttl_s
        self._changing = threading.Lock()

    @property
    def token(self) -> int:
        """Higher than that of every earlier holder."""
        return self._tenure.token

    @property
    def holder(self) -> str:
        """Whom others are told of."""
        return self._tenure.holder or ""

    def check(self) -> None:
        """Make sure that the lease is still ours, now.

        Raises:
            LeaseHeld: it expired (this process was paused, or could not renew it), or another run
                holds it by now.
            NotReady: the place of the lease does not answer.
        """
        self._still_ours(self._cell.read())

    def renew(self) -> None:
        """Hold it for another `ttl_s` from now. An expired lease is never renewed.

        Raises:
            LeaseHeld: as `check`.
            NotReady, Conflict: the place of the lease does not answer, or is locked for long.
        """

        def renewed(written: bytes | None) -> bytes:
            self._still_ours(written)
            return replace(self._tenure, renewed=time.time()).to_bytes()

        with self._changing:
            asked = time.clock_gettime(_CLOCK)
            self._cell.change(renewed)
            self._expires = asked + self._tenure.ttl_s

    @contextmanager
    def renewing(self) -> Iterator[None]:
        """Renew it in a thread until the block ends.

        A renewal that fails is tried again until the lease expires; `check` then says so.
        """
        ended = threading.Event()
        thread = threading.Thread(target=self._renew_until, args=(ended,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def release(self) -> None:
        """Give it back; the next run need not wait. Does nothing when it is no longer ours."""

        def given_back(written: bytes | None) -> bytes | None:
            now = _tenure(self._cell, written)
            ours = now is not None and now.token == self.token and now.holder is not None
            return replace(self._tenure, holder=None).to_bytes() if ours else None

        with self._changing:
            self._cell.change(given_back)

    def _renew_until(self, ended: threading.Event) -> None:
        pause = self._tenure.ttl_s / RENEWALS
        while not ended.wait(pause):
            try:
                self.renew()
            except LeaseHeld:
                return
            except (ScrubjayError, OSError):
                continue

    def _still_ours(self, written: bytes | None) -> None:
        now = _tenure(self._cell, written)
        if now is None or now.token != self.token or now.holder is None:
            raise LeaseHeld(_lost(now))
        if time.clock_gettime(_CLOCK) >= self._expires:
            raise LeaseHeld(
                f"the lease of this run was not renewed for {self._tenure.ttl_s:g} s, so it "
                f"expired (the machine or the process stood still); start the run again: it goes "
                f"on where it stopped"
            )


def acquire(path: Path, *, holder: str, ttl_s: float, above: int = 0) -> Lease:
    """Hold the lease that a file is, if nobody else does.

    Nobody does when it was given back, was not renewed for its holder's `ttl_s`, or its holder ran
    on this machine and has ended. Several machines must agree on the time to well within `ttl_s`.

    Args:
        holder: who asks, for people: others read it.
        ttl_s: seconds it lasts without being renewed.
        above: the token will be higher than this: the fence of what the lease protects, which may
            have outlived the file.

    Raises:
        LeaseHeld: somebody holds it; says who, since when, until when.
        Damaged: what is written there is no lease.
        WrongUse: a time that is none.
    """
    if not ttl_s > 0:
        raise WrongUse(f"a lease lasts longer than {ttl_s} s; give a positive number of seconds")
    cell = _cell(path)
    asked = time.clock_gettime(_CLOCK)
    tenure = Tenure(above + 1, holder, 0.0, 0.0, ttl_s, this_process())

    def acquired(written: bytes | None) -> bytes:
        nonlocal asked, tenure
        asked, now = time.clock_gettime(_CLOCK), time.time()
        before = _tenure(cell, written)
        if before is not None and before.is_live():
            raise LeaseHeld(_held(before))
        token = max(before.token if before else 0, above) + 1
        tenure = replace(tenure, token=token, since=now, renewed=now)
        return tenure.to_bytes()

    cell.change(acquired)
    return Lease(cell, tenure, asked)


def read_tenure(path: Path) -> Tenure | None:
    """Who holds or held the lease that a file is; None before the first.

    Raises:
        Damaged: what is written there is no lease.
    """
    cell = _cell(path)
    return _tenure(cell, cell.read())


def _cell(path: Path) -> Cell:
    return Cell(FolderBucket(path.parent), path.name, point="lease")


def _tenure(cell: Cell, written: bytes | None) -> Tenure | None:
    if written is None:
        return None
    try:
        tenure = Tenure(**json.loads(written))
        float(tenure.since), float(tenure.renewed), float(tenure.ttl_s), int(tenure.token)
    except (ValueError, TypeError) as error:
        raise Damaged(
            f"{cell.uri} is no lease ({error}); remove it when no run is going on"
        ) from error
    return tenure


def _held(tenure: Tenure) -> str:
    until = _clock(tenure.renewed + tenure.ttl_s)
    return (
        f"another run holds the lease: {tenure.holder}, since {_clock(tenure.since)}, until "
        f"{until} unless it goes on; wait for it to end"
    )


def _lost(tenure: Tenure | None) -> str:
    by = "nobody"
    if tenure is not None and tenure.holder is not None:
        by = f"{tenure.holder}, since {_clock(tenure.since)}"
    return (
        f"this run no longer holds the lease; it is held by {by}: nothing more was written; "
        f"start the run again: it goes on where it stopped"
    )


def _clock(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
