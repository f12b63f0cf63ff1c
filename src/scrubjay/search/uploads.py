"""Files that somebody handed over, into the home: examined, catalogued, indexed, or refused.

Bytes are kept in the home under their hash. What was acknowledged is durable and indexed; of what
was not, all is there or nothing, once the next upload, month or start of the service has looked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, TypeAlias

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia, MissingExtra, ScrubjayError, WrongUse
from scrubjay.core.known import About
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Champion, Kind
from scrubjay.media.layout import Problem
from scrubjay.search.collect import Target
from scrubjay.search.examine import Facts, examine, examine_file
from scrubjay.search.films import films_of
from scrubjay.search.ingest import ingest
from scrubjay.search.scan import checked_month
from scrubjay.search.uploaded import Taken, Upload, Uploaded, check_words
from scrubjay.search.uploaded_items import items_of_uploads
from scrubjay.store.home import Home
from scrubjay.store.uploads import UnderWay

OpenTarget: TypeAlias = Callable[[Champion], Target]
"""What new items are embedded with and written to, of the champion named."""

Examine: TypeAlias = Callable[[bytes, MediaLimits], Facts]

NOTHING_SERVES: Final = "no encoder serves yet; the first one indexes it"
FORGOTTEN_MEANWHILE: Final = "forgotten while it was taken in"


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
            check_words(upload)
            looked_at.append((upload, _facts(home, upload, look)))
        except BadMedia as error:
            refused.append(Problem(upload.name, error.reason))
        except (WrongUse, MissingExtra) as error:
            refused.append(Problem(upload.name, str(error)))
        progress("looking at files", done, len(uploads))
    films = any(one.path is not None for one in uploads)
    finish_uploads(home, open_target, progress, films=films)
    with home.uploads.taking():
        items, more = items_of_uploads(home, looked_at, month)
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
