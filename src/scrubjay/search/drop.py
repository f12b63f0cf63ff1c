"""A month's drop: what a source brought, changed, renamed and took away since it was last taken.

drop = look(home, "s3://photos/shop", month="2026-11")   # fetches what is new; changes nothing
take(home, drop)                                         # the catalog says so from now on
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from scrubjay.core.errors import NotReady
from scrubjay.core.failpoint import failpoint
from scrubjay.core.known import FORGOTTEN
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Item
from scrubjay.media.layout import Problem
from scrubjay.search.changes import Changed, compare, item_digest
from scrubjay.search.drop_record import Drop
from scrubjay.search.mended import as_mended
from scrubjay.search.scan import Scan, checked_month, scan, with_media
from scrubjay.search.visit import Visit, open_source, usable_names
from scrubjay.store.bucket import Bucket, is_remote
from scrubjay.store.catalog import Changes
from scrubjay.store.home import Home
from scrubjay.store.objects import ObjectInfo
from scrubjay.store.sources import Refusal, Seen, SeenSource, SourceListing, digest_of, object_key

__all__ = ["Drop", "Preview", "look", "preview", "take"]

ASKED_FOR: Final = 200
"""Objects a listing does not show that are asked for by name before it is believed."""
REMOTE_THREADS: Final = 8
"""Objects fetched at once where the settings do not say."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a listing alone says of a source, in objects.

    Attributes:
        bytes: of the new and changed ones that would be fetched.
    """

    new: int
    changed: int
    gone: int
    unchanged: int
    bytes: int


def preview(home: Home, url: str) -> Preview:
    """What a look would find, without opening an object; nothing is fetched or written.

    Raises:
        WrongUse: the address is none, or nothing is there.
        NotReady: the object store does not answer.
    """
    bucket = open_source(url)
    seen = home.sources.of(bucket.url)
    taken, fetched = seen.taken().objects, seen.fetched()
    listed = {one.name: one for one in bucket.list()}
    new = changed = unchanged = size = 0
    keys = set()
    for name in usable_names(bucket, listed).usable:
        info, key = listed[name], object_key(name)
        keys.add(key)
        before = taken.get(key)
        if before is not None and before.is_of(info):
            unchanged += 1
            continue
        new, changed = (new + 1, changed) if before is None else (new, changed + 1)
        at_hand = fetched.get(key)
        size += 0 if at_hand is not None and at_hand.is_of(info) else info.size
    return Preview(new, changed, len(taken.keys() - keys), unchanged, size)


def look(
    home: Home, url: str, *, month: str, max_gone: float = 0.5, progress: Progress = silent
) -> Drop:
    """Find out what a source brought, by opening only what is new or changed.

    Nothing is changed by it. What was fetched from a bucket is kept under its hash and written
    down at once: a look that was killed does not fetch it again. What arrives after the listing
    belongs to the next look; an object that a listing hides is asked for by name before it counts
    as gone.

    Args:
        home: whose catalog is compared with.
        url: `s3://bucket/prefix` or a folder.
        month: month added, `YYYY-MM`, unless a manifest says another.
        max_gone: share of the known items that may be gone at once.
        progress: told after each object.

    Raises:
        WrongUse: the address is none, nothing usable is there, or a manifest is malformed.
        NotReady: the object store does not answer, or more than `max_gone` of the items are gone.
    """
    checked_month(month)
    bucket = open_source(url)
    seen = home.sources.of(bucket.url)
    taken = seen.taken()
    items = {item.id: item for item in home.catalog.items()}
    progress(f"listing {bucket.url}", 0, None)
    listing = _listing(bucket, _names_below(bucket, items.values()), taken.manifests)
    known = home.known()
    visit = Visit(
        bucket,
        listing,
        seen,
        media=home.media,
        known=known,
        limits=home.settings.limits,
        video=home.settings.video,
    )
    remote = is_remote(bucket.url)
    with seen.fetching() as record:
        visit.recording(record)
        found = scan(
            visit,
            month=month,
            known=known,
            held=items.get,
            progress=progress,
            threads=home.settings.threads or (REMOTE_THREADS if remote else 0),
        )
    if not taken.objects:
        with_media(found, visit)
    there = {bucket.uri(one.name) for one in listing if one.name not in visit.left}
    found = replace(found, items=as_mended(home, found.items))
    changed = compare(found.items, items, below=f"{bucket.url}/", there=there)
    _refuse_to_lose(bucket, changed, max_gone)
    listed = {one.name: one for one in listing if one.name not in visit.left}
    refused = {
        item.id: taken.refused[item.id]
        for item in (*changed.added, *changed.changed)
        if item.id in taken.refused and taken.refused[item.id].digest == item_digest(item)
    }
    pending = _pending(visit, listed, refused)
    drop = _drop(home, bucket, visit, found, changed, taken, pending, listed, month)
    if remote and found.whole and not any(_forgotten(one) for one in found.quarantined):
        seen.keep_words(visit.words)
    else:
        seen.drop_words()
    seen.look_ended(pending)
    return drop


def take(
    home: Home,
    drop: Drop,
    *,
    without: Collection[str] = (),
    refused: Sequence[Problem] = (),
) -> Changes:
    """Let a drop into the catalog; killed anywhere, the same call again finishes.

    What is gone leaves the catalog, and with it the bytes that came from a bucket. Last of all the
    source counts as taken, so that the next look compares with this one.

    Args:
        home: the one that was looked at.
        drop: what `look` found.
        without: items that are not let in; they are not looked at again until they change.
        refused: why, for the quarantine; paths are addresses or names in the source.
    """
    brought = {item.id: item for item in (*drop.added, *drop.changed)}
    kept = [item for item in brought.values() if item.id not in without]
    failpoint("source.before_catalog")
    changes = home.catalog.upsert([*kept, *drop.moved], gone=drop.unnamed)
    seen = home.sources.of(drop.source)
    with home.uploads.taking("removing items"):
        ids = not_elsewhere(home, drop.gone, drop.source)
        gone = {item.sha256 for item in home.catalog.items(ids=ids)}
        home.catalog.delete(ids)
        home.catalog.upsert(_unnamed(home, drop), gone=drop.unnamed)
        failpoint("source.after_catalog")
        if is_remote(drop.source):
            _release(home, seen, drop.look, gone)
            home.media.sweep()
    start = f"{drop.source}/"
    named = [replace(one, path=one.path.removeprefix(start)) for one in refused]
    home.quarantine.replace(drop.source, [*drop.problems, *named], month=drop.month)
    reasons = {one.path: one.reason for one in named}
    refusals = {
        item_id: Refusal(item_digest(brought[item_id]), _reason(brought[item_id], start, reasons))
        for item_id in without
        if item_id in brought
    }
    seen.take(drop.look, refusals)
    return changes


def _unnamed(home: Home, drop: Drop) -> list[Item]:
    """What is gone from the source and stays all the same, by the names it has elsewhere."""
    away = frozenset(drop.unnamed)
    there = home.catalog.items(ids=drop.gone) if drop.gone else ()
    return [
        replace(item, uris=tuple(uri for uri in item.uris if uri not in away)) for item in there
    ]


def not_elsewhere(home: Home, ids: Collection[str], source: str) -> list[str]:
    """Those of some items that have no name outside a source; what has one was uploaded, say."""
    start = f"{source}/"
    there = home.catalog.items(ids=ids) if ids else ()
    kept = {item.id for item in there if not all(uri.startswith(start) for uri in item.uris)}
    return [item_id for item_id in ids if item_id not in kept]


def _names_below(bucket: Bucket, items: Iterable[Item]) -> set[str]:
    """Names in this source that the catalog knows."""
    start = f"{bucket.url}/"
    return {uri.removeprefix(start) for item in items for uri in item.uris if uri.startswith(start)}


def _listing(bucket: Bucket, known: set[str], manifests: Sequence[str]) -> list[ObjectInfo]:
    """The listing, and what it does not show although it is there."""
    listed = bucket.list()
    missing = sorted({*known, *manifests} - {one.name for one in listed})
    asked = missing[:ASKED_FOR]
    with ThreadPoolExecutor(REMOTE_THREADS, thread_name_prefix="look") as pool:
        hidden = [info for info in pool.map(bucket.stat, asked) if info is not None]
        if hidden and len(missing) > len(asked):
            rest = pool.map(bucket.stat, missing[len(asked) :])
            hidden += [info for info in rest if info is not None]
    return sorted([*listed, *hidden], key=lambda one: one.name)


def _refuse_to_lose(bucket: Bucket, changed: Changed, max_gone: float) -> None:
    if changed.vanished and changed.vanished > max_gone * changed.known:
        raise NotReady(
            f"{changed.vanished} of {changed.known} known items are no longer in {bucket.url}, "
            f"more than max_gone={max_gone:g} allows; check the address and the bucket. If they "
            f"were deleted on purpose, allow it once with data.max_gone=1"
        )


def _pending(
    visit: Visit, listed: Mapping[str, ObjectInfo], refused: Mapping[str, Refusal]
) -> SourceListing:
    """The source as this look found it."""
    objects = {
        object_key(name): visit.states.get(name) or Seen(info.size, info.etag)
        for name, info in listed.items()
    }
    rows = sorted((key, one.size, one.etag) for key, one in objects.items())
    refusals = sorted((key, one.digest) for key, one in refused.items())
    return SourceListing(
        token=digest_of([*rows, *refusals]),
        objects=objects,
        manifests=tuple(sorted(visit.words)),
        refused=refused,
    )


def _drop(
    home: Home,
    bucket: Bucket,
    visit: Visit,
    found: Scan,
    changed: Changed,
    taken: SourceListing,
    pending: SourceListing,
    listed: Mapping[str, ObjectInfo],
    month: str,
) -> Drop:
    start = f"{bucket.url}/"
    refused = pending.refused
    still = [
        Problem(item.uri.removeprefix(start), refused[item.id].reason)
        for item in (*changed.added, *changed.changed)
        if item.id in refused
    ]
    problems = [one for one in found.quarantined if one.path not in visit.left]
    noted = {(one.path, one.reason) for one in home.quarantine.all(root=bucket.url)}

    def is_fresh(name: str) -> bool:
        """Whether an object is new or changed since the source was last taken."""
        before = taken.objects.get(object_key(name))
        return before is None or not before.is_of(listed[name])

    new_problems = [
        one
        for one in problems
        if one.path in listed
        and not _forgotten(one)
        and ((one.path, one.reason) not in noted or (taken.objects and is_fresh(one.path)))
    ]
    brought = [item for item in (*changed.added, *changed.changed) if item.id not in refused]
    names = {uri.removeprefix(start) for item in brought for uri in item.uris} & listed.keys()
    opened = {name for name in names if is_fresh(name)} | {one.path for one in new_problems}
    return Drop(
        source=bucket.url,
        month=month,
        added=tuple(one for one in changed.added if one.id not in refused),
        changed=tuple(one for one in changed.changed if one.id not in refused),
        gone=changed.gone,
        renamed=len(changed.moved),
        unchanged=changed.unchanged,
        problems=tuple(sorted({*problems, *still}, key=lambda one: (one.path, one.reason))),
        new_problems=tuple(new_problems),
        looked_at=len(opened),
        fetched_bytes=visit.fetched_bytes,
        layout=found.layout,
        ignored=found.ignored,
        moved=changed.moved,
        unnamed=changed.unnamed,
        look=pending.token,
    )


def _forgotten(problem: Problem) -> bool:
    return problem.reason.startswith(FORGOTTEN)


def _reason(item: Item, start: str, reasons: Mapping[str, str]) -> str:
    named = (reasons.get(uri.removeprefix(start)) for uri in item.uris)
    return next((reason for reason in named if reason), "refused")


def _release(home: Home, seen: SeenSource, look_token: str, gone: Collection[str]) -> None:
    """Delete bytes that no object of any source holds and no item needs."""
    pending = seen.pending()
    if pending.token != look_token:
        return
    loose = (seen.held() | frozenset(gone)) - pending.sha256s()
    for other in home.sources.all():
        if other.folder != seen.folder:
            loose -= other.held()
    if loose:
        home.media.remove(loose - home.catalog.known().ids_by_sha256.keys())
