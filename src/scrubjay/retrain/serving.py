"""A registered version becomes the one that serves: fill its generation, then move the pointer.

Either everything is embedded first (`embed_version`), or the champion's rows are mapped, served at
once and embedded anew behind it (`serve_bridged`, `publish`, `upgrade`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from scrubjay.core.protocols import Encoder, Progress
from scrubjay.core.types import Champion, Item, Modality
from scrubjay.models.load import load_version
from scrubjay.retrain.bridging import plan_bridge
from scrubjay.search.bridge_choice import LearnedBridge
from scrubjay.search.bridged import bridge_generation
from scrubjay.search.films import films_of
from scrubjay.search.ingest import Ingested, ingest
from scrubjay.store.home import Home
from scrubjay.store.index import Generation


def embed_version(home: Home, version: str, *, progress: Progress) -> Champion:
    """Bring a version's generation level with the catalog; the pair is ready to publish.

    Rows it embedded already are kept, mapped ones are embedded anew, rows of items that left are
    dropped: killed and called again, it goes on where it stopped.
    """
    upgrade(home, version, limit=None, progress=progress)
    return Champion(version, version)


def upgrade(home: Home, version: str, *, limit: int | None, progress: Progress) -> Ingested:
    """Bring a version's generation nearer to the catalog, while it serves or before.

    Items without a row are embedded, rows of items that left are dropped, and mapped rows are
    embedded anew, the newest items' first. What others add, change or forget meanwhile stays as
    they left it. The next call goes on where this one stopped or was killed.

    Args:
        limit: mapped rows are not gone on with once so many rows took their place; None embeds
            them all, 0 none.
    """
    encoder = _encoder(home, version)
    generation = generation_of(home, version, encoder)
    _drop_gone(home, generation)
    return _ingested(home, generation, encoder, None, limit=limit, progress=progress)


def serve_bridged(
    home: Home,
    version: str,
    bridges: Mapping[Modality, LearnedBridge],
    *,
    min_recall: float,
    progress: Progress,
) -> Champion | None:
    """Make a version's generation of the champion's rows, mapped; nothing is published.

    Every item the champion's generation shows is in it: rows of modalities without a bridge, and
    rows the version must not take over mapped, are embedded now. `plan_bridge` says beforehand
    what will be done. Killed and called again, it goes on where it stopped.

    Args:
        bridges: from the champion's version to this one.
        min_recall: least share of re-embedding's recall, of every modality that has a bridge.

    Returns:
        The pair, ready to publish; None when there is no champion, or mapped rows are not good
        enough: then it serves on until `embed_version` is done.

    Raises:
        WrongUse: a bridge between other versions.
    """
    champion = home.registry.champion()
    if champion is None or champion.version == version:
        return champion
    old = home.generations.open(champion.generation)
    plan = plan_bridge(old, version, bridges, min_recall=min_recall)
    if not plan.good:
        return None
    encoder = _encoder(home, version)
    new = generation_of(home, version, encoder)
    maps = {modality: bridges[modality].bridge for modality in plan.mapped}
    bridge_generation(old, new, maps, progress=progress)
    _drop_gone(home, new)
    if left := old.embedded().keys() - new.embedded().keys():
        _ingested(home, new, encoder, sorted(left), limit=0, progress=progress)
    return Champion(version, new.name)


def _encoder(home: Home, version: str) -> Encoder:
    folder = home.registry.folder(version)
    return load_version(folder, version=version, threads=home.settings.threads)


def _drop_gone(home: Home, generation: Generation) -> None:
    """Leave nothing of items that left the catalog."""
    if gone := generation.embedded().keys() - home.catalog.known().ids:
        generation.purge(gone)


def _ingested(
    home: Home,
    generation: Generation,
    encoder: Encoder,
    ids: Sequence[str] | None,
    *,
    limit: int | None,
    progress: Progress,
) -> Ingested:
    """Embed items of the catalog, all or these."""

    def current(asked: Sequence[str]) -> Iterable[Item]:
        return home.catalog.items(ids=asked)

    return ingest(
        home.catalog.items(ids=ids),
        generation,
        encoder,
        read=home.reader(),
        limit=limit,
        current=current,
        limits=home.settings.limits,
        threads=home.settings.threads,
        films=films_of(home),
        progress=progress,
    )


def generation_of(home: Home, version: str, encoder: Encoder) -> Generation:
    """A version's generation, made when it is not there yet."""
    if version in home.generations.names():
        return home.generations.open(version)
    return home.generations.create(
        version, dim=encoder.spec.dim, attribute_types=home.catalog.attribute_types()
    )


def publish(home: Home, champion: Champion, *, fence: int | None = None) -> None:
    """Serve this pair from now on: one compare-and-swap of the pointer.

    What served is written down before it gives way, so that a rollback finds it.

    Args:
        fence: the token of the lease held; None when a person publishes.

    Raises:
        Conflict: another pair was published meanwhile, or by a later holder of the lease.
    """
    current = home.registry.champion()
    if current != champion:
        if current is not None:
            home.served.note(current)
        home.registry.publish(champion, expected=current, fence=fence)
