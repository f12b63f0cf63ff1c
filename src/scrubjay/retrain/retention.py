"""Generations that nobody needs any more."""

from __future__ import annotations

from scrubjay.core.errors import WrongUse
from scrubjay.store.home import Home


def retire(home: Home, *, keep: int) -> tuple[str, ...]:
    """Remove generations but the champion's and those of the pairs that served last.

    Call it while holding the home's lease: a generation that is being filled is removed, too.

    Args:
        keep: how many earlier ones stay for a rollback.

    Returns:
        Names of what was removed.

    Raises:
        WrongUse: a negative number.
    """
    if keep < 0:
        raise WrongUse(f"{keep} generations cannot be kept; give 0 or more")
    champion = home.registry.champion()
    if champion is None:
        return ()
    there = home.generations.names()
    last = dict.fromkeys(one.generation for one in reversed(home.served.all()))
    earlier = [name for name in last if name in there and name != champion.generation]
    kept = {champion.generation, *earlier[:keep]}
    removed = tuple(name for name in there if name not in kept)
    for name in removed:
        home.generations.remove(name)
    return removed
