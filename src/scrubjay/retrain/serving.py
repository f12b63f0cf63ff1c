"""A registered version becomes the one that serves: embed the collection, then move the pointer."""

from __future__ import annotations

from scrubjay.core.protocols import Encoder, Progress
from scrubjay.core.types import Champion
from scrubjay.models.load import load_version
from scrubjay.search.ingest import ingest
from scrubjay.store.home import Home
from scrubjay.store.index import Generation
from scrubjay.store.objects import read_uri


def embed_version(home: Home, version: str, *, progress: Progress) -> Champion:
    """Bring a version's generation level with the catalog; the pair is ready to publish.

    Rows already there are kept, rows of items that left are dropped: killed and called again, it
    goes on where it stopped.
    """
    encoder = load_version(
        home.registry.folder(version), version=version, threads=home.settings.threads
    )
    generation = generation_of(home, version, encoder)
    here = {item.id for item in home.catalog.items()}
    gone = [item_id for item_id in generation.embedded() if item_id not in here]
    if gone:
        generation.delete(gone)
    ingest(
        home.catalog.items(),
        generation,
        encoder,
        read=read_uri,
        limits=home.settings.limits,
        threads=home.settings.threads,
        progress=progress,
    )
    return Champion(version, generation.name)


def generation_of(home: Home, version: str, encoder: Encoder) -> Generation:
    """A version's generation, made when it is not there yet."""
    if version in home.generations.names():
        return home.generations.open(version)
    return home.generations.create(
        version, dim=encoder.spec.dim, attribute_types=home.catalog.attribute_types()
    )


def publish(home: Home, champion: Champion) -> None:
    """Serve this pair from now on: one compare-and-swap of the pointer."""
    current = home.registry.champion()
    if current != champion:
        home.registry.publish(champion, expected=current)
