"""What a look found, as a value that survives between two steps of a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

from scrubjay.core.types import AttributeValue, Item, Kind, Split
from scrubjay.media.layout import Problem


@dataclass(frozen=True, slots=True)
class Drop:
    """What a source brought since it was last taken.

    Attributes:
        source: its address.
        month: when.
        added: items nobody knew.
        changed: known items with other bytes or words.
        gone: ids of items whose objects are no longer there.
        renamed: items that only go by other names now.
        unchanged: items that are as they were.
        problems: everything set aside now, names and references below the source.
        new_problems: objects among them that are new or changed; not what was forgotten.
        looked_at: new or changed media objects: what share of them is bad is a share of these.
        fetched_bytes: what travelled, or was read from the disk.
        layout: as `Layout.name`.
        ignored: objects that are no media and do not claim to be.
        moved: the renamed items.
        unnamed: addresses that do not lead to their item any more.
        look: the look's token.
    """

    source: str
    month: str
    added: tuple[Item, ...]
    changed: tuple[Item, ...]
    gone: tuple[str, ...]
    renamed: int
    unchanged: int
    problems: tuple[Problem, ...]
    new_problems: tuple[Problem, ...]
    looked_at: int
    fetched_bytes: int
    layout: str
    ignored: int
    moved: tuple[Item, ...] = ()
    unnamed: tuple[str, ...] = ()
    look: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` reads back to an equal drop."""
        value = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name not in _ITEMS | _PROBLEMS
        }
        value |= {name: list(value[name]) for name in ("gone", "unnamed")}
        value |= {name: [item_to_json(one) for one in getattr(self, name)] for name in _ITEMS}
        return value | {
            name: [[one.path, one.reason] for one in getattr(self, name)] for name in _PROBLEMS
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote.

        Raises:
            KeyError, TypeError: it did not write this.
        """
        lists = {name: tuple(value[name]) for name in ("gone", "unnamed")}
        items = {name: _items(value[name]) for name in _ITEMS}
        problems = {name: tuple(Problem(*one) for one in value[name]) for name in _PROBLEMS}
        return cls(**{**value, **lists, **items, **problems})


_ITEMS = frozenset({"added", "changed", "moved"})
_PROBLEMS = frozenset({"problems", "new_problems"})


def item_to_json(item: Item) -> dict[str, Any]:
    """An item as a JSON object that `item_from_json` reads back to an equal item."""
    value = {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}
    value |= {name: list(value[name]) for name in ("uris", "captions", "tags")}
    value["attributes"] = {name: _tagged(one) for name, one in item.attributes.items()}
    return value


def item_from_json(value: Mapping[str, Any]) -> Item:
    """Read what `item_to_json` wrote."""
    lists = {name: tuple(value[name]) for name in ("uris", "captions", "tags")}
    attributes = {name: _untagged(one) for name, one in value["attributes"].items()}
    kinds = {"kind": Kind(value["kind"]), "split": Split(value["split"])}
    return Item(**{**value, **lists, **kinds, "attributes": attributes})


def _items(values: Iterable[Mapping[str, Any]]) -> tuple[Item, ...]:
    return tuple(item_from_json(one) for one in values)


def _tagged(value: AttributeValue) -> Any:  # noqa: ANN401 - any JSON value
    """JSON has neither dates nor moments: they are objects that name their kind."""
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return list(value) if isinstance(value, tuple) else value


def _untagged(value: Any) -> AttributeValue:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        [(kind, text)] = value.items()
        return datetime.fromisoformat(text) if kind == "datetime" else date.fromisoformat(text)
    if isinstance(value, list):
        return tuple(value)
    kept: str | int | float | bool = value
    return kept
