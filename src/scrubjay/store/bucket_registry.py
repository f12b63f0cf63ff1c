"""The registry in an object store: the same layout as in a folder, fetched when it is needed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from scrubjay.core.errors import Damaged
from scrubjay.core.failpoint import failpoint
from scrubjay.core.protocols import silent
from scrubjay.store.bucket import Bucket, open_bucket
from scrubjay.store.durable import locked, make_folder, remove_folder, rename_folder
from scrubjay.store.folder import FolderBucket
from scrubjay.store.manifest import MANIFEST, Manifest, read_manifest, sealed_files
from scrubjay.store.pull import gather
from scrubjay.store.registry import REGISTER_WAIT_S, VERSIONS, Registry, is_id, version_file
from scrubjay.store.version import METRICS, SAID, VersionInfo, built_digest, info_of, names_for

_FETCHING: Final = ".fetching-"
_VISIBLE: Final = re.compile(rf"{VERSIONS}/([^./][^/]*)/{re.escape(MANIFEST)}")


def open_registry(home: Path, url: str | None) -> Registry:
    """A home's registry: in the home, in another folder, or in a bucket with a cache in the home.

    Args:
        url: `s3://bucket/prefix`, a folder, or None for the home's own.

    Raises:
        WrongUse: the address is of another kind.
    """
    generations = home / "generations"
    if url is None:
        return Registry(home / "registry", generations=generations)
    bucket = open_bucket(url)
    if isinstance(bucket, FolderBucket):
        return Registry(bucket.root, generations=generations)
    cache = home / "cache" / f"registry-{hashlib.sha256(bucket.url.encode()).hexdigest()[:16]}"
    return BucketRegistry(bucket, cache, generations)


class BucketRegistry(Registry):
    """`versions/<id>/` and `champion.json` below one prefix of an object store.

    A version is visible once its manifest is there, which is written last; every object of it is
    written once. `folder` fetches into the cache, where a version stays.
    """

    def __init__(self, bucket: Bucket, cache: Path, generations: Path) -> None:
        """Name the registry; nothing is asked of the store yet.

        Args:
            cache: a folder of this machine for what was fetched or registered here.
            generations: the folder a champion's generation is in.
        """
        super().__init__(cache, generations=generations, bucket=bucket)

    def ids(self) -> tuple[str, ...]:
        """Every version's id, in order of name."""
        found = (_VISIBLE.fullmatch(one.name) for one in self._bucket.list())
        return tuple(sorted(match[1] for match in found if match))

    def folder(self, version: str) -> Path:
        """A version's folder in the cache, fetched and verified first; never write into it.

        Raises:
            UnknownName: no such version; the message offers the nearest.
            Damaged: an object of it is not what was registered.
            NotReady: it is not in the cache, and the store does not answer.
        """
        cached = self._cached(version)
        if cached is not None:
            return cached
        manifest = self._manifest(version)
        there = self._versions / version
        with self._fetching(version):
            if not there.exists():
                aside = there.with_name(f"{_FETCHING}{version}")
                gather(manifest, aside, self._reader(version), progress=silent)
                rename_folder(aside, there, point="registry")
        return there

    def verify(self, version: str, *, below: str = "") -> None:
        """Read every cached file and compare it; what was damaged in the cache is fetched anew.

        Args:
            below: only the files in this folder of the version, and the manifest.

        Raises:
            UnknownName: no such version.
            Damaged: an object of it is not what was registered.
        """
        try:
            super().verify(version, below=below)
        except Damaged:
            self._drop(version, below=below)
            super().verify(version, below=below)

    def _drop(self, version: str, *, below: str) -> None:
        """Remove a damaged version from the cache, unless somebody has mended it meanwhile."""
        with self._fetching(version):
            if self._cached(version) is None:
                return
            try:
                super().verify(version, below=below)
            except Damaged:
                remove_folder(self._versions / version, point="registry")

    def _info(self, version: str) -> VersionInfo:
        cached = self._cached(version)
        if cached is None:
            return super()._info(version)
        return info_of(
            read_manifest(cached), (cached / METRICS).read_bytes(), str(cached / METRICS)
        )

    def _cached(self, version: str) -> Path | None:
        there = self._versions / version
        return there if is_id(version) and (there / MANIFEST).is_file() else None

    def _fetching(self, version: str) -> AbstractContextManager[None]:
        """Keep other processes from fetching too."""
        make_folder(self._versions)
        lock = self._folder / ".fetch.lock"
        return locked(lock, f"fetching version {version}", wait_s=REGISTER_WAIT_S)

    def _admit(self, staging: Path, month: str, digest: str, lineage: Mapping[str, Any]) -> str:
        for version in names_for(month, digest):
            there = self._find(version)
            if there is None and self._upload(staging, version):
                self._reveal(staging, version, lineage)
                return version
            if there is not None and built_digest(there.files) == digest:
                return version
        raise Damaged(f"{self.url}: versions there are not what their names say")

    def _upload(self, staging: Path, version: str) -> bool:
        """Put every file of a version but its manifest; those a killed registration put stay.

        Returns:
            False when other content has taken this name.
        """
        files = sealed_files(staging)
        for name in sorted(files, key=lambda one: (one in SAID, one)):
            failpoint("registry.before_put")
            created = self._bucket.create(version_file(version, name), staging / name)
            failpoint("registry.after_put")
            if created:
                continue
            there = self._read_file(version, name)
            if name in SAID:
                # What was said first of the same content stands.
                (staging / name).write_bytes(there)
            elif hashlib.sha256(there).hexdigest() != files[name].sha256:
                return False
        return True

    def _reveal(self, staging: Path, version: str, lineage: Mapping[str, Any]) -> None:
        """Put the manifest, which makes the version visible, and keep the files in the cache."""
        manifest = Manifest(version, datetime.now(UTC), sealed_files(staging), lineage)
        written = manifest.to_bytes()
        failpoint("registry.before_reveal")
        created = self._bucket.create(version_file(version, MANIFEST), written)
        failpoint("registry.after_reveal")
        if not created and self._find(version) != manifest:
            return  # somebody else has registered the same content: theirs is fetched when needed
        (staging / MANIFEST).write_bytes(written)
        with self._fetching(version):
            if self._cached(version) is None:
                rename_folder(staging, self._versions / version, point="registry")
