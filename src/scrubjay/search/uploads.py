"""Files that somebody handed over, into the home: examined, catalogued, indexed, or refused.

Bytes are kept in the home under their hash. What was acknowledged is durable and indexed; of what
was not, all is there or nothing, once the next upload, month or start of the service has looked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia, MissingExtra, ScrubjayError, WrongUse
from scrubjay.core.known import About
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import AttributeValue, Champion, Item, Kind
from scrubjay.media.layout import Entry, Problem
from scrubjay.search.collect import Target
from scrubjay.search.examine import Facts, examine, examine_file
from scrubjay.search.films import films_of
from scrubjay.search.ingest import ingest
from scrubjay.search.mended import as_mended
from scrubjay.search.merge import Found, about, merge
from scrubjay.search.scan import checked_month
from scrubjay.store.attributes import settled_types
from scrubjay.store.catalog_schema import checked
from scrubjay.store.home import Home
from scrubjay.store.uploads import SCHEME, UnderWay, upload_uri, uploaded_sha256

OpenTarget: TypeAlias = Callable[[Champion], Target]
"""What new items are embedded with and written to, of the champion named."""

Examine: TypeAlias = Callable[[bytes, MediaLimits], Facts]

MAX_NAME: Final = 255
MAX_CAPTIONS: Final = 64
MAX_CAPTION: Final = 5_000
MAX_TAGS: Final = 256
MAX_TAG: Final = 200
MAX_LANGUAGE: Final = 35
"""Characters of the longest well-formed language code one meets (RFC 5646, 4.4.1)."""

NOTHING_SERVES: Final = "no encoder serves yet; the first one indexes it"
FORGOTTEN_MEANWHILE: Final = "forgotten while it was taken in"


@dataclass(frozen=True, slots=True)
class Upload:
    """One file, and what was said of it.

    Attributes:
        name: of the file, without folders.
        data: its bytes; empty where `path` has them.
        month: it belongs to, `YYYY-MM`; None means now.
        attributes: typed, by column name.
        path: a file with its bytes, where they are too many to be held: a video. Whoever hands it
            over removes it afterwards; it may be moved away before.
    """

    name: str
    data: bytes = b""
    captions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str | None = None
    month: str | None = None
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that is in the home now.

    Attributes:
        name: of the file.
        state: `added`, `updated` (it was there, and more is known of it now) or `unchanged`.
        why_not_indexed: why no search finds it; None for what is found.
        partly: why a part of a video is not found, and which; None: all of it is.
    """

    name: str
    item: Item
    state: str
    why_not_indexed: str | None = None
    partly: str | None = None


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of every file.

    Attributes:
        refused: files that were not taken, by name, with the reason.
        version: that indexed the others; None where none serves yet.
    """

    taken: tuple[Taken, ...] = ()
    refused: tuple[Problem, ...] = ()
    version: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "items": [
                {
                    "id": one.item.id,
                    "name": one.name,
                    "kind": one.item.kind.value,
                    "state": one.state,
                    "indexed": one.why_not_indexed is None,
                    "reason": one.why_not_indexed or one.partly,
                }
                for one in self.taken
            ],
            "refused": [{"name": one.path, "reason": one.reason} for one in self.refused],
            "version": self.version,
        }


def take_uploads(
    home: Home,
    uploads: Sequence[Upload],
    *,
    month: str,
    open_target: OpenTarget,
    look: Examine = examine,
    progress: Progress = silent,
) -> Uploaded:
    """Catalogue and index what can be used; whatever else, by name, with the reason.

    The same bytes again add what is newly said of them and take nothing away. A month may be
    running, and another version may be published meanwhile.

    Args:
        month: of uploads that name none.
        open_target: asked once the catalog holds the items, for the champion of that moment, and
            again when another is published before they are indexed.
        look: says what a file is that was handed over as bytes.
        progress: told of files looked at, and of items embedded.

    Raises:
        Conflict: something else kept the catalog or the uploads to itself for a minute.
        ScrubjayError: the disk is full, say. Nothing is acknowledged; what is in the catalog
            already is indexed by the next upload.
    """
    checked_month(month)
    looked_at: list[tuple[Upload, Facts]] = []
    refused: list[Problem] = []
    for done, upload in enumerate(uploads, start=1):
        try:
            _check_words(upload)
            looked_at.append((upload, _facts(home, upload, look)))
        except BadMedia as error:
            refused.append(Problem(upload.name, error.reason))
        except (WrongUse, MissingExtra) as error:
            refused.append(Problem(upload.name, str(error)))
        progress("looking at files", done, len(uploads))
    films = any(one.path is not None for one in uploads)
    finish_uploads(home, open_target, progress, films=films)
    with home.uploads.taking():
        items, more = _items(home, looked_at, month)
        refused += more
        if not items:
            return Uploaded((), tuple(refused))
        by_content = {item.sha256: item for item in items}
        handed = {facts.sha256: one for one, facts in looked_at if facts.sha256 in by_content}
        before = {one.id: one for one in home.catalog.items(ids=[item.id for item in items])}
        under_way = home.uploads.begin(handed)
        try:
            for sha256, one in handed.items():
                if one.path is None:
                    home.media.put(one.data)
                else:
                    home.media.keep(one.path, sha256)
            home.catalog.upsert(items)
        except BaseException:
            home.uploads.leave(under_way)
            raise
    try:
        version, reasons, partly = index_items(
            home, [one.id for one in items], open_target, progress
        )
    except BaseException:
        home.uploads.leave(under_way)
        raise
    home.uploads.finish(under_way)
    now = {one.id: one for one in home.catalog.items(ids=[item.id for item in items])}
    taken: dict[tuple[str, str], Taken] = {}
    for upload, facts in looked_at:
        if facts.sha256 not in by_content:
            continue
        item_id = by_content[facts.sha256].id
        if item_id not in now:
            refused.append(Problem(upload.name, FORGOTTEN_MEANWHILE))
            continue
        item = now[item_id]
        state = "added" if item_id not in before else "updated"
        state = "unchanged" if before.get(item_id) == item else state
        taken[item_id, upload.name] = Taken(
            upload.name, item, state, reasons.get(item_id), partly.get(item_id)
        )
    return Uploaded(tuple(taken.values()), tuple(refused), version)


def finish_uploads(
    home: Home, open_target: OpenTarget, progress: Progress = silent, *, films: bool = True
) -> None:
    """Finish what uploads that were killed have left: index what is listed, sweep what is not.

    Only the sweeping keeps others out: to look a video through takes minutes.

    Args:
        films: whether to go on with uploads of videos, too.
    """
    with home.uploads.taking():
        left = _taken_over(home, films=films)
    try:
        while left:
            under_way, ids = left[0]
            if ids:
                index_items(home, ids, open_target, progress)
            home.uploads.finish(under_way)
            del left[0]
    except BaseException:
        for under_way, _ in left:
            home.uploads.leave(under_way)
        raise


def index_items(
    home: Home, ids: Sequence[str], open_target: OpenTarget, progress: Progress
) -> tuple[str | None, dict[str, str], dict[str, str]]:
    """Index items of the catalog with the champion, and with the next if it changes meanwhile.

    Returns:
        The version that did, id -> why an item got no row, and id -> why a part of it got none.
    """
    champion = home.registry.champion()
    while champion is not None:
        reasons: dict[str, str] = {}
        partly: dict[str, str] = {}
        try:
            target = open_target(champion)
            listed = {item.id: item for item in home.catalog.items(ids=ids)}
            done = ingest(
                listed.values(),
                target.generation,
                target.encoder,
                read=home.reader(ids),
                limit=0,
                current=lambda asked: home.catalog.items(ids=asked),
                limits=home.settings.limits,
                threads=1,
                films=films_of(home),
                progress=progress,
            )
        except ScrubjayError:
            # The generation of one that no longer serves may be removed while it is written to.
            if home.registry.champion() == champion:
                raise
        else:
            rows = target.generation.embedded()
            why = {problem.path: problem.reason for problem in done.problems}
            damaged = {problem.path: problem.reason for problem in done.partly}
            partly = {one.id: damaged[one.uri] for one in listed.values() if one.uri in damaged}
            for item in listed.values():
                if rows.get(item.id) != item.sha256:
                    reasons[item.id] = why.get(item.uri) or "; ".join(done.skipped)
        now = home.registry.champion()
        if now == champion:
            return champion.version, reasons, partly
        champion = now
    return None, dict.fromkeys(ids, NOTHING_SERVES), {}


def _taken_over(home: Home, *, films: bool) -> list[tuple[UnderWay, list[str]]]:
    """While `taking`, when nobody else is between its bytes and its catalog: what is gone on with.

    Returns:
        Each upload with the items of it that are listed.
    """
    taken: list[tuple[UnderWay, list[str]]] = []
    for one in home.uploads.left():
        known = home.catalog.known(About(sha256s=frozenset(one.sha256s))).ids_by_sha256
        ids = sorted({known[sha256] for sha256 in one.sha256s if sha256 in known})
        if not films and any(item.kind is Kind.VIDEO for item in home.catalog.items(ids=ids)):
            continue
        home.media.remove(_not_needed(home, one.sha256s, known.keys()))
        home.media.sweep()
        taken.append((home.uploads.take_over(one), ids))
    return taken


def _not_needed(home: Home, sha256s: Iterable[str], known: Collection[str]) -> set[str]:
    """Bytes no item has; what a look at a bucket fetched and has not yet catalogued stays."""
    loose = set(sha256s) - set(known)
    for source in home.sources.all() if loose else ():
        loose -= source.held()
    return loose


def _facts(home: Home, upload: Upload, look: Examine) -> Facts:
    settings = home.settings
    if upload.path is None:
        return look(upload.data, settings.limits)
    return examine_file(upload.path, settings.limits, settings.video)


def _check_words(upload: Upload) -> None:
    """Refuse what is said of a file when it is too much.

    Raises:
        WrongUse: it is; the message says what.
    """
    for what, texts, most, longest in (
        ("captions", upload.captions, MAX_CAPTIONS, MAX_CAPTION),
        ("tags", upload.tags, MAX_TAGS, MAX_TAG),
    ):
        if len(texts) > most:
            raise WrongUse(f"{len(texts)} {what}; at most {most} are kept")
        if any(len(one) > longest for one in texts):
            raise WrongUse(f"{what} of more than {longest} characters; shorten them")
    if upload.language is not None and not 1 <= len(upload.language) <= MAX_LANGUAGE:
        raise WrongUse("the language is no code such as en or de-CH")
    if not upload.name or "/" in upload.name or len(upload.name) > MAX_NAME:
        raise WrongUse(f"a file's name has 1 to {MAX_NAME} characters and no slash")
    if upload.month is not None:
        checked_month(upload.month)


def _items(
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
