"""The registry: trained versions, each a folder that never changes, and the champion's pointer."""

from __future__ import annotations

import json
import math
import numbers
import re
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrubjay.core.errors import Conflict, Damaged, NotReady, UnknownName, WrongUse
from scrubjay.core.failpoint import failpoint
from scrubjay.core.types import Champion
from scrubjay.store.durable import (
    fsync_folder,
    fsync_tree,
    locked,
    make_folder,
    rename_folder,
    sweep_aside,
    write_durably,
)
from scrubjay.store.manifest import (
    MANIFEST,
    Manifest,
    check_files,
    content_digest,
    read_manifest,
    sealed_files,
)

METRICS = "metrics.json"
CARD = "card.md"
CHAMPION = "champion.json"
SHORT = 7
"""Hex digits of the content's sha256 in an id; more only where two contents share them."""
REGISTER_WAIT_S = 600.0
"""A version's weights may take minutes to write."""
_STAGING = ".staging-"
_RESERVED = frozenset({MANIFEST, METRICS, CARD})


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """A registered version.

    Attributes:
        id: `<month>-<hex of content>`.
        created: when it was registered, UTC.
        lineage: snapshot, configuration, code revision, parent version.
        metrics: as they were handed to `register`.
    """

    id: str
    created: datetime
    lineage: Mapping[str, Any]
    metrics: Mapping[str, Any]


class Registry:
    """`versions/<id>/` and `champion.json` in one folder."""

    def __init__(self, folder: Path, *, generations: Path | None = None) -> None:
        """Name the registry; nothing is created before the first version.

        Args:
            generations: the folder a champion's generation is in; by default `generations`
                beside the registry.
        """
        self._folder = folder
        self._versions = folder / "versions"
        self._generations = generations or folder.with_name("generations")

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
        if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month, re.ASCII) is None:
            raise WrongUse(f"{month!r} is no month; write YYYY-MM")
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
                return self._admit(staging, month, _plain(lineage), _plain(metrics), card)
            finally:
                shutil.rmtree(staging, ignore_errors=True)

    def _admit(self, staging: Path, month: str, lineage: Any, metrics: Any, card: str) -> str:  # noqa: ANN401 - JSON
        built = sealed_files(staging)
        if not built:
            raise WrongUse("nothing was built: a version needs at least its weights")
        if taken := _RESERVED & built.keys() or (
            _RESERVED if (staging / MANIFEST).exists() else ()
        ):
            raise WrongUse(f"{', '.join(sorted(taken))}: the registry writes this file itself")
        version = self._free_id(month, content_digest(built))
        if version is None:
            raise Damaged(f"{self._versions}: folders there are not what their names say")
        if (self._versions / version).exists():
            return version
        (staging / METRICS).write_text(
            json.dumps(metrics, indent=2, sort_keys=True) + "\n", "utf-8"
        )
        (staging / CARD).write_text(_encodable(card), "utf-8")
        created = datetime.now(UTC)
        manifest = Manifest(version, created, sealed_files(staging), lineage)
        (staging / MANIFEST).write_bytes(manifest.to_bytes())
        rename_folder(staging, self._versions / version, point="registry")
        return version

    def _free_id(self, month: str, digest: str) -> str | None:
        """The shortest id that is this content's or nobody's."""
        for digits in range(SHORT, len(digest) + 1):
            version = f"{month}-{digest[:digits]}"
            there = self._versions / version
            if not there.exists() or _built_digest(there) == digest:
                return version
        return None

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
        folder = self._versions / version
        manifest = read_manifest(folder)
        try:
            metrics = json.loads((folder / METRICS).read_bytes())
        except (OSError, ValueError) as error:
            raise Damaged(
                f"{folder / METRICS} cannot be read ({error}); restore it from a backup"
            ) from error
        return VersionInfo(manifest.version, manifest.created, manifest.lineage, metrics)

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

    def champion(self) -> Champion | None:
        """The pair being served, or None when none was published yet.

        Raises:
            Damaged: the pointer cannot be read.
        """
        path = self._folder / CHAMPION
        try:
            written = json.loads(path.read_bytes())
            version, generation = written["version"], written["generation"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._unreadable(error) from error
        if not all(isinstance(name, str) and name for name in (version, generation)):
            raise self._unreadable("it names no version and generation")
        return Champion(version, generation)

    def publish(self, champion: Champion, *, expected: Champion | None) -> None:
        """Serve this pair from now on, if the one served is still the one expected.

        Everything the pointer names is on the disk before the pointer is; readers see the old
        pair or the new one.

        Args:
            expected: the pair seen when the new one was prepared; None when there was none.

        Raises:
            UnknownName: no such version.
            NotReady: no such generation.
            Conflict: another pair is served by now.
        """
        with locked(self._folder / ".champion.lock", "publishing a champion"):
            now = self.champion()
            if now != expected:
                raise Conflict(
                    f"the champion is {_named(now)} by now, not {_named(expected)}; "
                    f"look again and decide anew"
                )
            folder = self.folder(champion.version)
            read_manifest(folder)
            generation = self._generation(champion.generation)
            for named in (folder, generation):
                fsync_tree(named)
                fsync_folder(named.parent)
            sweep_aside(self._folder)
            pointer = {"version": champion.version, "generation": champion.generation}
            write_durably(
                self._folder / CHAMPION,
                (json.dumps(pointer, indent=2) + "\n").encode(),
                point="champion",
            )

    def _generation(self, name: str) -> Path:
        known = {one.stem: one for one in self._generations.glob("[!.]*.lance")}
        if name not in known or not any((known[name] / "_versions").glob("*.manifest")):
            raise NotReady(
                f"generation {name!r} is not in {self._generations}; embed the collection first "
                f"with `scrubjay champion set VERSION`"
            )
        return known[name]

    def _unreadable(self, reason: object) -> Damaged:
        return Damaged(
            f"{self._folder / CHAMPION} cannot be read ({reason}); remove it and run "
            f"`scrubjay champion set VERSION`"
        )


def _named(champion: Champion | None) -> str:
    return f"{champion.version} with {champion.generation}" if champion else "none"


def _built_digest(folder: Path) -> str:
    """The content digest of what was built into a registered version."""
    files = read_manifest(folder).files
    return content_digest({path: seal for path, seal in files.items() if path not in _RESERVED})


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    """JSON values only; what JSON has no word for becomes null, other things their text."""
    if isinstance(value, Mapping):
        return {_encodable(str(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, bool):
        return value
    # NumPy's numbers are of these kinds too.
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value) if math.isfinite(value) else None
    return _encodable(str(value))


def _encodable(text: str) -> str:
    """Text as it is, but for file names that are no text: those are made printable."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
