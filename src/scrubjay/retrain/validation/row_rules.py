"""One new item at a time: is every field what an item's may be, and is it described."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from scrubjay.core.errors import MissingExtra
from scrubjay.core.types import Item, Kind
from scrubjay.retrain.validation.settings import ValidateSettings
from scrubjay.retrain.validation.verdict import BadRow

if TYPE_CHECKING:
    from pydantic import ValidationError

_SAYS_SOMETHING = ("L", "N", "S")


def bad_items(
    items: Iterable[Item], settings: ValidateSettings, *, blank: frozenset[str] = frozenset()
) -> list[BadRow]:
    """Find the items that fail a rule of their own.

    Args:
        items: new and changed ones.
        settings: what a description may be.
        blank: ids of items whose manifest gives a description and leaves it empty.

    Returns:
        One row a bad item, in the items' order; the first thing wrong is its reason.

    Raises:
        MissingExtra: pydantic is not installed.
    """
    try:
        from pydantic import ValidationError

        from scrubjay.retrain.validation.item_row import ItemRow
    except ModuleNotFoundError as error:
        if error.name != "pydantic":
            raise
        raise MissingExtra("checking a month's rows", "month") from error
    bad = []
    for item in items:
        try:
            ItemRow.model_validate(_fields(item))
            reason = _ill_described(item, settings, blank=item.id in blank)
        except ValidationError as error:
            reason = _first(error)
        if reason is not None:
            bad.append(BadRow(item.id, item.uri if item.uris else item.id, reason))
    return bad


def says_nothing(description: str) -> bool:
    """Whether a description holds no letter, digit or symbol: blank, or `-`, or `...`."""
    return not any(unicodedata.category(mark).startswith(_SAYS_SOMETHING) for mark in description)


def _ill_described(item: Item, settings: ValidateSettings, *, blank: bool) -> str | None:
    if any(says_nothing(one) for one in item.captions) or (blank and not item.captions):
        return "an empty description"
    if settings.require_description and item.kind is Kind.IMAGE and not item.captions:
        return "no description"
    if any(len(one) > settings.max_description for one in item.captions):
        return f"a description of over {settings.max_description} characters"
    return None


def _fields(item: Item) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__dataclass_fields__}


def _first(error: ValidationError) -> str:
    """The first thing wrong in a few words, without the value: it may be long, or private."""
    wrong = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in wrong["loc"][:2])
    return f"{where}: {wrong['msg'][:1].lower()}{wrong['msg'][1:]}"
