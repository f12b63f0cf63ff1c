"""One look at a source: opens what is new or changed, remembers the rest."""

from __future__ import annotations

import dataclasses
import re
import threading
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from scrubjay.core.config import MediaLimits, VideoLimits
from scrubjay.core.errors import BadMedia, WrongUse
from scrubjay.core.known import Known
from scrubjay.core.types import Kind
from scrubjay.media.layout import has_media_name
from scrubjay.media.sniff import HEAD_BYTES, claims_media, sniff
from scrubjay.media.video import DEFAULT_LIMITS as DEFAULT_VIDEO
from scrubjay.search.examine import Facts, examine, examine_file
from scrubjay.search.scan import (
    HOME_MARK,
    Names,
    checked_folder,
    folder_names,
    outside_homes,
    unreadable_manifest,
)
from scrubjay.store.bucket import Bucket, is_remote, open_bucket
from scrubjay.store.media import MediaStore
from scrubjay.store.objects import ObjectInfo
from scrubjay.store.sources import Fetched, Seen, SeenSource, object_key

_MD5: Final = re.compile(r'"?[0-9a-f]{32}(?:-[0-9]+)?"?')
"""An ETag that is made of the bytes, so that equal ones name equal bytes."""

ONCE_REFUSED: Final = "a video: only pictures and recordings can be added"
"""Why a home may have set a video aside before videos could be added; it is looked at again."""
HELD_BYTES: Final = 8 * 1024 * 1024
"""A larger video goes through a file instead of through memory."""


def open_source(url: str) -> Bucket:
    """A source by its address: `s3://bucket/prefix`, `file://`, or any path to a folder.

    Raises:
        WrongUse: it is neither, the folder is missing, or a Scrubjay home.
    """
    if is_remote(url):
        return open_bucket(url)
    if url.startswith("file://"):
        return open_bucket(str(checked_folder(Path(open_bucket(url).url))))
    if "://" in url:
        return open_bucket(url)
    return open_bucket(str(checked_folder(Path(url))))


def usable_names(bucket: Bucket, names: Iterable[str]) -> Names:
    """Which of a source's objects may be looked at.

    Raises:
        WrongUse: the source is a Scrubjay home.
    """
    listed = list(names)
    if any(name.startswith(f"{HOME_MARK}/") for name in listed):
        raise WrongUse(f"{bucket.url} is a Scrubjay home; give what its media came from")
    if not is_remote(bucket.url):
        return folder_names(Path(bucket.url), listed)
    usable = outside_homes(listed)
    return Names(tuple(usable), (), len(listed) - len(usable))


