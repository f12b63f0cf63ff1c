"""What the catalog is to say of files that somebody handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Item
from scrubjay.media.layout import Entry, Problem
from scrubjay.search.examine import Facts
from scrubjay.search.mended import as_mended
from scrubjay.search.merge import Found, about, merge
from scrubjay.search.uploaded import Upload
from scrubjay.store.attributes import settled_types
from scrubjay.store.catalog_schema import checked
from scrubjay.store.home import Home
from scrubjay.store.uploads import SCHEME, upload_uri, uploaded_sha256


def items_of_uploads(
    home: Home, looked_at: Sequence[tuple[Upload, Facts]], month: str
) -> tuple[list[Item], list[Problem]]:
    """What the catalog is to say, and the files that cannot be taken for it."""
    found: dict[str, Found] = {}
    for upload, facts in looked_at:
        path = upload_uri(facts.sha256, upload.name).removeprefix(SCHEME)
        entry = Entry(
            path,
            captions=upload.captions,
            language=upload.language,
            tags=upload.tags,
            month=upload.month,
            attributes=upload.attributes,
        )
        if path in found:  # the same file twice in one upload
            entry = _both(found[path].entry, entry)
        found[path] = Found(entry, facts)
    files = [found[path] for path in sorted(found)]
    merged, problems = merge(
        files,
        uri=lambda path: f"{SCHEME}{path}",
        month=month,
        known=home.known(about(files, home.catalog.phashes())),
        held=home.catalog.get,
    )
    refused = [Problem(one.path.partition("/")[2], one.reason) for one in problems]
    merged = as_mended(home, merged)
    catalogued = home.catalog.items(ids=[item.id for item in merged])
    there = {one.id: one for one in as_mended(home, catalogued)}
    types: Mapping[str, str] = home.catalog.attribute_types()
    items = []
    for item in merged:
        wanted = _with_what_was_said(there.get(item.id), item)
        try:
            wanted = checked(wanted)
            types = settled_types(types, [(item.id, wanted.attributes)])
        except WrongUse as error:
            refused.append(Problem(_name_of(item), str(error)))
        else:
            items.append(wanted)
    return items, refused


def _both(first: Entry, second: Entry) -> Entry:
    return replace(
        second,
        captions=tuple(dict.fromkeys(first.captions + second.captions)),
        tags=tuple(dict.fromkeys(first.tags + second.tags)),
        language=second.language or first.language,
        month=second.month or first.month,
        attributes={**first.attributes, **second.attributes},
    )


def _with_what_was_said(before: Item | None, item: Item) -> Item:
    """An upload never takes away what is known of the same bytes."""
    if before is None:
        return item
    return replace(
        item,
        group=before.group,
        split=before.split,
        captions=tuple(dict.fromkeys(before.captions + item.captions)),
        tags=tuple(dict.fromkeys(before.tags + item.tags)),
        language=item.language or before.language,
        attributes={**before.attributes, **item.attributes},
    )


def _name_of(item: Item) -> str:
    mine = [uri for uri in item.uris if uploaded_sha256(uri)]
    return mine[-1].rpartition("/")[2] if mine else item.uri
