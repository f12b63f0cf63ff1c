"""What people say of hits and captions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrubjay.store.home import Home

if TYPE_CHECKING:
    from scrubjay.search.reviewed import Listed, Question, Said


def judge(home: Home, query: str, item_id: str, *, right: bool | None) -> Said:
    """Mark a hit of a query as right or wrong; None takes the mark back.

    Raises:
        UnknownItem: it is not here.
        WrongUse: words that cannot be kept.
    """
    from scrubjay.search.reviewed import judge as say

    return say(home, query, item_id, right=right)


def fix_caption(home: Home, item_id: str, caption: str | None) -> Said:
    """Say how an item's caption should read; None takes that back.

    Raises:
        UnknownItem: it is not here.
        WrongUse: a caption that cannot be kept.
    """
    from scrubjay.search.reviewed import fix_caption as fix

    return fix(home, item_id, caption)


def list_feedback(home: Home, *, query: str | None = None, limit: int = 500) -> Listed:
    """What people said and did not take back, the newest first."""
    from scrubjay.search.reviewed import list_feedback as listed

    return listed(home, query=query, limit=limit)


def questions(home: Home, *, limit: int, seed: str = "") -> list[Question]:
    """Captions whose hits are worth a look, those of held-out items first."""
    from scrubjay.search.reviewed import questions as drawn

    return drawn(home, limit=limit, seed=seed)
