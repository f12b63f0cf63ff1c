"""The home: one folder that holds everything, laid out as DESIGN section 5 says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from scrubjay.core.config import Settings
from scrubjay.core.errors import WrongUse
from scrubjay.core.known import About, Known
from scrubjay.store.bucket import SCHEME
from scrubjay.store.bucket_registry import open_registry
from scrubjay.store.catalog import Catalog
from scrubjay.store.feedback import Feedback
from scrubjay.store.forgotten import Forgotten
from scrubjay.store.generations import Generations
from scrubjay.store.gleanings import Gleanings
from scrubjay.store.held import Held
from scrubjay.store.media import MediaStore
from scrubjay.store.originals import Originals
from scrubjay.store.quarantine import Quarantine
from scrubjay.store.reader import Reader
from scrubjay.store.registry import Registry
from scrubjay.store.served import Served
from scrubjay.store.sources import Sources
from scrubjay.store.thumbs import Thumbs
from scrubjay.store.uploads import Uploads


class Home:
    """What one home folder holds; each part is opened when first asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.path: Path = settings.home.expanduser().absolute()
        if self.path.exists() and not self.path.is_dir():
            raise WrongUse(f"the home {self.path} is a file; give a folder with --home")

    @cached_property
    def catalog(self) -> Catalog:
        """One row per item, and the snapshots."""
        return Catalog(self.path / "catalog.lance")

    @cached_property
    def quarantine(self) -> Quarantine:
        """Files set aside, with the reason."""
        return Quarantine(self.path / "quarantine.lance")

    @cached_property
    def registry(self) -> Registry:
        """Versions and the champion."""
        return open_registry(self.path, self.settings.registry)

    @cached_property
    def generations(self) -> Generations:
        """Built indexes."""
        return Generations(self.path / "generations", self.settings.index)

    @cached_property
    def held(self) -> Held:
        """Items nobody may learn from until somebody accepts them."""
        return Held(self.path / "held")

    @cached_property
    def feedback(self) -> Feedback:
        """What people say of hits and captions."""
        return Feedback(self.path / "feedback")

    @cached_property
    def forgotten(self) -> Forgotten:
        """What was forgotten on request."""
        return Forgotten(self.path / "forgotten")

    @cached_property
    def served(self) -> Served:
        """What served before what serves now."""
        return Served(self.path / "served")

    def known(self, about: About | None = None) -> Known:
        """What a scan compares with: the catalog, and what is not to be taken again.

        Args:
            about: only what decides about these.
        """
        return replace(self.catalog.known(about), forgotten=self.forgotten.ids_by_sha256())

    @cached_property
    def media(self) -> MediaStore:
        """Bytes that came from an object store, or were uploaded."""
        return MediaStore(self.path / "media")

    @cached_property
    def originals(self) -> Originals:
        """The files behind items."""
        return Originals(self.media)

    @cached_property
    def thumbs(self) -> Thumbs:
        """Small pictures of items."""
        return Thumbs(self.path / "media" / "thumbs")

    @cached_property
    def gleanings(self) -> Gleanings:
        """What models found in items."""
        return Gleanings(self.path / "gleanings")

    @cached_property
    def uploads(self) -> Uploads:
        """Which uploads are under way."""
        return Uploads(self.path / "uploads")

    @cached_property
    def sources(self) -> Sources:
        """What was seen of every source."""
        return Sources(self.path / "sources")

    def reader(self, ids: Collection[str] | None = None) -> Reader:
        """What reads the items the catalog lists now.

        Args:
            ids: only these are asked for, so that a large catalog need not be read.
        """
        if not self.media.folder.is_dir():  # nothing ever came from a bucket
            return Reader(self.media.folder)
        if ids is None:
            return Reader(self.media.folder, self.catalog.sha256s_below(SCHEME))
        items = self.catalog.items(ids=ids)
        return Reader(self.media.folder, {uri: item.sha256 for item in items for uri in item.uris})

    @property
    def prompts(self) -> Path:
        """The owner's own ways to put a question, a file each."""
        return self.path / "prompts"

    @property
    def runs(self) -> Path:
        """One folder a run."""
        return self.path / "runs"

    @property
    def lease(self) -> Path:
        """What a run or a forgetting holds; `store.lease.acquire` it."""
        return self.path / "lease.json"
