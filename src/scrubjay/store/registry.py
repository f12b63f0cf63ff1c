"""The registry: trained versions, each a folder that never changes, and the champion's pointer."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from scrubjay.core.errors import BadMedia, Damaged, NotReady, UnknownName
from scrubjay.core.failpoint import failpoint
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Champion
from scrubjay.store.bucket import Bucket
from scrubjay.store.cell import Cell
from scrubjay.store.durable import (
    fsync_folder,
    fsync_tree,
    locked,
    make_folder,
    rename_folder,
)
from scrubjay.store.folder import FolderBucket
from scrubjay.store.manifest import (
    MANIFEST,
    Manifest,
    check_files,
    parse_manifest,
    read_manifest,
    sealed_files,
)
from scrubjay.store.pointer import CHAMPION, Pointer
from scrubjay.store.pull import ReadFile, pull_files
from scrubjay.store.version import (
    METRICS,
    VersionInfo,
    built_digest,
    built_files,
    check_month,
    describe,
    info_of,
    names_for,
    plain,
)

VERSIONS: Final = "versions"
REGISTER_WAIT_S: Final = 600.0
"""A version's weights may take minutes to write."""
_STAGING: Final = ".staging-"
_ID: Final = re.compile(r"[0-9A-Za-z][\w.-]*", re.ASCII)


