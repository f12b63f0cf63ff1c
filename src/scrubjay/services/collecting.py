"""Taking things in, looking at them, and forgetting them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scrubjay.core.errors import MissingExtra
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Champion, Item
from scrubjay.services.opening import open_encoder
from scrubjay.services.serving import set_champion
from scrubjay.store.home import Home

if TYPE_CHECKING:
    from scrubjay.retrain.forgetting.forget import Purged
    from scrubjay.search.collect import Added, Target
    from scrubjay.search.item_moments import MomentPage
    from scrubjay.search.items import ItemPage, KnownItem
    from scrubjay.search.uploaded import Upload, Uploaded
    from scrubjay.search.uploads import OpenTarget
    from scrubjay.store.browse import Facets


def add_folder(home: Home, folder: Path | str, *, month: str, progress: Progress) -> Added:
    """Bring a folder or `s3://bucket/prefix` into the home; index what is new with the champion.

    A home that has none yet is served by the encoder that comes with Scrubjay, where torch is
    installed to write its graphs.
    """
    from scrubjay.search.collect import Target
    from scrubjay.search.collect import add_folder as collect

    before = home.registry.champion()
    begun: list[str] = []

    def open_target() -> Target | None:
        champion = before or _begin_with_shipped(home, progress)
        if champion is None:
            return None
        if before is None:
            begun.append(champion.version)
        return Target(
            open_encoder(home, champion.version), home.generations.open(champion.generation)
        )

    added = collect(home, folder, month=month, open_target=open_target, progress=progress)
    if added.gone:
        from scrubjay.retrain.forgetting.forget import purge
        from scrubjay.search.visit import open_source

        purge(home, added.gone, gone_from=open_source(str(folder)).url, progress=progress)
    for version in begun:
        set_champion(home, version, progress=progress)
    if before is not None:
        from scrubjay.retrain.calibration import refit_if_grown

        refit_if_grown(home, before, changed=added.updated, progress=progress)
    return added


def _begin_with_shipped(home: Home, progress: Progress) -> Champion | None:
    """The shipped encoder with an empty generation, not published; None where it cannot be."""
    if not home.settings.builtin:
        return None
    from scrubjay.retrain.serving import generation_of
    from scrubjay.retrain.shipped import register_shipped

    try:
        version = register_shipped(home, progress=progress)
    except MissingExtra:
        return None
    generation = generation_of(home, version, open_encoder(home, version))
    return Champion(version, generation.name)


def add_uploads(
    home: Home,
    uploads: Sequence[Upload],
    *,
    month: str | None = None,
    open_target: OpenTarget | None = None,
    progress: Progress = silent,
) -> Uploaded:
    """Take in files that somebody handed over; what cannot be used is refused by name.

    What is in the answer's `taken` is on the disk and indexed; in a home that has no champion it is
    indexed by the first.

    Args:
        month: of files that name none; None means this one.
        open_target: the champion, opened, for whoever has it open already.

    Raises:
        Conflict: something else kept the catalog to itself for a minute.
    """
    from scrubjay.retrain.source import this_month
    from scrubjay.search.uploads import take_uploads

    return take_uploads(
        home,
        uploads,
        month=month or this_month(),
        open_target=open_target or (lambda champion: _opened(home, champion)),
        progress=progress,
    )


def finish_uploads(
    home: Home, *, open_target: OpenTarget | None = None, progress: Progress = silent
) -> None:
    """Finish what killed uploads have left; costs a look into a folder when there is nothing."""
    from scrubjay.search.uploads import finish_uploads as finish

    finish(home, open_target or (lambda champion: _opened(home, champion)), progress)


def _opened(home: Home, champion: Champion) -> Target:
    from scrubjay.search.collect import Target

    encoder = open_encoder(home, champion.version)
    return Target(encoder, home.generations.open(champion.generation))


def get_item(home: Home, item_id: str) -> KnownItem:
    """One item with everything that is known of it.

    Raises:
        UnknownItem: it is not here, or is about to be forgotten.
    """
    from scrubjay.search.items import known_item

    return known_item(home, item_id)


def list_items(
    home: Home, *, limit: int = 50, after: str | None = None, where: str | None = None
) -> ItemPage:
    """A page of items, those of the newest month first.

    Args:
        after: `next` of the page before.
        where: a condition; `search.narrow.narrowed` makes one of facets.

    Raises:
        WrongUse: a limit out of range, or a cursor of another list.
        BadFilter: a `where` that does not parse or names no column.
    """
    from scrubjay.search.items import item_page

    return item_page(home, limit=limit, after=after, where=where)


def list_moments(
    home: Home,
    item_id: str,
    *,
    limit: int = 50,
    after: float | None = None,
    at: float | None = None,
    first: int = 0,
) -> MomentPage:
    """A page of a video's moments, in order of time.

    Args:
        after: only those that begin after this second.
        at: the page with the moment of this second, of all pages from the beginning.
        first: how many to pass over. Of the three the first that is given counts.

    Raises:
        UnknownItem: it is not here.
        WrongUse: a limit out of range.
    """
    from scrubjay.search.item_moments import moment_page

    return moment_page(home, item_id, limit=limit, after=after, at=at, first=first)


def facets(home: Home) -> Facets:
    """How many items there are of each month, kind, language and tag."""
    return home.catalog.facets()


def forget_items(home: Home, ids: Sequence[str], *, progress: Progress) -> Purged:
    """Forget items, and finish what was asked for before; none named does only that."""
    from scrubjay.retrain.forgetting.forget import forget

    return forget(home, ids, progress=progress)


def forget_source(home: Home, url: str, *, progress: Progress) -> Purged:
    """Forget everything that came from a folder or bucket."""
    from scrubjay.retrain.forgetting.forget import forget_source as forget_all

    return forget_all(home, url, progress=progress)


def items_of_source(home: Home, url: str) -> list[Item]:
    """What `forget_source` would forget."""
    from scrubjay.retrain.forgetting.forget import items_of_source as items_below

    return items_below(home, url)