class Visit:
    """A source as a scan asks it; reads no media that was seen before and is the same.

    Attributes:
        states: what is now known of every object that was opened or remembered.
        words: the manifests that were read.
        left: objects that were listed and gone when they were asked for.
        fetched_bytes: what travelled, or was read from the disk.
    """

    def __init__(
        self,
        bucket: Bucket,
        listing: Iterable[ObjectInfo],
        seen: SeenSource,
        *,
        media: MediaStore,
        known: Known,
        limits: MediaLimits,
        video: VideoLimits = DEFAULT_VIDEO,
    ) -> None:
        self.name = bucket.url
        self._bucket = bucket
        self._listing = {one.name: one for one in listing}
        self._remote = is_remote(bucket.url)
        self._seen = seen
        self._media = media
        self._kept = media.kept() if self._remote else frozenset()
        self._known = known
        self._limits = limits
        self._video = video
        self._before = {**seen.taken().objects, **seen.fetched()}
        self._by_content = _by_content(self._before.values()) if self._remote else {}
        self._lock = threading.Lock()
        self._record: Fetched | None = None
        self.states: dict[str, Seen] = {}
        self.words: dict[str, tuple[bytes, Seen]] = {}
        self.left: set[str] = set()
        self.fetched_bytes = 0

    def recording(self, record: Fetched) -> None:
        """Write down everything that is fetched from now on."""
        self._record = record

    def names(self) -> Names:
        """What the listing holds that may be looked at."""
        return usable_names(self._bucket, self._listing)

    def uri(self, name: str) -> str:
        """An object's absolute address."""
        return self._bucket.uri(name)

    def manifest(self, name: str) -> bytes:
        """A manifest's bytes: kept ones while they are the same, else read anew."""
        info = self._listing[name]
        state = Seen(info.size, info.etag)
        data = self._seen.words(name, state) if self._remote and info.etag else None
        if data is None:
            try:
                data, at = self._fetch(info)
            except BadMedia as error:
                raise unreadable_manifest(name, error) from error
            state = Seen(at.size, at.etag)
        self.words[name] = (data, state)
        self.states[name] = state
        return data

    def is_media(self, name: str) -> bool:
        """By name; by content where the name says nothing."""
        if has_media_name(name):
            return True
        info = self._listing[name]
        before = self._before.get(object_key(name))
        if before is not None and before.is_of(info):
            self.states[name] = before
            return before.facts is not None or before.reason is not None
        head = self._bucket.peek(name, HEAD_BYTES) if info.size else b""
        with self._lock:
            self.fetched_bytes += len(head)
        return claims_media(head)

    def facts(self, name: str) -> Facts:
        """What an object is: remembered while it is the same, else from its bytes.

        Raises:
            BadMedia: it cannot be used, or is gone.
            MissingExtra: it needs an extra.
            NotReady: the object store does not answer.
        """
        info = self._listing[name]
        before = self._remembered(name, info)
        if before is not None:
            self._note(name, before)
            if before.facts is None:
                raise BadMedia(before.reason or "cannot be used")
            return _facts(before.facts)
        return self._opened(name, info)

    def _remembered(self, name: str, info: ObjectInfo) -> Seen | None:
        before = self._before.get(object_key(name))
        if before is None or not before.is_of(info):
            before = self._by_content.get((info.size, info.etag or ""))
        if before is None:
            return None
        if before.facts is None:
            return None if before.reason in {None, ONCE_REFUSED} else before
        sha256 = str(before.facts["sha256"])
        at_hand = not self._remote or sha256 in self._kept or self._known.why_forgotten(sha256)
        return before if at_hand else None

    def _opened(self, name: str, info: ObjectInfo) -> Facts:
        large = self._is_large_video(name, info)
        most = self._video.max_bytes if large else self._limits.max_bytes
        if info.size > most:
            reason = f"{info.size} bytes, more than {most}"
            self._write_down(name, Seen(info.size, info.etag, None, reason))
            raise BadMedia(reason)
        with ExitStack() as until_kept:
            try:
                held: bytes | Path
                if not large:
                    held, at = self._fetch(info)
                    sha256 = ""
                elif self._remote:
                    held = until_kept.enter_context(self._media.receiving())
                    sha256, at = self._download(info, held)
                else:
                    held, sha256, at = Path(self._bucket.uri(name)), "", info
            except BadMedia:
                if self._bucket.stat(name) is None:
                    with self._lock:
                        self.left.add(name)
                raise
            try:
                if isinstance(held, bytes):
                    facts = examine(held, self._limits, self._video)
                else:
                    facts = examine_file(held, self._limits, self._video, sha256=sha256)
            except BadMedia as error:
                self._write_down(name, Seen(at.size, at.etag, None, error.reason))
                raise
            if self._remote and not self._known.why_forgotten(facts.sha256):
                if isinstance(held, bytes):
                    self._media.put(held)
                else:
                    self._media.keep(held, facts.sha256)
        self._write_down(name, Seen(at.size, at.etag, dataclasses.asdict(facts)))
        return facts

    def _is_large_video(self, name: str, info: ObjectInfo) -> bool:
        """Whether it is a video that had better not be held; only what is large is asked for."""
        if info.size <= HELD_BYTES:
            return False
        return sniff(self._bucket.peek(name, HEAD_BYTES)) is Kind.VIDEO

    def _download(self, info: ObjectInfo, to: Path) -> tuple[str, ObjectInfo]:
        most = self._video.max_bytes
        found = self._bucket.download(info.name, to, max_bytes=most, expected=info)
        with self._lock:
            self.fetched_bytes += found[1].size
        return found

    def _fetch(self, info: ObjectInfo) -> tuple[bytes, ObjectInfo]:
        found = self._bucket.fetch(info.name, max_bytes=self._limits.max_bytes, expected=info)
        with self._lock:
            self.fetched_bytes += len(found[0])
        return found

    def _note(self, name: str, seen: Seen) -> None:
        with self._lock:
            self.states[name] = seen

    def _write_down(self, name: str, seen: Seen) -> None:
        self._note(name, seen)
        if self._record is not None:
            self._record.add(object_key(name), seen)


def _by_content(seen: Iterable[Seen]) -> dict[tuple[int, str], Seen]:
    """Objects by size and ETag, where the ETag is made of the bytes: a renamed one is found."""
    return {
        (one.size, one.etag): one
        for one in seen
        if one.facts is not None and one.etag and _MD5.fullmatch(one.etag)
    }


def _facts(value: Mapping[str, Any]) -> Facts:
    return Facts(**{**value, "kind": Kind(value["kind"])})