class Registry:
    """`versions/<id>/` and `champion.json` in one folder."""

    def __init__(
        self, folder: Path, *, generations: Path | None = None, bucket: Bucket | None = None
    ) -> None:
        """Name the registry; nothing is created before the first version.

        Args:
            generations: the folder a champion's generation is in; by default `generations`
                beside the registry.
            bucket: where pointer, lease and versions are looked up; by default the folder.
        """
        self._folder = folder
        self._versions = folder / VERSIONS
        self._generations = generations or folder.with_name("generations")
        self._bucket = bucket or FolderBucket(folder)
        self._pointer = Pointer(Cell(self._bucket, CHAMPION, point="champion"))

    @property
    def url(self) -> str:
        """Where it is: a folder, or `s3://bucket/prefix`."""
        return self._bucket.url

    def register(
        self,
        build: Callable[[Path], None],
        *,
        month: str,
        lineage: Mapping[str, Any],
        metrics: Mapping[str, Any],
        card: str,
    ) -> str:
        """Write a version and return its id.

        The id is made of what `build` wrote: the same files in the same month are the same
        version, and the first registration stands. A version appears in one step, complete and
        on the disk; killed anywhere before, nothing appears, and the next call tidies up.

        Args:
            build: writes native files and `export/` into the empty folder it is given.
            month: `YYYY-MM`.
            lineage: JSON values; not-a-number becomes null.
            metrics: JSON values; not-a-number becomes null.
            card: Markdown.

        Raises:
            WrongUse: the month is none, `build` wrote no file, a link, or a file with a name the
                registry gives.
            Conflict: another process kept registering for ten minutes.
        """
        check_month(month)
        lock = self._folder / ".register.lock"
        with locked(lock, "registering a version", wait_s=REGISTER_WAIT_S):
            make_folder(self._versions)
            self._tidy()
            staging = self._versions / f"{_STAGING}{secrets.token_hex(8)}"
            staging.mkdir()
            try:
                failpoint("registry.before_build")
                build(staging)
                failpoint("registry.after_build")
                built = built_files(staging)
                describe(staging, metrics, card)
                return self._admit(staging, month, built_digest(built), plain(lineage))
            finally:
                shutil.rmtree(staging, ignore_errors=True)

    def _admit(self, staging: Path, month: str, digest: str, lineage: Mapping[str, Any]) -> str:
        """Give a described build its name and make it visible, unless it is there already."""
        for version in names_for(month, digest):
            there = self._versions / version
            if not there.exists():
                manifest = Manifest(version, datetime.now(UTC), sealed_files(staging), lineage)
                (staging / MANIFEST).write_bytes(manifest.to_bytes())
                rename_folder(staging, there, point="registry")
                return version
            if built_digest(read_manifest(there).files) == digest:
                return version
        raise Damaged(f"{self._versions}: folders there are not what their names say")

    def _tidy(self) -> None:
        """Remove what killed registrations left; the lock says that none is going on."""
        for left in self._versions.glob(f"{_STAGING}*"):
            shutil.rmtree(left)

    def ids(self) -> tuple[str, ...]:
        """Every version's id, in order of name."""
        return tuple(sorted(one.parent.name for one in self._versions.glob(f"[!.]*/{MANIFEST}")))

    def versions(self) -> list[VersionInfo]:
        """Every version, the oldest first.

        Raises:
            Damaged: a manifest or metrics file is not what was written.
        """
        return sorted(map(self._info, self.ids()), key=lambda one: (one.created, one.id))

    def _info(self, version: str) -> VersionInfo:
        metrics = self._read_file(version, METRICS)
        return info_of(
            self._manifest(version), metrics, self._bucket.uri(version_file(version, METRICS))
        )

    def folder(self, version: str) -> Path:
        """A version's folder; never write into it.

        Raises:
            UnknownName: no such version; the message offers the nearest.
        """
        if version not in (known := self.ids()):
            raise UnknownName("version", version, known)
        return self._versions / version

    def verify(self, version: str, *, below: str = "") -> None:
        """Read every file of a version and compare it with what was registered.

        Args:
            below: only the files in this folder of the version, such as `export`, and the
                manifest: what is about to be loaded.

        Raises:
            UnknownName: no such version.
            Damaged: a byte differs, a file is missing or was added, or something is a link.
        """
        folder = self.folder(version)
        manifest = read_manifest(folder)
        if manifest.version != version:
            raise Damaged(f"{folder} holds version {manifest.version}; give it its name back")
        prefix = f"{below}/" if below else ""
        files = {
            name.removeprefix(prefix): seal
            for name, seal in manifest.files.items()
            if name.startswith(prefix)
        }
        check_files(folder / below, files)

    def pull(self, version: str, target: Path, *, progress: Progress = silent) -> None:
        """Copy a version into a folder of its own: complete and verified, or not at all.

        Killed, it goes on where it stopped when it is called again.

        Args:
            target: a folder that is not there, is empty, or holds this version already.

        Raises:
            UnknownName: no such version.
            WrongUse: something else is in the folder.
            Damaged: the version is not what was registered.
        """
        pull_files(self._manifest(version), target, self._reader(version), progress=progress)

    def champion(self) -> Champion | None:
        """The pair being served, or None when none was published yet.

        Raises:
            Damaged: the pointer cannot be read.
        """
        return self._pointer.read().champion

    def publish(
        self, champion: Champion, *, expected: Champion | None, fence: int | None = None
    ) -> None:
        """Serve this pair from now on, if the one served is still the one expected.

        Everything the pointer names is on the disk before the pointer is; readers see the old
        pair or the new one.

        Args:
            expected: the pair seen when the new one was prepared; None when there was none.
            fence: the token of the lease held; None where no lease is, as when a person publishes.

        Raises:
            UnknownName: no such version.
            NotReady: no such generation.
            Conflict: another pair is served by now, or a later lease was claimed.
        """

        def prepare() -> None:
            folder = self.folder(champion.version)
            read_manifest(folder)
            generation = self._generation(champion.generation)
            for named in (folder, generation):
                fsync_tree(named)
                fsync_folder(named.parent)

        self._pointer.publish(champion, expected=expected, fence=fence, prepare=prepare)

    @property
    def fence(self) -> int:
        """The highest token claimed or published with; a new lease's token must be above it."""
        return self._pointer.read().fence

    def claim(self, fence: int) -> None:
        """From now on a run whose lease has a lower token cannot publish.

        Raises:
            Conflict: a later lease was claimed.
        """
        self._pointer.claim(fence)

    def _manifest(self, version: str) -> Manifest:
        """A version's manifest.

        Raises:
            UnknownName: no such version; the message offers the nearest.
            Damaged: it is not what was written, or another version's.
        """
        manifest = self._find(version)
        if manifest is None:
            raise UnknownName("version", version, self.ids())
        return manifest

    def _find(self, version: str) -> Manifest | None:
        """A version's manifest, None where no such version is visible."""
        if not is_id(version):
            return None
        where = self._bucket.uri(version_file(version, MANIFEST))
        try:
            found = self._bucket.read_tagged(version_file(version, MANIFEST))
        except OSError as error:
            raise Damaged(f"{where} cannot be read ({error}); make it readable") from error
        if found is None:
            return None
        manifest = parse_manifest(found[0], where)
        if manifest.version != version:
            raise Damaged(f"{where} is of version {manifest.version}; give it its name back")
        return manifest

    def _reader(self, version: str) -> ReadFile:
        def read(name: str, size: int) -> bytes:
            return self._read_file(version, name, max_bytes=size)

        return read

    def _read_file(self, version: str, name: str, *, max_bytes: int | None = None) -> bytes:
        try:
            return self._bucket.read(version_file(version, name), max_bytes=max_bytes)
        except BadMedia as error:
            raise Damaged(f"version {version} is not what was registered: {error}") from error

    def _generation(self, name: str) -> Path:
        known = {one.stem: one for one in self._generations.glob("[!.]*.lance")}
        if name not in known or not any((known[name] / "_versions").glob("*.manifest")):
            raise NotReady(
                f"generation {name!r} is not in {self._generations}; embed the collection first "
                f"with `scrubjay champion set VERSION`"
            )
        return known[name]


def is_id(version: str) -> bool:
    """Whether a name can be a version's: one plain part of a path."""
    return _ID.fullmatch(version) is not None


def version_file(version: str, file: str) -> str:
    """The name of a version's file below the registry."""
    return f"{VERSIONS}/{version}/{file}"
