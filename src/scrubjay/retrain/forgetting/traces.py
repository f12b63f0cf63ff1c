"""By what a file would show an item: its names, its captions, its bytes' hash."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from scrubjay.core.types import Item
from scrubjay.store.home import Home

TELLING = 8
"""Characters from which on a text is looked for inside others."""
INSTEAD = "(forgotten)"


@dataclass(frozen=True, slots=True)
class Traces:
    """What gives some items away.

    Attributes:
        ids: of the items.
        sha256s: of their bytes, where no other item has the same.
        groups: their content groups.
        names: uris, and ends of uris, that no item has which is left.
        texts: those and captions that can be told from ordinary words, the longest first.
        labels: captions and file names as a page shows them, whoever else has the same.
    """

    ids: frozenset[str]
    sha256s: frozenset[str]
    groups: frozenset[str]
    names: frozenset[str]
    texts: tuple[str, ...]
    labels: frozenset[str]

    def found_in(self, text: str) -> bool:
        """Whether a text shows one of the items."""
        return any(one in text for one in self.texts)

    def may_be_on(self, page: str) -> bool:
        """Whether a page may show one of the items, or another that is called the same."""
        return any(one in page for one in self.labels)

    def without(self, text: str) -> str:
        """The text with what shows the items taken out."""
        for one in self.texts:
            text = text.replace(one, INSTEAD)
        return text

    def found_in_bytes(self, data: bytes) -> bool:
        """Whether a file that is no text shows one of the items."""
        return any(one.encode("utf-8") in data for one in self.texts)


def traces_of(home: Home, ids: Collection[str]) -> Traces:
    """What gives items away, as far as catalog, generations and snapshots still say it."""
    wanted = frozenset(ids)
    known = _described(home, wanted)
    left = [item for item in home.catalog.items() if item.id not in wanted]
    names = {name for item in known for name in _names(item)}
    names -= {name for item in left for name in _names(item)}
    captions = {text for item in known for text in item.captions}
    captions |= home.feedback.texts_of(wanted)
    captions -= {text for item in left for text in item.captions}
    captions -= _once_said(home, {item.id for item in left})
    texts = {text for text in names | captions if _is_telling(text)}
    labels = {text for item in known for text in item.captions}
    labels |= {uri.rpartition("/")[2] for item in known for uri in item.uris}
    sha256s = {item.sha256 for item in known} | _listed(home, wanted)
    return Traces(
        ids=wanted,
        sha256s=frozenset(sha256s - {item.sha256 for item in left}),
        groups=frozenset(item.group for item in known),
        names=frozenset(names),
        texts=tuple(sorted(texts, key=lambda text: (-len(text), text))),
        labels=frozenset(labels - {""}),
    )


def _once_said(home: Home, ids: Collection[str]) -> set[str]:
    """Captions that items had before somebody fixed them, and the fixed ones."""
    mended = home.feedback.mended()
    return {text for item_id in mended.keys() & set(ids) for text in mended[item_id].known}


def _described(home: Home, ids: frozenset[str]) -> list[Item]:
    """What is still said of the items; one that left the catalog may be in generations."""
    found = list(home.catalog.items(ids=ids))
    for name in home.generations.names():
        found += home.generations.open(name).items(ids)
    return found


def _listed(home: Home, ids: frozenset[str]) -> set[str]:
    """The bytes they had, by the snapshots."""
    found = set()
    for name in home.catalog.snapshots():
        snapshot = home.catalog.read_snapshot(name)
        pairs = zip(snapshot.ids, snapshot.sha256s, strict=True)
        found |= {sha256 for item_id, sha256 in pairs if item_id in ids}
    return found


def _names(item: Item) -> Iterator[str]:
    """Uris, and what a listing below any folder calls the same file."""
    for uri in item.uris:
        yield uri
        parts = (uri.partition("://")[2] or uri).strip("/").split("/")
        yield from ("/".join(parts[start:]) for start in range(len(parts)))


def _is_telling(text: str) -> bool:
    """Whether a text is unlikely to be meant when it is met; `promoted` as a caption is not."""
    return len(text) >= TELLING and (not text.isascii() or any(one in text for one in " ./"))
